/* Replays the corpus of tests/fuzz/config_fuzz.c without a fuzzer, and each of its files with one byte
 * changed. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>

#include "tests/fuzz/config_fuzz.c"

enum { INPUT_BYTES = 8192 };

static size_t read_input(const char *name, uint8_t bytes[INPUT_BYTES]) {
    char path[1024];
    snprintf(path, sizeof path, "%s/fuzz/corpus/config/%s", TESTS_DIR, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t length = fread(bytes, 1, INPUT_BYTES, file);
    fclose(file);
    return length;
}

static void replay(const char *name) {
    static const uint8_t changes[] = {0x00, 0x01, 0x02, 0x10, 0x20, 0x80};
    uint8_t bytes[INPUT_BYTES];
    size_t length = read_input(name, bytes);
    LLVMFuzzerTestOneInput(bytes, length);
    for (size_t at = 0; at < length; at++) {
        uint8_t change = changes[at % sizeof changes];
        bytes[at] ^= change;
        LLVMFuzzerTestOneInput(bytes, length);
        LLVMFuzzerTestOneInput(bytes, at);
        bytes[at] ^= change;
    }
}

static void test_corpus(void **state) {
    size_t count = 0;
    (void)state;
    DIR *folder = opendir(TESTS_DIR "/fuzz/corpus/config");
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.') {
            replay(entry->d_name);
            count++;
        }
    closedir(folder);
    assert_true(count >= 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_corpus)};
    return cmocka_run_group_tests_name("config fuzz corpus", tests, NULL, NULL);
}
