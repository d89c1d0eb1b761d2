/* What a search tries: options, and for each a list of values or a range. From it comes the text "section.option=value" of every
 * axis of a trial, as --set takes it; whether an option exists and takes such a value is the loader's to say. */
#ifndef CONFIG_SEARCH_SPACE_H
#define CONFIG_SEARCH_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

enum { SEARCH_AXES_MAX = 16, SEARCH_VALUES_MAX = 64, SEARCH_NAME_BYTES = 80, SEARCH_TEXT_BYTES = 256 };

struct search_axis {
    char option[SEARCH_NAME_BYTES]; /* "train.learning_rate" */
    uint32_t count;                 /* of values; 0: a range */
    char values[SEARCH_VALUES_MAX][SEARCH_TEXT_BYTES - SEARCH_NAME_BYTES];
    double low, high;
    bool is_log, is_whole; /* a range: even in the logarithm; of a whole number */
};

struct search_space {
    uint32_t count;
    struct search_axis axes[SEARCH_AXES_MAX];
};

/* Adds an axis: "train.learning_rate=0.003,0.01" (commas within brackets do not part: "model.y_range=[0.5, 5],none"), or
 * "train.learning_rate=1e-3..1e-1" with ":log" behind it or not. STATUS_USAGE with a sentence: no such form, an option
 * named twice, too many axes or values, a range that is empty, or a logarithmic one that reaches 0. */
bool search_space_list(struct search_space *space, const char *text, struct status *status);
bool search_space_range(struct search_space *space, const char *text, struct status *status);

/* The trials of a grid: the product of its lists, at most 2^32; 0 when an axis is a range. The last axis changes fastest. */
uint64_t search_space_trials(const struct search_space *space);
void search_space_grid(const struct search_space *space, uint64_t trial, uint32_t axis,
                       char text[SEARCH_TEXT_BYTES]);

/* A random trial: even in every axis, a function of seed, trial and axis alone. Reals have four significant digits. */
void search_space_draw(const struct search_space *space, uint64_t seed, uint64_t trial, uint32_t axis,
                       char text[SEARCH_TEXT_BYTES]);

#endif
