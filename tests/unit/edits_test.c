/* Distances between words, and from a word to the nearest piece of a text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/edits.h"

static unsigned between(const char *one, const char *other) {
    return edits_between(one, strlen(one), other, strlen(other));
}

static unsigned within(const char *word, const char *text) {
    return edits_within(word, strlen(word), text, strlen(text));
}

static void words_differ_by_inserts_deletes_replacements_and_swaps(void **state) {
    (void)state;
    assert_int_equal(between("learning_rte", "learning_rate"), 1);
    assert_int_equal(between("bacth", "batch"), 1);
    assert_int_equal(between("", "abc"), 3);
    assert_int_equal(between("abc", ""), 3);
    assert_int_equal(between("kitten", "sitting"), 3);
    assert_int_equal(between("same", "same"), 0);
}

static void a_piece_may_lie_anywhere_in_the_text(void **state) {
    (void)state;
    assert_int_equal(within("matrix", "the matrix reloaded"), 0);
    assert_int_equal(within("matirx", "the matrix reloaded"), 1);
    assert_int_equal(within("teh mtrix", "the matrix reloaded"), 2);
    assert_int_equal(within("", "anything"), 0);
    assert_int_equal(within("abc", ""), 3);
    assert_int_equal(within("abc", "xyz"), 3);
}

static void long_words_are_cut(void **state) {
    char word[500], text[500];
    (void)state;
    memset(word, 'a', sizeof word);
    memset(text, 'b', sizeof text);
    assert_int_equal(edits_between(word, sizeof word, text, sizeof text), EDITS_WORD_BYTES);
    assert_int_equal(edits_within(word, sizeof word, text, sizeof text), EDITS_WORD_BYTES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_differ_by_inserts_deletes_replacements_and_swaps),
        cmocka_unit_test(a_piece_may_lie_anywhere_in_the_text),
        cmocka_unit_test(long_words_are_cut),
    };
    return cmocka_run_group_tests_name("core/edits", tests, NULL, NULL);
}
