#include "pserver/replies.h"

#include <string.h>

#include "core/contract.h"
#include "core/memory.h"

static uint32_t ring_depth(uint32_t lead) {
    return 2 * (lead + 1);
}

/* A table at most half full. */
static size_t place_count(uint32_t lane_rows) {
    size_t count = 2;
    while (count < 2 * (size_t)lane_rows)
        count *= 2;
    return count;
}

size_t replies_bytes(uint32_t lanes, uint32_t lead, uint32_t lane_rows, uint32_t stride) {
    size_t row = sizeof(uint32_t) + stride * sizeof(float);
    return (size_t)lanes * ring_depth(lead) * (sizeof(struct reply) + lane_rows * row) +
           place_count(lane_rows) * sizeof(uint32_t);
}

bool replies_init(struct replies *replies, uint32_t lanes, uint32_t lead, uint32_t lane_rows, uint32_t stride,
                  struct status *status) {
    size_t count = (size_t)lanes * ring_depth(lead);
    *replies =
        (struct replies){.lanes = lanes, .depth = ring_depth(lead), .lane_rows = lane_rows, .stride = stride};
    replies->place_mask = (uint32_t)(place_count(lane_rows) - 1);
    replies->items = memory_take_array(count, sizeof *replies->items, "answers", status);
    replies->entries = memory_take_array(count * lane_rows, sizeof *replies->entries, "answers", status);
    replies->values = memory_take_array(count * lane_rows, stride * sizeof(float), "answers", status);
    replies->places = memory_take_array(place_count(lane_rows), sizeof *replies->places, "answers", status);
    if (replies->items == NULL || replies->entries == NULL || replies->values == NULL ||
        replies->places == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        replies->items[i].entries = replies->entries + i * lane_rows;
        replies->items[i].values = replies->values + i * lane_rows * stride;
    }
    return true;
}

void replies_free(struct replies *replies) {
    memory_release(replies->items);
    memory_release(replies->entries);
    memory_release(replies->values);
    memory_release(replies->places);
    *replies = (struct replies){0};
}

static struct reply *place_of(const struct replies *replies, uint32_t lane, uint64_t step) {
    return &replies->items[(size_t)lane * replies->depth + step % replies->depth];
}

struct reply *replies_open(struct replies *replies, uint32_t lane, uint64_t step, uint64_t version) {
    struct reply *reply = place_of(replies, lane, step);
    reply->there = true;
    reply->step = step;
    reply->version = version;
    reply->count = 0;
    return reply;
}

float *replies_add(const struct replies *replies, struct reply *reply, const uint32_t *entries,
                   uint32_t count) {
    uint32_t first = reply->count;
    if (count > replies->lane_rows - first)
        return NULL;
    memcpy(reply->entries + first, entries, count * sizeof *entries);
    reply->count += count;
    return reply->values + (size_t)first * replies->stride;
}

struct reply *replies_find(const struct replies *replies, uint32_t lane, uint64_t step) {
    struct reply *reply = place_of(replies, lane, step);
    return reply->there && reply->step == step ? reply : NULL;
}

/* Entries asked for again come in the order they lie in, unless the shard has been restored. */
static bool same_order(const struct reply *reply, const uint32_t *entries, uint32_t count) {
    return count == reply->count && memcmp(entries, reply->entries, count * sizeof *entries) == 0;
}

/* Where the table has an entry's place, or would have it. */
static uint32_t *slot_of(const struct replies *replies, const struct reply *reply, uint32_t entry) {
    uint32_t at = entry * UINT32_C(2654435761) >> 7;
    for (;; at++) {
        uint32_t *place = &replies->places[at & replies->place_mask];
        if (*place == 0 || reply->entries[*place - 1] == entry)
            return place;
    }
}

bool replies_cover(struct replies *replies, const struct reply *reply, const uint32_t *entries,
                   uint32_t count) {
    replies->in_order = same_order(reply, entries, count);
    if (replies->in_order)
        return true;
    memset(replies->places, 0, ((size_t)replies->place_mask + 1) * sizeof *replies->places);
    for (uint32_t i = 0; i < reply->count; i++)
        *slot_of(replies, reply, reply->entries[i]) = i + 1;
    for (uint32_t i = 0; i < count; i++)
        if (*slot_of(replies, reply, entries[i]) == 0)
            return false;
    return true;
}

const float *replies_row(const struct replies *replies, const struct reply *reply, const uint32_t *entries,
                         uint32_t i) {
    size_t stride = replies->stride;
    if (replies->in_order)
        return reply->values + i * stride;
    uint32_t place = *slot_of(replies, reply, entries[i]);
    REQUIRE(place != 0, "an entry copied has been found");
    return reply->values + (place - 1) * stride;
}
