/* Can any bytes hurt the reader of a checkpoint's manifest? They are read as they are, and once more as the position of a
 * manifest whose hash is right. */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "data/manifest.h"
#include "tests/fuzz/memory_file.h"

enum { MANIFEST_LANES_MAX = 3 };

int manifest_fuzz(const uint8_t *bytes, size_t length);

static struct memory_file manifest_file;

static void read_manifest(const char *text, size_t length) {
    struct status status;
    /* Blocks of their own, so that a sanitizer sees who steps over their ends. */
    double *squared = malloc(MANIFEST_LANES_MAX * sizeof *squared);
    uint64_t *counts = malloc(MANIFEST_LANES_MAX * sizeof *counts);
    struct run_position position = {.lane_squared = squared, .lane_counts = counts};
    memory_file_fill(&manifest_file, text, length);
    json_t *manifest = manifest_read(manifest_file.path, &status);
    if (manifest != NULL && manifest_position(manifest, &position, MANIFEST_LANES_MAX, &status) &&
        (position.lanes > MANIFEST_LANES_MAX || position.shards == 0))
        abort();
    json_decref(manifest);
    free(squared);
    free(counts);
}

/* {"hash": <right>, "position": <the text>}, when the text is JSON; the caller frees it. */
static char *wrap(const uint8_t *bytes, size_t length) {
    char hash[17], *text = NULL;
    json_t *position = json_loadb((const char *)bytes, length, JSON_REJECT_DUPLICATES, NULL);
    char *dump = position == NULL ? NULL : json_dumps(position, JSON_COMPACT | JSON_SORT_KEYS);
    if (dump != NULL) {
        snprintf(hash, sizeof hash, "%016" PRIx64, hash_bytes(dump, strlen(dump), 0));
        json_t *root = json_pack("{s:s, s:O}", "hash", hash, "position", position);
        text = json_dumps(root, 0);
        json_decref(root);
    }
    json_decref(position);
    free(dump);
    return text;
}

int manifest_fuzz(const uint8_t *bytes, size_t length) {
    char *wrapped = wrap(bytes, length);
    read_manifest((const char *)bytes, length);
    if (wrapped != NULL)
        read_manifest(wrapped, strlen(wrapped));
    free(wrapped);
    return 0;
}

#ifndef FUZZ_REPLAY
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    return manifest_fuzz(bytes, length);
}
#endif
