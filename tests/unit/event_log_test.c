/* Lines of the logs, in both formats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/event_log.h"

/* What is written of a sentence; the caller's to free. */
static char *written(enum log_format format, const char *sentence) {
    char *bytes;
    size_t length;
    struct event_log log = {open_memstream(&bytes, &length), format, "worker"};
    assert_non_null(log.file);
    event_log_line(&log, sentence);
    fclose(log.file);
    assert_true(length > 0 && bytes[length - 1] == '\n');
    assert_ptr_equal(strchr(bytes, '\n'), bytes + length - 1);
    return bytes;
}

static json_t *as_json(const char *sentence) {
    char *bytes = written(LOG_JSON, sentence);
    json_t *object = json_loads(bytes, JSON_REJECT_DUPLICATES, NULL);
    free(bytes);
    assert_non_null(object);
    assert_string_equal(json_string_value(json_object_get(object, "process")), "worker");
    return object;
}

static void logfmt_has_the_time_in_front(void **state) {
    char *bytes = written(LOG_LOGFMT, "event=lost role=worker index=2 reason=\"silent\"");
    (void)state;
    assert_int_equal(strncmp(bytes, "time=2", 6), 0);
    assert_non_null(strstr(bytes, "Z event=lost role=worker index=2 reason=\"silent\"\n"));
    free(bytes);
}

static void pairs_become_members(void **state) {
    json_t *object = as_json(
        "event=lost role=worker index=2 seconds=0.250 share=1/16 id=007 n=1e5 reason=\"it said \"no\"\"");
    (void)state;
    assert_string_equal(json_string_value(json_object_get(object, "event")), "lost");
    assert_int_equal(json_integer_value(json_object_get(object, "index")), 2);
    assert_true(json_real_value(json_object_get(object, "seconds")) == 0.25);
    assert_string_equal(json_string_value(json_object_get(object, "share")), "1/16");
    assert_string_equal(json_string_value(json_object_get(object, "id")), "007");
    assert_string_equal(json_string_value(json_object_get(object, "n")), "1e5");
    assert_string_equal(json_string_value(json_object_get(object, "reason")), "it said \"no\"");
    json_decref(object);
}

static void anything_makes_a_line_of_json(void **state) {
    static const char *const SENTENCES[] = {
        "",           "a sentence", "event",         "event=",
        "=x",         "a=\"b",      "event=x rest",  "\xff=1",
        "a=\xff\x80", "k=\"\x01\"", "event=x Key=1", "a=1. b=.5 c=- d=1.5.2"};
    (void)state;
    for (size_t i = 0; i < sizeof SENTENCES / sizeof SENTENCES[0]; i++)
        json_decref(as_json(SENTENCES[i]));
    json_t *object = as_json("event=x and more");
    assert_string_equal(json_string_value(json_object_get(object, "text")), "and more");
    json_decref(object);
}

static void no_file_is_no_harm(void **state) {
    struct event_log log = {NULL, LOG_JSON, "worker"};
    (void)state;
    event_log_line(&log, "event=x");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logfmt_has_the_time_in_front),
        cmocka_unit_test(pairs_become_members),
        cmocka_unit_test(anything_makes_a_line_of_json),
        cmocka_unit_test(no_file_is_no_harm),
    };
    return cmocka_run_group_tests_name("event_log", tests, NULL, NULL);
}
