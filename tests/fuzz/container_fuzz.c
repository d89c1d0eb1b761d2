/* Can any bytes hurt the readers of packed sets and models? Bytes that a fuzzer makes up never match a
 * checksum, so the checksums are set right before the file is opened: what lies behind them is reached too.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "data/model_file.h"
#include "data/packed_set.h"
#include "tests/fuzz/checksums.h"

enum { FUZZ_BYTES_MAX = 1 << 16 };

int container_fuzz(const uint8_t *bytes, size_t length);

static void open_both(const char *path) {
    struct status status;
    struct packed_set set;
    struct model_file model;
    if (packed_set_open(&set, path, &status))
        packed_set_close(&set);
    if (model_file_open(&model, path, &status))
        model_file_close(&model);
}

int container_fuzz(const uint8_t *bytes, size_t length) {
    static uint8_t copy[FUZZ_BYTES_MAX];
    char path[64];
    int file = memfd_create("container", MFD_CLOEXEC);
    if (file < 0 || length > sizeof copy) {
        close(file);
        return 0;
    }
    memcpy(copy, bytes, length);
    checksums_set(copy, length);
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    if (write(file, copy, length) == (ssize_t)length)
        open_both(path);
    close(file);
    return 0;
}

#ifndef FUZZ_REPLAY
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    return container_fuzz(bytes, length);
}
#endif
