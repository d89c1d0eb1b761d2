/* Who has connected to us: ZeroMQ's routing ids <-> link numbers.
 *
 * A ROUTER socket gives every connection a routing id of five bytes, a zero and a 32-bit number; an engine
 * knows links from LINK_INCOMING on. A link number is given at a connection's first good message and never
 * again, so neither garbage nor a port scanner fills the table. Both directions are sorted arrays: a run has
 * tens of links, and looking one up happens far more often than a join. */
#ifndef NET_LINK_TABLE_H
#define NET_LINK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "proto/event.h"

enum { LINK_TABLE_MAX = 1 << 16 };

struct incoming_link {
    link_id link;
    uint32_t routing; /* the number in the routing id */
    bool stalled;     /* its queue was full at the last attempt to send */
};

struct link_table;

/* An empty table. NULL and STATUS_NO_MEMORY when there is no memory. */
struct link_table *link_table_new(struct status *status);

/* The link of a routing number; NULL when it has none. Valid until the next add or remove. */
struct incoming_link *link_table_by_routing(struct link_table *table, uint32_t routing);

/* The link of a number; NULL when it is gone or never was. Valid until the next add or remove. */
struct incoming_link *link_table_by_link(struct link_table *table, link_id link);

/* Gives the next number to a routing number that has none. NULL with STATUS_UNAVAILABLE when LINK_TABLE_MAX
 * links are there or all numbers have been given, with STATUS_NO_MEMORY when there is no memory. */
struct incoming_link *link_table_add(struct link_table *table, uint32_t routing, struct status *status);

/* Forgets a link whose peer has vanished. Its number is not used again. */
void link_table_remove(struct link_table *table, link_id link);

size_t link_table_count(const struct link_table *table);

void link_table_free(struct link_table *table);

#endif
