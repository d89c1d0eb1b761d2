/* Replays the corpus of tests/fuzz/message_fuzz.c without a fuzzer: each file as it is, cut at every length, and with
 * every byte changed in several ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>

#include "tests/fuzz/message_fuzz.c"

enum { INPUT_BYTES = 4096 };

static size_t read_input(const char *name, uint8_t bytes[INPUT_BYTES]) {
    char path[1024];
    snprintf(path, sizeof path, "%s/fuzz/corpus/message/%s", TESTS_DIR, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t length = fread(bytes, 1, INPUT_BYTES, file);
    fclose(file);
    return length;
}

static void replay(const char *name) {
    uint8_t bytes[INPUT_BYTES];
    size_t length = read_input(name, bytes);
    LLVMFuzzerTestOneInput(bytes, length);
    for (size_t at = 0; at < length; at++) {
        LLVMFuzzerTestOneInput(bytes, at);
        for (unsigned change = 1; change < 256; change += 1 + at / 8) {
            bytes[at] ^= (uint8_t)change;
            LLVMFuzzerTestOneInput(bytes, length);
            bytes[at] ^= (uint8_t)change;
        }
    }
}

static void the_corpus_hurts_nobody(void **state) {
    size_t count = 0;
    (void)state;
    DIR *folder = opendir(TESTS_DIR "/fuzz/corpus/message");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.') {
            replay(entry->d_name);
            count++;
        }
    closedir(folder);
    assert_true(count >= MESSAGE_KINDS - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_corpus_hurts_nobody)};
    return cmocka_run_group_tests_name("message fuzz corpus", tests, NULL, NULL);
}
