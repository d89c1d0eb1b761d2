/* Replays the corpus of tests/fuzz/rows_fuzz.c without a fuzzer, with mutations, and every shift that a byte can be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>

#include "replay.h"
#include "tests/fuzz/rows_fuzz.c"

static void the_corpus_hurts_nobody(void **state) {
    char path[1024];
    int count = 0;
    (void)state;
    DIR *folder = opendir(TESTS_DIR "/fuzz/corpus/rows");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/fuzz/corpus/rows/%s", TESTS_DIR, entry->d_name);
        replay_file(path, LLVMFuzzerTestOneInput);
        count++;
    }
    closedir(folder);
    assert_true(count >= 6);
}

/* One row of eight words of float16, its shift, three zeros. */
static void no_shift_hurts(void **state) {
    (void)state;
    for (unsigned word = 0; word < 1u << 16; word += 97)
        for (unsigned shift = 0; shift < 256; shift++) {
            uint8_t bytes[3 + 20] = {WIRE_FLOAT16, 0, 1};
            for (int i = 0; i < 16; i += 2) {
                bytes[3 + i] = (uint8_t)(word + (unsigned)i);
                bytes[4 + i] = (uint8_t)(word >> 8);
            }
            bytes[3 + 16] = (uint8_t)shift;
            LLVMFuzzerTestOneInput(bytes, sizeof bytes);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_corpus_hurts_nobody),
                                       cmocka_unit_test(no_shift_hurts)};
    return cmocka_run_group_tests_name("rows fuzz corpus", tests, NULL, NULL);
}
