/* What a container's sections hold: arrays of known length, tables of strings, one JSON text. Used by the
 * readers of packed sets and models. Every function refuses what does not fit with STATUS_BAD_DATA, naming
 * the section. */
#ifndef DATA_SECTIONS_H
#define DATA_SECTIONS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "data/container.h"
#include "data/string_table.h"

/* A section of exactly `count` items of `size` bytes; NULL when it is not. The pointer lives as long as the
 * container. */
const void *sections_array(const struct container *file, const char *name, uint64_t count, size_t size,
                           struct status *status);

/* A section that is a table of `count` strings. */
bool sections_strings(struct string_table *table, const struct container *file, const char *name,
                      uint64_t count, struct status *status);

/* Section meta as a JSON object; the caller gives it back with json_decref. */
json_t *sections_meta(const struct container *file, struct status *status);

/* Writes section meta; takes the reference, and NULL is a failure for want of memory. */
bool sections_write_meta(struct container_writer *writer, json_t *meta, struct status *status);

#endif
