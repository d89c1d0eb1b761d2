/* Texts that grow, and JSON on them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "monitor/json_put.h"

static void check(struct scroll *scroll, const char *expected) {
    assert_false(scroll->failed);
    assert_int_equal(scroll->length, strlen(expected));
    assert_memory_equal(scroll->bytes, expected, scroll->length);
    scroll_free(scroll);
}

static void numbers_are_exact(void **state) {
    struct scroll scroll = {0};
    (void)state;
    scroll_uint(&scroll, 0);
    scroll_put(&scroll, " ", 1);
    scroll_uint(&scroll, UINT64_MAX);
    scroll_text(&scroll, " ");
    scroll_real(&scroll, 0.1, 9);
    scroll_add(&scroll, " %d%%", 7);
    check(&scroll, "0 18446744073709551615 0.1 7%");
}

static void three_digits_are_short(void **state) {
    static const struct {
        float value;
        const char *text;
    } CASES[] = {
        {0, "0"},
        {-0.0f, "0"},
        {7, "7"},
        {12.5f, "12.5"},
        {-0.0123f, "-0.0123"},
        {100, "100"},
        {1000, "1000"},
        {123456, "123000"},
        {999.6f, "1000"},
        {0.9996f, "1"},
        {3.46e6f, "346e4"},
        {3.4e38f, "340e36"},
        {1e-12f, "0"},
        {0.00999f, "999e-5"},
        {1.05f, "1.05"},
        {0.1f, "0.1"},
        {0.0999999f, "0.1"},
        {99.96f, "100"},
        {9.996e-4f, "100e-5"},
        {NAN, "null"},
        {-INFINITY, "null"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct scroll scroll = {0};
        scroll_curve(&scroll, &CASES[i].value, 1, 1);
        check(&scroll, CASES[i].text);
    }
}

/* Over all floats there are, in steps: half a unit of the third digit is at most half a percent. */
static void three_digits_are_near(void **state) {
    (void)state;
    for (uint32_t bits = 0; bits < 0x7F800000u; bits += 4099) {
        float value;
        struct scroll scroll = {0};
        memcpy(&value, &bits, sizeof value);
        scroll_curve(&scroll, &value, 1, 1);
        scroll_put(&scroll, "", 1);
        double back = strtod(scroll.bytes, NULL);
        if (value < 1e-9f)
            assert_true(back == 0);
        else
            assert_true(fabs(back - value) <= 0.005001 * value);
        scroll_free(&scroll);
    }
}

static void a_curve_has_commas_between_its_numbers(void **state) {
    enum { MANY = 1000, STRIDE = 3 };
    static float values[MANY * STRIDE];
    struct scroll scroll = {0};
    (void)state;
    scroll_curve(&scroll, values, 0, 1);
    assert_int_equal(scroll.length, 0);
    for (size_t i = 0; i < MANY; i++)
        values[i * STRIDE] = i % 10 == 9 ? NAN : (float)(i % 10);
    scroll_curve(&scroll, values, 10, STRIDE);
    check(&scroll, "0,1,2,3,4,5,6,7,8,null");
    scroll_curve(&scroll, values, MANY, STRIDE);
    assert_int_equal(scroll.length, MANY / 10 * (9 * 2 + 5) - 1);
    assert_memory_equal(scroll.bytes + scroll.length - 23, ",0,1,2,3,4,5,6,7,8,null", 23);
    scroll_free(&scroll);
}

static void a_lack_of_memory_is_remembered(void **state) {
    struct scroll scroll = {0};
    (void)state;
    scroll_text(&scroll, "first");
    memory_fail_after(1);
    scroll_room(&scroll, 1 << 20);
    assert_true(scroll.failed);
    scroll_text(&scroll, "more");
    scroll_uint(&scroll, 5);
    scroll_curve(&scroll, (const float[]){5}, 1, 1);
    scroll_add(&scroll, "%d", 5);
    json_put_key(&scroll, "key");
    assert_int_equal(scroll.length, 5);
    scroll_free(&scroll);
    memory_fail_after(0);
    assert_int_equal(memory_blocks_held(), 0);
}

static void commas_fall_into_place(void **state) {
    struct scroll scroll = {0};
    (void)state;
    json_put_open(&scroll, '{');
    json_put_key(&scroll, "a");
    json_put_open(&scroll, '[');
    json_put_close(&scroll, ']');
    json_put_key(&scroll, "b");
    json_put_open(&scroll, '[');
    json_put_uint(&scroll, 1);
    json_put_null(&scroll);
    json_put_bool(&scroll, true);
    json_put_real(&scroll, NAN);
    json_put_real(&scroll, 0.5);
    json_put_exact(&scroll, 0.1 + 0.2);
    json_put_open(&scroll, '{');
    json_put_close(&scroll, '}');
    json_put_close(&scroll, ']');
    json_put_key(&scroll, "c");
    json_put_text(&scroll, "[:{,");
    json_put_key(&scroll, "d");
    json_put_text(&scroll, "");
    json_put_close(&scroll, '}');
    check(&scroll,
          "{\"a\":[],\"b\":[1,null,true,null,0.5,0.30000000000000004,{}],\"c\":\"[:{,\",\"d\":\"\"}");
}

/* What jansson reads back. */
static void check_string(const char *bytes, size_t length, const char *expected) {
    struct scroll scroll = {0};
    json_error_t error;
    json_put_open(&scroll, '[');
    json_put_bytes(&scroll, bytes, length);
    json_put_close(&scroll, ']');
    json_t *read = json_loadb(scroll.bytes, scroll.length, JSON_ALLOW_NUL, &error);
    assert_non_null(read);
    assert_string_equal(json_string_value(json_array_get(read, 0)), expected);
    json_decref(read);
    scroll_free(&scroll);
}

static void strings_of_any_bytes_are_valid(void **state) {
    (void)state;
    check_string("plain", 5, "plain");
    check_string("\"q\" \\ \n\t\x01\x7F</script>", 20, "\"q\" \\ \n\t\x01\x7F</script>");
    check_string("Am\xC3\xA9lie \xE2\x82\xAC \xF0\x9F\x8E\xAC", 17,
                 "Am\xC3\xA9lie \xE2\x82\xAC \xF0\x9F\x8E\xAC");
    check_string("\xFF", 1, "\xEF\xBF\xBD");
    check_string("a\xC3", 2, "a\xEF\xBF\xBD");
    check_string("\xC0\x80", 2, "\xEF\xBF\xBD\xEF\xBF\xBD");
    check_string("\xED\xA0\x80", 3, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    check_string("\xF4\x90\x80\x80", 4, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    struct scroll scroll = {0};
    json_put_text(&scroll, "</script>");
    check(&scroll, "\"\\u003c/script>\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(three_digits_are_short),
        cmocka_unit_test(three_digits_are_near),
        cmocka_unit_test(a_curve_has_commas_between_its_numbers),
        cmocka_unit_test(a_lack_of_memory_is_remembered),
        cmocka_unit_test(commas_fall_into_place),
        cmocka_unit_test(strings_of_any_bytes_are_valid),
    };
    return cmocka_run_group_tests_name("monitor_scroll", tests, NULL, NULL);
}
