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

static void check(struct sheet *sheet, const char *expected) {
    assert_false(sheet->failed);
    assert_int_equal(sheet->length, strlen(expected));
    assert_memory_equal(sheet->bytes, expected, sheet->length);
    sheet_free(sheet);
}

static void numbers_are_exact(void **state) {
    struct sheet sheet = {0};
    (void)state;
    sheet_uint(&sheet, 0);
    sheet_put(&sheet, " ", 1);
    sheet_uint(&sheet, UINT64_MAX);
    sheet_text(&sheet, " ");
    sheet_real(&sheet, 0.1, 9);
    sheet_add(&sheet, " %d%%", 7);
    check(&sheet, "0 18446744073709551615 0.1 7%");
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
        struct sheet sheet = {0};
        sheet_curve(&sheet, &CASES[i].value, 1, 1);
        check(&sheet, CASES[i].text);
    }
}

/* Over all floats there are, in steps: half a unit of the third digit is at most half a percent. */
static void three_digits_are_near(void **state) {
    (void)state;
    for (uint32_t bits = 0; bits < 0x7F800000u; bits += 4099) {
        float value;
        struct sheet sheet = {0};
        memcpy(&value, &bits, sizeof value);
        sheet_curve(&sheet, &value, 1, 1);
        sheet_put(&sheet, "", 1);
        double back = strtod(sheet.bytes, NULL);
        if (value < 1e-9f)
            assert_true(back == 0);
        else
            assert_true(fabs(back - value) <= 0.005001 * value);
        sheet_free(&sheet);
    }
}

static void a_curve_has_commas_between_its_numbers(void **state) {
    enum { MANY = 1000, STRIDE = 3 };
    static float values[MANY * STRIDE];
    struct sheet sheet = {0};
    (void)state;
    sheet_curve(&sheet, values, 0, 1);
    assert_int_equal(sheet.length, 0);
    for (size_t i = 0; i < MANY; i++)
        values[i * STRIDE] = i % 10 == 9 ? NAN : (float)(i % 10);
    sheet_curve(&sheet, values, 10, STRIDE);
    check(&sheet, "0,1,2,3,4,5,6,7,8,null");
    sheet_curve(&sheet, values, MANY, STRIDE);
    assert_int_equal(sheet.length, MANY / 10 * (9 * 2 + 5) - 1);
    assert_memory_equal(sheet.bytes + sheet.length - 23, ",0,1,2,3,4,5,6,7,8,null", 23);
    sheet_free(&sheet);
}

static void a_lack_of_memory_is_remembered(void **state) {
    struct sheet sheet = {0};
    (void)state;
    sheet_text(&sheet, "first");
    memory_fail_after(1);
    sheet_room(&sheet, 1 << 20);
    assert_true(sheet.failed);
    sheet_text(&sheet, "more");
    sheet_uint(&sheet, 5);
    sheet_curve(&sheet, (const float[]){5}, 1, 1);
    sheet_add(&sheet, "%d", 5);
    json_put_key(&sheet, "key");
    assert_int_equal(sheet.length, 5);
    sheet_free(&sheet);
    memory_fail_after(0);
    assert_int_equal(memory_blocks_held(), 0);
}

static void commas_fall_into_place(void **state) {
    struct sheet sheet = {0};
    (void)state;
    json_put_open(&sheet, '{');
    json_put_key(&sheet, "a");
    json_put_open(&sheet, '[');
    json_put_close(&sheet, ']');
    json_put_key(&sheet, "b");
    json_put_open(&sheet, '[');
    json_put_uint(&sheet, 1);
    json_put_null(&sheet);
    json_put_bool(&sheet, true);
    json_put_real(&sheet, NAN);
    json_put_real(&sheet, 0.5);
    json_put_exact(&sheet, 0.1 + 0.2);
    json_put_open(&sheet, '{');
    json_put_close(&sheet, '}');
    json_put_close(&sheet, ']');
    json_put_key(&sheet, "c");
    json_put_text(&sheet, "[:{,");
    json_put_key(&sheet, "d");
    json_put_text(&sheet, "");
    json_put_close(&sheet, '}');
    check(&sheet, "{\"a\":[],\"b\":[1,null,true,null,0.5,0.30000000000000004,{}],\"c\":\"[:{,\",\"d\":\"\"}");
}

/* What jansson reads back. */
static void check_string(const char *bytes, size_t length, const char *expected) {
    struct sheet sheet = {0};
    json_error_t error;
    json_put_open(&sheet, '[');
    json_put_bytes(&sheet, bytes, length);
    json_put_close(&sheet, ']');
    json_t *read = json_loadb(sheet.bytes, sheet.length, JSON_ALLOW_NUL, &error);
    assert_non_null(read);
    assert_string_equal(json_string_value(json_array_get(read, 0)), expected);
    json_decref(read);
    sheet_free(&sheet);
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
    struct sheet sheet = {0};
    json_put_text(&sheet, "</script>");
    check(&sheet, "\"\\u003c/script>\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_exact),      cmocka_unit_test(three_digits_are_short),
        cmocka_unit_test(three_digits_are_near),
        cmocka_unit_test(a_curve_has_commas_between_its_numbers),  cmocka_unit_test(a_lack_of_memory_is_remembered),
        cmocka_unit_test(commas_fall_into_place), cmocka_unit_test(strings_of_any_bytes_are_valid),
    };
    return cmocka_run_group_tests_name("monitor_sheet", tests, NULL, NULL);
}
