/* Layers, paths and variables; what is printed reads back; refused memory; the files that are shipped. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/loader.h"
#include "config/print.h"
#include "core/memory.h"

/* A configuration from text, environment and --set; the test fails when it has mistakes. */
static struct config load(const char *yaml, char *const *environment, const char *const *sets,
                          size_t set_count, struct config_report *report) {
    struct config config;
    struct status status = {STATUS_OK, ""};
    struct config_layers layers = {.name = yaml == NULL ? NULL : "t.yaml",
                                   .text = yaml,
                                   .length = yaml == NULL ? 0 : strlen(yaml),
                                   .folder = "/f",
                                   .working_folder = "/w",
                                   .environment = environment,
                                   .sets = sets,
                                   .set_count = set_count};
    bool is_good = config_load_layers(&config, &layers, report, &status);
    config_report_print(report, stderr);
    assert_true(is_good);
    return config;
}

static struct config load_yaml(const char *yaml) {
    struct config_report report;
    struct config config = load(yaml, NULL, NULL, 0, &report);
    config_report_release(&report);
    return config;
}

static char *print(const struct config *config, const struct config_report *origins) {
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    config_print(config, stream, origins);
    fclose(stream);
    return text;
}

static void expect_origin(const struct config_report *report, enum option_id option, const char *expected) {
    char origin[CONFIG_TEXT_BYTES + 32];
    config_report_origin(report, option, origin, sizeof origin);
    assert_string_equal(origin, expected);
}

static void test_precedence(void **state) {
    static const char yaml[] = "train:\n  batch: 2\n  lanes: 2\n  staleness: 2\n";
    static char *environment[] = {"DOTBIAS_TRAIN__LANES=1", "DOTBIAS_TRAIN__STALENESS=3",
                                  "DOTBIAS_DATA=/data",     "PATH=/bin",
                                  "DOTBIAS_RATINGS=/r",     NULL};
    static const char *const sets[] = {"train.staleness=5", "train.staleness=4"};
    struct config_report report;
    (void)state;
    struct config config = load(yaml, environment, sets, 2, &report);
    assert_int_equal(config.train_optimiser, OPTIMISER_SGD);
    assert_int_equal(config.train_batch, 2);
    assert_int_equal(config.train_lanes, 1);
    assert_int_equal(config.train_staleness, 4);
    expect_origin(&report, OPTION_train_optimiser, "default");
    expect_origin(&report, OPTION_train_batch, "t.yaml:2");
    expect_origin(&report, OPTION_train_lanes, "environment");
    expect_origin(&report, OPTION_train_staleness, "--set");
    config_report_release(&report);
}

static void test_structures_from_set(void **state) {
    static const char *const sets[] = {"model.y_range=[-1, 1]", "schedule.kind=phases",
                                       "schedule.phases=[{epochs: 1, learning_rate: 0.1}]"};
    struct config_report report;
    (void)state;
    struct config config = load("model: {y_range: none}\n", NULL, sets, 3, &report);
    assert_true(config.model_y_range.given);
    assert_true(config.model_y_range.low == -1 && config.model_y_range.high == 1);
    assert_int_equal(config.schedule_phases.count, 1);
    assert_int_equal(config.schedule_phases.items[0].epochs, 1);
    assert_true(config.schedule_phases.items[0].learning_rate == 0.1);
    config_report_release(&report);
}

static void test_mistakes_outside_the_file(void **state) {
    static char *environment[] = {"DOTBIAS_TRAIN__LEARNING_RTE=1", "DOTBIAS_TRIAN__BATCH=1",
                                  "DOTBIAS_RUN__SHOW=x", NULL};
    static const char *const sets[] = {"train", "trian.batch=3", "train.bach=3", "model.y_range=[1,",
                                       "train.batch=0"};
    struct config_layers layers = {
        .folder = "/f", .working_folder = "/w", .environment = environment, .sets = sets, .set_count = 5};
    struct config config;
    struct config_report report;
    struct status status = {STATUS_OK, ""};
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    (void)state;
    assert_false(config_load_layers(&config, &layers, &report, &status));
    config_report_print(&report, stream);
    fclose(stream);
    assert_string_equal(
        text, "environment: error: unknown key 'learning_rte' in 'train' (did you mean 'learning_rate'?)\n"
              "DOTBIAS_TRAIN__LEARNING_RTE=1\n"
              "               ^\n"
              "environment: error: unknown section 'trian' (did you mean 'train'?)\n"
              "DOTBIAS_TRIAN__BATCH=1\n"
              "        ^\n"
              "environment: error: 'run.show' takes a whole number, not 'x'\n"
              "DOTBIAS_RUN__SHOW=x\n"
              "                  ^\n"
              "--set: error: this is not of the form section.name=value\n"
              "train\n"
              "^\n"
              "--set: error: unknown section 'trian' (did you mean 'train'?)\n"
              "trian.batch=3\n"
              "^\n"
              "--set: error: unknown key 'bach' in 'train' (did you mean 'batch'?)\n"
              "train.bach=3\n"
              "      ^\n"
              "--set: error: not YAML: did not find expected node content while parsing a flow node\n"
              "model.y_range=[1,\n"
              "                 ^\n"
              "--set: error: 'train.batch' is 0, but must be 1 to 1048576 ratings\n"
              "train.batch=0\n"
              "            ^\n");
    assert_int_equal(status.code, STATUS_CONFIG);
    assert_string_equal(status.text, "the configuration has 8 errors");
    free(text);
    config_report_release(&report);
}

