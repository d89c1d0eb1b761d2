/* Does the inbox file what is right, keep what must wait, and refuse the rest without a trace? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "proto/rows.h"
#include "pserver/inbox.h"

enum { LANES = 2, DEPTH = 2, LANE_ROWS = 4, FACTORS = 3, STRIDE = 8, BODY_BYTES = 512 };

struct parts {
    struct shard *shard;
    struct inbox inbox;
    struct message message;
    struct event event;
    _Alignas(64) unsigned char body[BODY_BYTES];
};

static struct parts *open_parts(void) {
    static struct parts parts;
    struct status status;
    struct shard_spec spec = {.model = {.factors = FACTORS, .has_bias = true},
                              .optimiser = {.kind = OPTIMISER_SGD, .decay = DECAY_TOUCHED},
                              .shards = 1,
                              .users = 5,
                              .movies = 5,
                              .lanes = LANES,
                              .lane_rows = LANE_ROWS};
    memset(&parts, 0, sizeof parts);
    parts.shard = shard_new(&spec, &status);
    assert_non_null(parts.shard);
    assert_true(inbox_init(&parts.inbox, LANES, DEPTH, LANE_ROWS, STRIDE, &status));
    return &parts;
}

static void close_parts(struct parts *parts) {
    shard_free(parts->shard);
    inbox_free(&parts->inbox);
    assert_int_equal(memory_blocks_held(), 0);
}

/* A STEP of lane 1 that pushes user 3, movies 0 and 4, and pulls users 2 and 2 and movie 1. */
static void fill(struct parts *parts) {
    static const uint32_t rows[] = {3, 0, 4, 2, 2, 1};
    memset(parts->body, 0, sizeof parts->body);
    memcpy(parts->body, rows, sizeof rows);
    float *gradients = (float *)(parts->body + 64);
    for (uint32_t i = 0; i < 3 * STRIDE; i++)
        gradients[i] = (float)i;
    parts->message = (struct message){.kind = MESSAGE_STEP,
                                      .step = {.lane = 1,
                                               .pushes = 1,
                                               .push_step = 7,
                                               .push_users = 1,
                                               .push_movies = 2,
                                               .pull_step = 8,
                                               .pull_users = 2,
                                               .pull_movies = 1},
                                      .body = parts->body,
                                      .body_bytes = 64 + 3 * STRIDE * sizeof(float)};
    parts->event = (struct event){.kind = EVENT_MESSAGE, .link = 99, .message = &parts->message};
}

static struct request *accept(struct parts *parts, uint32_t place) {
    struct status status = {STATUS_OK, ""};
    struct request *request = inbox_accept(&parts->inbox, &parts->event, parts->shard, place, &status);
    assert_true(request != NULL || (status.code == STATUS_PROTOCOL && status.text[0] != '\0'));
    return request;
}

static void a_step_is_filed_at_its_place(void **state) {
    struct parts *parts = open_parts();
    (void)state;
    fill(parts);
    struct request *request = accept(parts, 1);
    assert_ptr_equal(request, inbox_request(&parts->inbox, 1, 1));
    assert_true(request->pushes && request->pulls);
    assert_int_equal(request->link, 99);
    assert_int_equal(request->push_step, 7);
    assert_int_equal(request->pull_step, 8);
    assert_int_equal(request->push_count, 3);
    assert_int_equal(request->pull_count, 3);
    const uint32_t pushed[] = {3, 5 + 0, 5 + 4}, pulled[] = {2, 2, 5 + 1};
    assert_memory_equal(request->push_entries, pushed, sizeof pushed);
    assert_memory_equal(request->pull_entries, pulled, sizeof pulled);
    assert_ptr_equal(request->gradients, parts->body + 64);
    close_parts(parts);
}

static void a_request_that_waits_outlives_its_message(void **state) {
    struct parts *parts = open_parts();
    (void)state;
    fill(parts);
    struct request *request = accept(parts, 0);
    inbox_keep(&parts->inbox, request);
    memset(parts->body, 0xEE, sizeof parts->body);
    for (uint32_t i = 0; i < 3 * STRIDE; i++)
        assert_true(request->gradients[i] == (float)i);
    fill(parts);
    struct request *second = accept(parts, 1);
    ((float *)(parts->body + 64))[0] = 1000;
    inbox_keep(&parts->inbox, second);
    assert_true(request->gradients[0] == 0 && second->gradients[0] == 1000);
    close_parts(parts);
}

static void a_place_in_use_is_refused(void **state) {
    struct parts *parts = open_parts();
    (void)state;
    fill(parts);
    struct request *request = accept(parts, 0);
    assert_non_null(request);
    assert_null(accept(parts, 0));
    request->pushes = false;
    assert_null(accept(parts, 0));
    request->pulls = false;
    assert_non_null(accept(parts, 0));
    close_parts(parts);
}

static void refuse_with(void (*spoil)(struct parts *parts)) {
    struct parts *parts = open_parts();
    fill(parts);
    spoil(parts);
    assert_null(accept(parts, 0));
    fill(parts);
    assert_non_null(accept(parts, 0));
    close_parts(parts);
}

static void cut_body(struct parts *parts) {
    parts->message.body_bytes -= 4;
}

