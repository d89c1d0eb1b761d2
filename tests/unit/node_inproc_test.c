/* A whole cluster as threads of this process: the same bits for every shape. Run under ThreadSanitizer by scripts/check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "data/generate.h"
#include "node/cluster.h"

static char folder[64];

static int make_ratings(void **state) {
    struct generate_summary summary;
    struct status status;
    struct generate_spec spec = {.folder = folder,
                                 .ratings = 4000,
                                 .users = 100,
                                 .movies = 80,
                                 .factors = 4,
                                 .noise = 0.5,
                                 .seed = 1,
                                 .valid_fraction = 0.1};
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/dotbias-test-XXXXXX");
    return mkdtemp(folder) != NULL && generate_ratings(&spec, &summary, &status) ? 0 : -1;
}

static int remove_ratings(void **state) {
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/* Trains with that many pservers and workers, and reads the digest of summary.json into text. */
static void train(uint32_t pservers, uint32_t workers, char text[17]) {
    char path[PATH_MAX];
    struct packed_set set;
    struct run_dir dir;
    struct config config;
    struct status status = {0};
    config_defaults(&config);
    config.cluster_pservers = pservers;
    config.cluster_workers = workers;
    config.train_lanes = 3;
    config.train_staleness = 1;
    config.model_factors = 8;
    snprintf(config.run_dir, sizeof config.run_dir, "%s/run-%u-%u", folder, pservers, workers);
    assert_true(packed_set_open(&set, folder, &status));
    assert_true(run_dir_create(&dir, &config, "run", &status));
    struct display *display = display_new(stderr, DISPLAY_QUIET, &status);
    struct cluster_spec spec = {
        .lead = {.config = &config, .set = &set, .dir = &dir, .data_path = folder, .display = display}};
    if (!cluster_run(&spec, &status))
        fail_msg("%u pservers and %u workers: %s", pservers, workers, status.text);
    display_free(display);
    packed_set_close(&set);
    run_dir_close(&dir);
    run_dir_file(&dir, "summary.json", path);
    json_t *summary = json_load_file(path, 0, NULL);
    assert_non_null(summary);
    snprintf(text, 17, "%s", json_string_value(json_object_get(summary, "digest")));
    json_decref(summary);
}

static void threads_of_any_number_make_the_same_model(void **state) {
    char first[17], other[17];
    size_t held = memory_blocks_held();
    (void)state;
    train(1, 1, first);
    train(3, 2, other);
    assert_string_equal(first, other);
    train(2, 4, other);
    assert_string_equal(first, other);
    assert_int_equal(memory_blocks_held(), held);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads_of_any_number_make_the_same_model)};
    return cmocka_run_group_tests_name("node/inproc", tests, make_ratings, remove_ratings);
}
