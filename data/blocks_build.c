#include "core/contract.h"
#include "core/memory.h"
#include "data/blocks.h"
#include "data/blocks_writer.h"
#include "data/value_table.h"

/* A rating of a part while the part is collected, and how many bytes of them at a time. */
enum { COLLECTED_BYTES = 5, MEMORY_BYTES = 1 << 30 };

/* One pass over the set collects the ratings of the parts [first, end), user by user in the order of places:
 * the counts of the set say where each user's begin. */
struct build {
    const struct packed_set *set;
    struct blocks_side parts, strata;
    struct value_table values;
    uint32_t first, end;
    uint64_t *next; /* per place: where the user's next rating goes, from the first part of the pass on */
    uint32_t *movies;
    uint8_t *codes;
    uint64_t capacity;
    uint32_t *ends; /* of the users of one part */
    struct part_blocks blocks;
};

static bool collect_values(struct build *build, struct status *status) {
    uint32_t code;
    for (uint64_t i = 0; i < build->set->train_count; i++)
        if (!value_table_code(&build->values, build->set->train[i].value, &code))
            return status_fail(
                status, STATUS_BAD_DATA,
                "the training ratings have more than %d different values: blocks hold one byte "
                "for each",
                VALUE_TABLE_MAX);
    value_table_sort(&build->values);
    return true;
}

static uint64_t ratings_of_part(const struct build *build, uint32_t part) {
    uint64_t ratings = 0;
    for (uint32_t place = build->parts.starts[part]; place < build->parts.starts[part + 1]; place++)
        ratings += build->set->user_counts[build->parts.row_at[place]];
    return ratings;
}

/* The parts of the next pass: as many as fit, at least one. */
static bool plan_pass(struct build *build, uint64_t memory_bytes, struct status *status) {
    uint64_t total = 0;
    build->first = build->end;
    while (build->end < build->parts.sides) {
        uint64_t more = ratings_of_part(build, build->end);
        if (more > UINT32_MAX)
            return status_fail(status, STATUS_BAD_DATA,
                               "part %u would have more than %u ratings: more parts "
                               "are needed",
                               build->end, UINT32_MAX);
        if (build->end > build->first && (total + more) * COLLECTED_BYTES > memory_bytes)
            break;
        total += more;
        build->end++;
    }
    if (total <= build->capacity)
        return true;
    memory_release(build->movies);
    memory_release(build->codes);
    build->capacity = 0;
    build->codes = NULL;
    build->movies = memory_take_array(total, sizeof *build->movies, "ratings of parts", status);
    if (build->movies != NULL)
        build->codes = memory_take(total, "ratings of parts", status);
    build->capacity = build->codes == NULL ? 0 : total;
    return build->codes != NULL;
}

/* False when the set's counts and its ratings tell different stories. */
static bool collect(struct build *build) {
    const struct packed_set *set = build->set;
    const uint32_t *starts = build->parts.starts;
    uint64_t begin = 0;
    for (uint32_t place = starts[build->first]; place < starts[build->end]; place++) {
        build->next[place] = begin;
        begin += set->user_counts[build->parts.row_at[place]];
    }
    for (uint64_t i = 0; i < set->train_count; i++) {
        uint32_t side_place = build->parts.side_place[set->train[i].user], part = side_place >> 16, code;
        if (part < build->first || part >= build->end)
            continue;
        uint64_t to = build->next[starts[part] + (side_place & 0xffff)]++;
        value_table_code(&build->values, set->train[i].value, &code);
        if (to >= begin)
            return false;
        build->movies[to] = build->strata.side_place[set->train[i].movie];
        build->codes[to] = (uint8_t)code;
    }
    return true;
}

/* Parts of the pass to the file, in their order. */
static bool write_pass(struct build *build, struct blocks_writer *writer, struct status *status) {
    uint64_t begin = 0;
    for (uint32_t part = build->first; part < build->end; part++) {
        uint32_t users = build->parts.starts[part + 1] - build->parts.starts[part];
        const uint64_t *next = build->next + build->parts.starts[part];
        uint64_t expected = begin;
        for (uint32_t user = 0; user < users; user++) {
            expected += build->set->user_counts[build->parts.row_at[build->parts.starts[part] + user]];
            if (next[user] != expected)
                return status_fail(status, STATUS_BAD_DATA,
                                   "the counts of users are not those of the training ratings");
            build->ends[user] = (uint32_t)(expected - begin);
        }
        struct part_ratings ratings = {(uint32_t)(expected - begin), build->ends, build->movies + begin,
                                       build->codes + begin};
        if (!part_blocks_arrange(&build->blocks, &ratings, users, build->strata.sides, status) ||
            !blocks_writer_part(writer, &build->blocks, status))
            return false;
        begin = expected;
    }
    return true;
}

static bool write_blocks(struct build *build, const char *folder, uint64_t memory_bytes,
                         struct status *status) {
    struct blocks_writer *writer = blocks_writer_begin(folder, &build->parts, &build->strata, status);
    bool done = writer != NULL;
    while (done && build->end < build->parts.sides) {
        done = plan_pass(build, memory_bytes, status);
        if (done && !collect(build))
            done = status_fail(status, STATUS_BAD_DATA,
                               "the counts of users are not those of the training ratings");
        done = done && write_pass(build, writer, status);
    }
    if (done)
        return blocks_writer_commit(writer, build->values.values, build->values.count, build->set->digest,
                                    status);
    blocks_writer_abandon(writer);
    return false;
}

static bool prepare(struct build *build, struct blocks_shape shape, struct status *status) {
    const struct packed_set *set = build->set;
    if (!collect_values(build, status) ||
        !blocks_side_deal(&build->parts, "parts", shape.parts, set->user_counts, set->users, status) ||
        !blocks_side_deal(&build->strata, "strata", shape.strata, set->movie_counts, set->movies, status))
        return false;
    build->next = memory_take_array(set->users, sizeof *build->next, "places of users", status);
    if (build->next == NULL)
        return false;
    build->ends = memory_take_array(BLOCKS_SIDE_ROWS_MAX, sizeof *build->ends, "places of users", status);
    return build->ends != NULL;
}

bool blocks_build(const struct packed_set *set, const char *folder, struct blocks_shape shape,
                  uint64_t memory_bytes, struct status *status) {
    struct build build = {.set = set};
    REQUIRE(!set->is_in_blocks, "blocks are built from a set with its training ratings");
    bool done = prepare(&build, shape, status) && write_blocks(&build, folder, memory_bytes, status);
    blocks_side_clear(&build.parts);
    blocks_side_clear(&build.strata);
    memory_release(build.next);
    memory_release(build.movies);
    memory_release(build.codes);
    memory_release(build.ends);
    part_blocks_clear(&build.blocks);
    return done;
}

bool blocks_build_beside(const char *folder, struct blocks_shape shape, struct status *status) {
    struct packed_set set;
    if (!packed_set_open(&set, folder, status))
        return false;
    if (shape.parts == 0)
        shape = blocks_shape_for(set.users, set.movies, set.train_count);
    bool done = blocks_build(&set, folder, shape, MEMORY_BYTES, status);
    packed_set_close(&set);
    return done;
}