static void lose_body(struct parts *parts) {
    parts->message.body_bytes = 0;
    parts->message.body = NULL;
}

static void stretch_body(struct parts *parts) {
    parts->message.body_bytes += 64;
}

static void push_too_many(struct parts *parts) {
    parts->message.step.push_users = LANE_ROWS;
}

static void pull_a_flood(struct parts *parts) {
    parts->message.step.pull_users = ROWS_MAX;
    parts->message.step.pull_movies = ROWS_MAX;
}

static void push_without_saying_so(struct parts *parts) {
    parts->message.step.pushes = 0;
}

static void push_a_row_twice(struct parts *parts) {
    ((uint32_t *)parts->body)[2] = 0;
}

static void push_no_row(struct parts *parts) {
    ((uint32_t *)parts->body)[0] = 5;
}

static void pull_no_row(struct parts *parts) {
    ((uint32_t *)parts->body)[5] = UINT32_MAX;
}

static void a_step_that_is_wrong_leaves_no_trace(void **state) {
    (void)state;
    refuse_with(cut_body);
    refuse_with(lose_body);
    refuse_with(stretch_body);
    refuse_with(push_too_many);
    refuse_with(pull_a_flood);
    refuse_with(push_without_saying_so);
    refuse_with(push_a_row_twice);
    refuse_with(push_no_row);
    refuse_with(pull_no_row);
}

/* Gradients in float16: three rows of words, their shifts, one zero. */
static void a_step_in_sixteen_bits_is_widened_when_it_is_filed(void **state) {
    enum { WORDS_AT = 64, SHIFTS_AT = WORDS_AT + 3 * STRIDE * 2, BYTES = SHIFTS_AT + 4 };
    struct parts *parts = open_parts();
    float gradients[3][STRIDE];
    (void)state;
    parts->inbox.wire = WIRE_FLOAT16;
    for (uint32_t i = 0; i < 3 * STRIDE; i++)
        gradients[i / STRIDE][i % STRIDE] = ldexpf((float)i + 0.125f, (int)(i / STRIDE) * 40 - 60);
    fill(parts);
    assert_null(accept(parts, 0)); /* as many bytes as float32 takes */
    for (size_t bytes = 0; bytes <= BYTES + 64; bytes += 2) {
        fill(parts);
        rows_write((struct rows_shape){WIRE_FLOAT16, STRIDE, 3}, parts->body + WORDS_AT, 0, 3, gradients[0]);
        parts->message.body_bytes = bytes;
        assert_true(bytes == BYTES || accept(parts, 0) == NULL);
    }
    parts->message.body_bytes = BYTES;
    parts->body[SHIFTS_AT + 2] = 127;
    assert_null(accept(parts, 0));
    rows_write((struct rows_shape){WIRE_FLOAT16, STRIDE, 3}, parts->body + WORDS_AT, 0, 3, gradients[0]);
    struct request *request = accept(parts, 0);
    assert_non_null(request);
    memset(parts->body, 0xEE, sizeof parts->body);
    inbox_keep(&parts->inbox, request);
    for (uint32_t i = 0; i < 3 * STRIDE; i++)
        assert_true(request->gradients[i] == gradients[i / STRIDE][i % STRIDE]); /* nine bits */
    close_parts(parts);
}

static void a_step_without_rows_still_counts(void **state) {
    struct parts *parts = open_parts();
    (void)state;
    parts->message = (struct message){.kind = MESSAGE_STEP, .step = {.pushes = 1}};
    parts->event = (struct event){.kind = EVENT_MESSAGE, .message = &parts->message};
    struct request *request = accept(parts, 0);
    assert_non_null(request);
    inbox_keep(&parts->inbox, request);
    assert_true(request->pushes && request->push_count == 0);
    close_parts(parts);
}

/* What is answered from memory is checked like what is filed, and files nothing. */
static void rows_asked_again_are_found(void **state) {
    struct parts *parts = open_parts();
    struct status status;
    const uint32_t pulled[] = {2, 2, 5 + 1};
    (void)state;
    fill(parts);
    const uint32_t *asked = inbox_asked(&parts->inbox, &parts->message, parts->shard, &status);
    assert_non_null(asked);
    assert_memory_equal(asked, pulled, sizeof pulled);
    assert_false(inbox_request(&parts->inbox, 1, 0)->pulls);
    cut_body(parts);
    assert_null(inbox_asked(&parts->inbox, &parts->message, parts->shard, &status));
    fill(parts);
    pull_no_row(parts);
    assert_null(inbox_asked(&parts->inbox, &parts->message, parts->shard, &status));
    fill(parts);
    pull_a_flood(parts);
    assert_null(inbox_asked(&parts->inbox, &parts->message, parts->shard, &status));
    close_parts(parts);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_is_filed_at_its_place),
        cmocka_unit_test(a_request_that_waits_outlives_its_message),
        cmocka_unit_test(a_place_in_use_is_refused),
        cmocka_unit_test(a_step_that_is_wrong_leaves_no_trace),
        cmocka_unit_test(a_step_in_sixteen_bits_is_widened_when_it_is_filed),
        cmocka_unit_test(a_step_without_rows_still_counts),
        cmocka_unit_test(rows_asked_again_are_found),
    };
    return cmocka_run_group_tests_name("unit/inbox", tests, NULL, NULL);
}