static void test_paths_and_variables(void **state) {
    static char *environment[] = {"NAME=name", "EMPTY=", "FOLDER=/abs", NULL};
    static const struct {
        const char *yaml, *set, *expected;
    } cases[] = {
        {"data: {ratings: a/b.csv}\n", NULL, "/f/a/b.csv"},
        {"data: {ratings: ../b.csv}\n", NULL, "/f/../b.csv"},
        {"data: {ratings: /b.csv}\n", NULL, "/b.csv"},
        {"data: {ratings: }\n", NULL, ""},
        {"data: {ratings: null}\n", NULL, ""},
        {"data: {ratings: 7}\n", NULL, "/f/7"},
        {"data: {ratings: '${FOLDER}/x'}\n", NULL, "/abs/x"},
        {"data: {ratings: '${NOBODY:-a}/${NAME}'}\n", NULL, "/f/a/name"},
        {"data: {ratings: '${EMPTY:-a}'}\n", NULL, "/f/a"},
        {"data: {ratings: '${EMPTY}'}\n", NULL, ""},
        {"data: {ratings: '$${NAME} $NAME $'}\n", NULL, "/f/${NAME} $NAME $"},
        {"data: {ratings: a}\n", "data.ratings=b", "/w/b"},
        {"data: {ratings: a}\n", "data.ratings=", ""},
        {"data: {ratings: a}\n", "data.ratings=x=y: {#z", "/w/x=y: {#z"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct config_report report;
        struct config config = load(cases[i].yaml, environment, &cases[i].set, cases[i].set != NULL, &report);
        assert_string_equal(config.data_ratings, cases[i].expected);
        config_report_release(&report);
    }
}

/* Unusual values of every type, far from the defaults. */
static const char UNUSUAL[] = "data: {ratings: \"/a \\\"b\\\\ \\t\\e\\x7f\\u2028\\ufeff \xC3\xA9 $${X} "
                              "$$${Y} #: \", split: files, valid_file: /v}\n"
                              "model: {y_range: [-1.5e-7, 123456789.125], mean: yes_is_wrong}\n";

static void test_print_reads_back(void **state) {
    char yaml[sizeof UNUSUAL + 512];
    (void)state;
    snprintf(yaml, sizeof yaml, "%s", UNUSUAL);
    memcpy(strstr(yaml, "yes_is_wrong"), "true        ", strlen("yes_is_wrong"));
    strcat(yaml, "schedule: {kind: phases, phases: [{epochs: 1, learning_rate: 0.30000000000000004},"
                 " {epochs: 100000, learning_rate: 1e-5}]}\n"
                 "train: {sync: ssp, weight_decay: 4.9406564584124654e-324, momentum: 0.1}\n");
    struct config config = load_yaml(yaml);
    char *text = print(&config, NULL);
    struct config again = load_yaml(text);
    assert_memory_equal(&config, &again, sizeof config);
    assert_string_equal(again.data_ratings,
                        "/a \"b\\ \t\x1B\x7F\xE2\x80\xA8\xEF\xBB\xBF \xC3\xA9 ${X} $${Y} #: ");
    assert_true(config_digest(&config) == config_digest(&again));
    free(text);
}

static void test_print_with_origins_reads_back(void **state) {
    struct config_report report;
    (void)state;
    struct config config = load("train: {batch: 7}\n", NULL, NULL, 0, &report);
    char *text = print(&config, &report);
    struct config again = load_yaml(text);
    assert_memory_equal(&config, &again, sizeof config);
    assert_non_null(strstr(text, "\n  batch: 7                           # t.yaml:1\n"));
    assert_non_null(strstr(text, "\n  lanes: 0                           # default\n"));
    config_report_release(&report);
    free(text);
}

static void test_refused_memory(void **state) {
    static const char yaml[] = "train: {batch: x, lanes: y, bach: 3}\n";
    struct config_layers layers = {
        .name = "t.yaml", .text = yaml, .length = strlen(yaml), .folder = "/f", .working_folder = "/w"};
    size_t before = memory_blocks_held();
    enum status_code code = STATUS_NO_MEMORY;
    (void)state;
    size_t countdown = 1;
    for (; code == STATUS_NO_MEMORY && countdown < 100; countdown++) {
        struct config config;
        struct config_report report;
        struct status status = {STATUS_OK, ""};
        memory_fail_after(countdown);
        assert_false(config_load_layers(&config, &layers, &report, &status));
        memory_fail_after(0);
        config_report_release(&report);
        assert_int_equal(memory_blocks_held(), before);
        code = status.code;
    }
    assert_int_equal(code, STATUS_CONFIG);
    assert_int_equal(countdown - 1, 7); /* six requests: the reading, the nodes, the list, three texts */
}

static void expect_failure(const char *path, enum status_code code, const char *text) {
    struct config config;
    struct config_report report;
    struct status status = {STATUS_OK, ""};
    size_t before = memory_blocks_held();
    assert_false(config_load(&config, path, NULL, 0, &report, &status));
    config_report_release(&report);
    assert_int_equal(status.code, code);
    assert_non_null(strstr(status.text, text));
    assert_int_equal(memory_blocks_held(), before);
}

static void test_files_that_cannot_be_read(void **state) {
    char path[] = "/tmp/dotbias-config-XXXXXX";
    (void)state;
    expect_failure("/nowhere/t.yaml", STATUS_NO_INPUT,
                   "cannot open /nowhere/t.yaml: No such file or directory");
    expect_failure("/", STATUS_NO_INPUT, "cannot read /: Is a directory");
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(ftruncate(file, CONFIG_FILE_BYTES_MAX + 1), 0);
    close(file);
    expect_failure(path, STATUS_CONFIG, "is larger than 256 KiB: not a configuration");
    unlink(path);
}

static void test_shipped_files(void **state) {
    static const char *const names[] = {"lesson-a", "lesson-b", "lesson-c", "blocked-small",
                                        "demo",     "cluster",  "hosts"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[1024];
        struct config config;
        struct config_report report;
        struct status status = {STATUS_OK, ""};
        snprintf(path, sizeof path, "%s/../config/%s.yaml", TESTS_DIR, names[i]);
        bool is_good = config_load(&config, path, NULL, 0, &report, &status);
        config_report_print(&report, stderr);
        config_report_release(&report);
        assert_true(is_good);
        assert_true(config.data_ratings[0] == '/' || strcmp(names[i], "demo") == 0);
    }
}

/* The lessons as SPEC.md has them. */
static void test_lessons(void **state) {
    char path[1024];
    struct config config;
    struct config_report report;
    struct status status = {STATUS_OK, ""};
    (void)state;
    snprintf(path, sizeof path, "%s/../config/lesson-b.yaml", TESTS_DIR);
    assert_true(config_load(&config, path, NULL, 0, &report, &status));
    config_report_release(&report);
    struct schedule_spec schedule = config_schedule(&config);
    struct model_spec model = config_model(&config);
    assert_false(model.has_bias || model.has_range);
    assert_int_equal(model.init, INIT_POSITIVE);
    assert_int_equal(schedule.phase_count, 2);
    assert_true(schedule.phases[1].epochs == 3 && schedule.phases[1].learning_rate == 0.01);
    assert_true(schedule.momentum == 0.9);
    assert_true(config_optimiser(&config).weight_decay == 1e-5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_structures_from_set),
        cmocka_unit_test(test_mistakes_outside_the_file),
        cmocka_unit_test(test_paths_and_variables),
        cmocka_unit_test(test_print_reads_back),
        cmocka_unit_test(test_print_with_origins_reads_back),
        cmocka_unit_test(test_refused_memory),
        cmocka_unit_test(test_files_that_cannot_be_read),
        cmocka_unit_test(test_shipped_files),
        cmocka_unit_test(test_lessons),
    };
    return cmocka_run_group_tests_name("config loader", tests, NULL, NULL);
}
