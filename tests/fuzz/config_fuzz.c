/* Can any bytes hurt the configuration's reader, and does what it accepts survive being printed and read
 * again? Bytes before the first zero byte are a file, those behind it a --set. For libFuzzer: clang
 * -fsanitize=fuzzer,address,undefined ... tests/fuzz/config_fuzz.c */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/loader.h"
#include "config/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static bool load(struct config *config, const char *text, size_t length, const char *set) {
    static char *environment[] = {"NAME=value", "EMPTY=", NULL};
    struct config_report report;
    struct status status = {STATUS_OK, ""};
    struct config_layers layers = {.name = "fuzz.yaml",
                                   .text = text,
                                   .length = length,
                                   .folder = "/folder",
                                   .working_folder = "/working",
                                   .environment = environment,
                                   .sets = &set,
                                   .set_count = set != NULL};
    bool is_good = config_load_layers(config, &layers, &report, &status);
    config_report_release(&report);
    return is_good;
}

static void expect_the_same_again(const struct config *config) {
    struct config again;
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (stream == NULL)
        return;
    config_print(config, stream, NULL);
    fclose(stream);
    if (!load(&again, text, size, NULL) || memcmp(config, &again, sizeof again) != 0)
        abort();
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    struct config config;
    char *text = malloc(length + 1);
    if (text == NULL)
        return 0;
    memcpy(text, bytes, length);
    text[length] = '\0';
    size_t file_length = strnlen(text, length);
    const char *set = file_length < length ? text + file_length + 1 : NULL;
    if (load(&config, text, file_length, set))
        expect_the_same_again(&config);
    free(text);
    return 0;
}
