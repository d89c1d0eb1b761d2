/* Replays the corpora of checkpoints and their manifests without a fuzzer, and mutations of them from a fixed seed. Run it
 * under a sanitizer to see more. */
#define FUZZ_REPLAY
#include "tests/fuzz/checkpoint_fuzz.c"
#include "tests/fuzz/manifest_fuzz.c"
#include "tests/fuzz/replay.h"

static void checkpoints_do_no_harm(void **state) {
    (void)state;
    replay_folder(TESTS_DIR "/fuzz/corpus/checkpoint", checkpoint_fuzz);
}

static void manifests_do_no_harm(void **state) {
    (void)state;
    replay_folder(TESTS_DIR "/fuzz/corpus/manifest", manifest_fuzz);
}

/* The mutations would be idle if the targets refused everything: the good ones of the corpora are accepted. */
static void good_ones_are_accepted(void **state) {
    size_t length;
    struct status status;
    struct shard_image image;
    struct run_position position = {.lane_squared = (double[MANIFEST_LANES_MAX]){0},
                                    .lane_counts = (uint64_t[MANIFEST_LANES_MAX]){0}};
    (void)state;
    uint8_t *shard = scratch_read(TESTS_DIR "/fuzz/corpus/checkpoint/whole", &length);
    checkpoint_fuzz(shard, length);
    fixture_take(&image, 0, 1);
    assert_true(checkpoint_read_shard(checkpoint_folder, 1, 1, &image, RATES_MAX, &status));
    assert_true(fixture_is_right(&image));
    fixture_release(&image);
    free(shard);
    uint8_t *text = scratch_read(TESTS_DIR "/fuzz/corpus/manifest/position", &length);
    char *wrapped = wrap(text, length);
    memory_file_fill(&manifest_file, wrapped, strlen(wrapped));
    json_t *manifest = manifest_read(manifest_file.path, &status);
    assert_non_null(manifest);
    assert_true(manifest_position(manifest, &position, MANIFEST_LANES_MAX, &status));
    json_decref(manifest);
    free(wrapped);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checkpoints_do_no_harm),
        cmocka_unit_test(manifests_do_no_harm),
        cmocka_unit_test(good_ones_are_accepted),
    };
    return cmocka_run_group_tests_name("checkpoint_replay", tests, NULL, NULL);
}
