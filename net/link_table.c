#include "net/link_table.h"

#include <string.h>

#include "core/contract.h"
#include "core/memory.h"

struct link_table {
    struct incoming_link *links; /* ascending by link, as they were given */
    uint32_t *by_routing;        /* routing numbers, ascending */
    link_id *link_of;            /* the link of by_routing[i] */
    size_t count, links_capacity, by_routing_capacity, link_of_capacity;
    uint32_t given;
};

struct link_table *link_table_new(struct status *status) {
    return memory_take(sizeof(struct link_table), "the table of links", status);
}

size_t link_table_count(const struct link_table *table) {
    return table->count;
}

/* The first place whose routing number is not below the one given. */
static size_t routing_place(const struct link_table *table, uint32_t routing) {
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (table->by_routing[middle] < routing)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct incoming_link *link_table_by_link(struct link_table *table, link_id link) {
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (table->links[middle].link < link)
            low = middle + 1;
        else
            high = middle;
    }
    return low < table->count && table->links[low].link == link ? &table->links[low] : NULL;
}

struct incoming_link *link_table_by_routing(struct link_table *table, uint32_t routing) {
    size_t place = routing_place(table, routing);
    if (place == table->count || table->by_routing[place] != routing)
        return NULL;
    return link_table_by_link(table, table->link_of[place]);
}

static bool make_room(struct link_table *table, struct status *status) {
    size_t needed = table->count + 1;
    return memory_grow((void **)&table->links, &table->links_capacity, needed, sizeof *table->links,
                       "the table of links", status) &&
           memory_grow((void **)&table->by_routing, &table->by_routing_capacity, needed,
                       sizeof *table->by_routing, "the table of links", status) &&
           memory_grow((void **)&table->link_of, &table->link_of_capacity, needed, sizeof *table->link_of,
                       "the table of links", status);
}

struct incoming_link *link_table_add(struct link_table *table, uint32_t routing, struct status *status) {
    size_t place = routing_place(table, routing), behind = table->count - place;
    REQUIRE(behind == 0 || table->by_routing[place] != routing, "a connection has one link");
    if (table->count == LINK_TABLE_MAX || table->given > UINT32_MAX - LINK_INCOMING - 1) {
        status_fail(status, STATUS_UNAVAILABLE, "no more than %d connections are served", LINK_TABLE_MAX);
        return NULL;
    }
    if (!make_room(table, status))
        return NULL;
    link_id link = LINK_INCOMING + table->given++;
    memmove(table->by_routing + place + 1, table->by_routing + place, behind * sizeof *table->by_routing);
    memmove(table->link_of + place + 1, table->link_of + place, behind * sizeof *table->link_of);
    table->by_routing[place] = routing;
    table->link_of[place] = link;
    struct incoming_link *added = &table->links[table->count++];
    *added = (struct incoming_link){.link = link, .routing = routing};
    return added;
}

void link_table_remove(struct link_table *table, link_id link) {
    struct incoming_link *gone = link_table_by_link(table, link);
    if (gone == NULL)
        return;
    size_t place = routing_place(table, gone->routing), behind = table->count - place - 1;
    memmove(table->by_routing + place, table->by_routing + place + 1, behind * sizeof *table->by_routing);
    memmove(table->link_of + place, table->link_of + place + 1, behind * sizeof *table->link_of);
    size_t after = table->count - (size_t)(gone - table->links) - 1;
    memmove(gone, gone + 1, after * sizeof *gone);
    table->count--;
}

void link_table_free(struct link_table *table) {
    if (table == NULL)
        return;
    memory_release(table->links);
    memory_release(table->by_routing);
    memory_release(table->link_of);
    memory_release(table);
}
