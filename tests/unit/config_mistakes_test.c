/* Every mistake of a configuration is found, at its place, in these very words. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/loader.h"

static char *environment[] = {"HOME=/home/u", "EMPTY=", "BELL=a\ab", NULL};

/* What config_report_print says of a text; the caller frees it. */
static char *mistakes_of(const char *yaml, size_t length, struct status *status) {
    struct config config;
    struct config_report report;
    struct config_layers layers = {.name = "t.yaml",
                                   .text = yaml,
                                   .length = length,
                                   .folder = "/f",
                                   .working_folder = "/w",
                                   .environment = environment};
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    *status = (struct status){STATUS_OK, ""};
    bool is_good = config_load_layers(&config, &layers, &report, status);
    config_report_print(&report, stream);
    fclose(stream);
    assert_int_equal(is_good, report.count == 0);
    config_report_release(&report);
    return text;
}

struct snippet {
    const char *yaml, *mistakes;
};

static void check_snippets(const struct snippet *snippets, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct status status;
        char *mistakes = mistakes_of(snippets[i].yaml, strlen(snippets[i].yaml), &status);
        assert_string_equal(mistakes, snippets[i].mistakes);
        assert_int_equal(status.code, STATUS_CONFIG);
        free(mistakes);
    }
}

#define CHECK(snippets) check_snippets(snippets, sizeof(snippets) / sizeof(snippets)[0])

static void test_names(void **state) {
    static const struct snippet snippets[] = {
        {"train:\n    learning_rte: 0.1\n",
         "t.yaml:2:5: error: unknown key 'learning_rte' in 'train' (did you mean 'learning_rate'?)\n"
         "    learning_rte: 0.1\n"
         "    ^\n"},
        {"train: {lr: 0.1}\n",
         "t.yaml:1:9: error: unknown key 'lr' in 'train' (did you mean 'learning_rate'?)\n"
         "train: {lr: 0.1}\n"
         "        ^\n"},
        {"train: {batch_size: 3}\n",
         "t.yaml:1:9: error: unknown key 'batch_size' in 'train' (did you mean 'batch'?)\n"
         "train: {batch_size: 3}\n"
         "        ^\n"},
        {"train: {zzz: 3}\n", "t.yaml:1:9: error: unknown key 'zzz' in 'train'\n"
                              "train: {zzz: 3}\n"
                              "        ^\n"},
        {"schedule: {momentum: 0.5}\n",
         "t.yaml:1:12: error: unknown key 'momentum' in 'schedule' (it belongs to 'train')\n"
         "schedule: {momentum: 0.5}\n"
         "           ^\n"},
        {"trian: {}\n", "t.yaml:1:1: error: unknown section 'trian' (did you mean 'train'?)\n"
                        "trian: {}\n"
                        "^\n"},
        {"workers: 3\n", "t.yaml:1:1: error: unknown section 'workers' (it belongs to 'cluster')\n"
                         "workers: 3\n"
                         "^\n"},
        {"train:\n  batch: 3\n  batch: 4\n",
         "t.yaml:3:3: error: duplicate key 'batch' in 'train' (first on line 2)\n"
         "  batch: 4\n"
         "  ^\n"},
        {"train: {batch: 3}\nrun: {}\ntrain: {lanes: 1}\n",
         "t.yaml:3:1: error: duplicate key 'train' (first on line 1)\n"
         "train: {lanes: 1}\n"
         "^\n"},
        {"[a]: 1\n", "t.yaml:1:1: error: a key is a list, not a name\n"
                     "[a]: 1\n"
                     "^\n"},
        {"run: {{a: b}: 1}\n", "t.yaml:1:7: error: a key of 'run' is a mapping, not a name\n"
                               "run: {{a: b}: 1}\n"
                               "      ^\n"},
    };
    (void)state;
    CHECK(snippets);
}

static void test_types(void **state) {
    static const struct snippet snippets[] = {
        {"train: {learning_rate: 1e-3x}\n",
         "t.yaml:1:24: error: 'train.learning_rate' takes a number, not '1e-3x'\n"
         "train: {learning_rate: 1e-3x}\n"
         "                       ^\n"},
        {"train: {learning_rate: .nan}\n",
         "t.yaml:1:24: error: 'train.learning_rate' takes a number, not '.nan'\n"
         "train: {learning_rate: .nan}\n"
         "                       ^\n"},
        {"train: {learning_rate: 1e999}\n",
         "t.yaml:1:24: error: 'train.learning_rate' takes a number, not '1e999'\n"
         "train: {learning_rate: 1e999}\n"
         "                       ^\n"},
        {"train: {batch: 1e3}\n", "t.yaml:1:16: error: 'train.batch' takes a whole number, not '1e3'\n"
                                  "train: {batch: 1e3}\n"
                                  "               ^\n"},
        {"train: {batch: 0x10}\n", "t.yaml:1:16: error: 'train.batch' takes a whole number, not '0x10'\n"
                                   "train: {batch: 0x10}\n"
                                   "               ^\n"},
        {"train:\n  batch:\n", "t.yaml:2:9: error: 'train.batch' takes a whole number, not nothing\n"
                               "  batch:\n"
                               "        ^\n"},
        {"train: {batch: \"64\"}\n",
         "t.yaml:1:16: error: 'train.batch' takes a whole number, not a text in quotes\n"
         "train: {batch: \"64\"}\n"
         "               ^\n"},
        {"train: {batch: [64]}\n", "t.yaml:1:16: error: 'train.batch' takes a whole number, not a list\n"
                                   "train: {batch: [64]}\n"
                                   "               ^\n"},
        {"train: {nesterov: yes}\n", "t.yaml:1:19: error: 'train.nesterov' takes true or false, not 'yes'\n"
                                     "train: {nesterov: yes}\n"
                                     "                  ^\n"},
        {"train: {optimiser: adamm}\n",
         "t.yaml:1:20: error: 'train.optimiser' is 'adamm', but must be sgd, adam, adamw, "
         "adagrad or adagrad_row (did you mean 'adam'?)\n"
         "train: {optimiser: adamm}\n"
         "                   ^\n"},
        {"cluster: {transport: carrier}\n",
         "t.yaml:1:22: error: 'cluster.transport' is 'carrier', but must be inproc, ipc or tcp\n"
         "cluster: {transport: carrier}\n"
         "                     ^\n"},
        {"run: {dir: {a: b}}\n", "t.yaml:1:12: error: 'run.dir' takes text, not a mapping\n"
                                 "run: {dir: {a: b}}\n"
                                 "           ^\n"},
        {"run: {dir: \"a\\0b\"}\n", "t.yaml:1:12: error: 'run.dir' takes text, not a text with a zero byte\n"
                                    "run: {dir: \"a\\0b\"}\n"
                                    "           ^\n"},
        {"train: 5\n", "t.yaml:1:8: error: 'train' is a section of keys, not a single value\n"
                       "train: 5\n"
                       "       ^\n"},
        {"train: [batch]\n", "t.yaml:1:8: error: 'train' is a section of keys, not a list\n"
                             "train: [batch]\n"
                             "       ^\n"},
    };
    (void)state;
    CHECK(snippets);
}

static void test_bounds(void **state) {
    static const struct snippet snippets[] = {
        {"train: {batch: 0}\n", "t.yaml:1:16: error: 'train.batch' is 0, but must be 1 to 1048576 ratings\n"
                                "train: {batch: 0}\n"
                                "               ^\n"},
        {"train: {batch: -3}\n", "t.yaml:1:16: error: 'train.batch' is -3, but must be 1 to 1048576 ratings\n"
                                 "train: {batch: -3}\n"
                                 "               ^\n"},
        {"model: {seed: 18446744073709551616}\n",
         "t.yaml:1:15: error: 'model.seed' is 18446744073709551616, but must be 0 to "
         "18446744073709551615\n"
         "model: {seed: 18446744073709551616}\n"
         "              ^\n"},
        {"train: {momentum: 1}\n", "t.yaml:1:19: error: 'train.momentum' is 1, but must be 0 to 0.9999\n"
                                   "train: {momentum: 1}\n"
                                   "                  ^\n"},
        {"train: {learning_rate: -0.1}\n",
         "t.yaml:1:24: error: 'train.learning_rate' is -0.1, but must be 0 to 1e6\n"
         "train: {learning_rate: -0.1}\n"
         "                       ^\n"},
    };
    (void)state;
    CHECK(snippets);
}

static void test_ranges_and_phases(void **state) {
    static const struct snippet snippets[] = {
        {"model: {y_range: [5, 0.5]}\n",
         "t.yaml:1:18: error: the low end of 'model.y_range' must lie below the high end\n"
         "model: {y_range: [5, 0.5]}\n"
         "                 ^\n"},
        {"model: {y_range: [1]}\n", "t.yaml:1:18: error: 'model.y_range' takes [low, high] or none\n"
                                    "model: {y_range: [1]}\n"
                                    "                 ^\n"},
        {"model: {y_range: [a, \"5\"]}\n",
         "t.yaml:1:19: error: a bound of 'model.y_range' is a number, not 'a'\n"
         "model: {y_range: [a, \"5\"]}\n"
         "                  ^\n"
         "t.yaml:1:22: error: a bound of 'model.y_range' is a number, not '5'\n"
         "model: {y_range: [a, \"5\"]}\n"
         "                     ^\n"},
        {"schedule: {kind: phases, phases: 3}\n",
         "t.yaml:1:34: error: 'schedule.phases' takes a list of {epochs, learning_rate} or none\n"
         "schedule: {kind: phases, phases: 3}\n"
         "                                 ^\n"},
        {"schedule:\n  kind: phases\n  phases: [{epochs: 3}, {epochs: 0, learning_rate: 1}, 7]\n",
         "t.yaml:3:12: error: phase 1 lacks 'learning_rate'\n"
         "  phases: [{epochs: 3}, {epochs: 0, learning_rate: 1}, 7]\n"
         "           ^\n"
         "t.yaml:3:34: error: 'epochs' of phase 2 takes a whole number, 1 to 100000 epochs\n"
         "  phases: [{epochs: 3}, {epochs: 0, learning_rate: 1}, 7]\n"
         "                                 ^\n"
         "t.yaml:3:56: error: phase 3 is not of the form {epochs: 3, learning_rate: 0.1}\n"
         "  phases: [{epochs: 3}, {epochs: 0, learning_rate: 1}, 7]\n"
         "                                                       ^\n"},
        {"schedule:\n  kind: phases\n  phases:\n    - {epochs: 3, lr: 1}\n    - {epochs: 3, epochs: 3}\n",
         "t.yaml:4:19: error: a phase has 'epochs' and 'learning_rate', not 'lr'\n"
         "    - {epochs: 3, lr: 1}\n"
         "                  ^\n"
         "t.yaml:5:19: error: duplicate key 'epochs' in phase 2\n"
         "    - {epochs: 3, epochs: 3}\n"
         "                  ^\n"},
    };
    (void)state;
    CHECK(snippets);
}

static void test_rules(void **state) {
    static const struct snippet snippets[] = {
        {"schedule: {kind: phases}\n",
         "t.yaml:1:18: error: 'schedule.kind' is phases, but 'schedule.phases' is none\n"
         "schedule: {kind: phases}\n"
         "                 ^\n"},
        {"schedule: {phases: [{epochs: 1, learning_rate: 1}]}\n",
         "t.yaml:1:20: error: 'schedule.phases' has no effect when 'schedule.kind' is constant, only when it "
         "is phases\n"
         "schedule: {phases: [{epochs: 1, learning_rate: 1}]}\n"
         "                   ^\n"},
        {"schedule: {kind: cosine, epochs: 9}\n",
         "t.yaml:1:34: error: 'schedule.epochs' has no effect when 'schedule.kind' is cosine, only when it "
         "is constant, step, "
         "exponential, one_cycle or plateau\n"
         "schedule: {kind: cosine, epochs: 9}\n"
         "                                 ^\n"},
        {"schedule: {kind: cosine, cycles: 20, cycle_mult: 2}\n",
         "t.yaml:1:50: error: these cycles would last more than 100000 epochs\n"
         "schedule: {kind: cosine, cycles: 20, cycle_mult: 2}\n"
         "                                                 ^\n"},
        {"schedule: {kind: one_cycle, momentum_low: 0.96}\n",
         "t.yaml:1:43: error: 'schedule.momentum_low' lies above 'schedule.momentum_high'\n"
         "schedule: {kind: one_cycle, momentum_low: 0.96}\n"
         "                                          ^\n"},
        {"data: {split: files}\n",
         "t.yaml:1:15: error: 'data.split' is files, but 'data.valid_file' is empty\n"
         "data: {split: files}\n"
         "              ^\n"},
        {"data: {split: time, valid_file: a}\n", "t.yaml:1:33: error: 'data.valid_file' has no effect when "
                                                 "'data.split' is time, only when it is files\n"
                                                 "data: {split: time, valid_file: a}\n"
                                                 "                                ^\n"},
        {"train: {sync: asp, staleness: 2}\n",
         "t.yaml:1:31: error: 'train.staleness' has no effect when 'train.sync' is asp, only "
         "when it is synchronous or ssp\n"
         "train: {sync: asp, staleness: 2}\n"
         "                              ^\n"},
        {"train: {nesterov: true, momentum: 0}\n",
         "t.yaml:1:19: error: 'train.nesterov' needs a 'train.momentum' above 0\n"
         "train: {nesterov: true, momentum: 0}\n"
         "                  ^\n"},
        {"train:\n  optimiser: adam\n  nesterov: true\n  momentum: 0.5\n",
         "t.yaml:3:13: error: 'train.nesterov' has no effect when 'train.optimiser' is adam, only when it is "
         "sgd\n"
         "  nesterov: true\n"
         "            ^\n"
         "t.yaml:4:13: error: 'train.momentum' has no effect when 'train.optimiser' is adam, only when it is "
         "sgd\n"
         "  momentum: 0.5\n"
         "            ^\n"},
        {"train: {batch: 4, lanes: 8}\n",
         "t.yaml:1:26: error: 'train.lanes' is 8, more than the 4 ratings of a minibatch\n"
         "train: {batch: 4, lanes: 8}\n"
         "                         ^\n"},
        {"cluster: {heartbeat_interval: 6}\n",
         "t.yaml:1:31: error: 'cluster.heartbeat_timeout' must be longer than 'cluster.heartbeat_interval'\n"
         "cluster: {heartbeat_interval: 6}\n"
         "                              ^\n"},
        {"cluster: {transport: tcp, coordinator: 10.0.0.1:7077}\n",
         "t.yaml:1:40: error: 'cluster.coordinator' must begin with tcp://\n"
         "cluster: {transport: tcp, coordinator: 10.0.0.1:7077}\n"
         "                                       ^\n"},
    };
    (void)state;
    CHECK(snippets);
}

/* One line with a value of cluster.advertise: what is said about it, up to the line itself; "" for nothing. */
static void advertised(const char *value, bool is_good) {
    char yaml[128], wanted[512];
    struct status status;
    snprintf(yaml, sizeof yaml, "cluster: {advertise: \"%s\"}\n", value);
    snprintf(
        wanted, sizeof wanted,
        "t.yaml:1:22: error: 'cluster.advertise' is '%s', where nobody can connect to: wanted is HOST or "
        "HOST:PORT, as in pserver-0.example.org, 10.0.0.7:7078 or [fd07::1]:7078\n%s"
        "                     ^\n",
        value, yaml);
    char *mistakes = mistakes_of(yaml, strlen(yaml), &status);
    assert_string_equal(mistakes, is_good ? "" : wanted);
    free(mistakes);
}

static void test_advertised_places(void **state) {
    static const char *const good[] = {"",          "node7", "pserver-0.movies", "10.0.0.7",   "10.0.0.7:1",
                                       "node:7078", "::1",   "fd07::1",          "[::1]:65535"};
    static const char *const bad[] = {
        "*",      "*:7078",       "0.0.0.0",  "0.0.0.0:1",  "::",        "[::]:1",   "a b",  "node:",
        ":7078",  "node:0",       "node:x",   "node:65536", "[fd07::1]", "[fd07::1", "[]:1", "[node]:1",
        "node/x", "tcp://node:1", "node:1:2", "node:007",   "[::1]7",    "[::1]:"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        advertised(good[i], true);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        advertised(bad[i], false);
}

static void test_documents(void **state) {
    static const struct snippet snippets[] = {
        {"", "t.yaml:1:1: error: there is nothing in it\n"},
        {"# only a comment\n", "t.yaml:1:1: error: there is nothing in it\n# only a comment\n^\n"},
        {"~\n", "t.yaml:1:1: error: there is nothing in it\n~\n^\n"},
        {"- train\n", "t.yaml:1:1: error: a configuration is a mapping of sections, not a list\n"
                      "- train\n"
                      "^\n"},
        {"train\n", "t.yaml:1:1: error: a configuration is a mapping of sections, not a single value\n"
                    "train\n"
                    "^\n"},
        {"run: {show: 3}\n---\nrun: {show: 4}\n",
         "t.yaml:2:1: error: a second document begins here; a configuration is one document\n"
         "---\n"
         "^\n"},
        {"run: {show: 3\ntrain: {}\n", "t.yaml:2:6: error: not YAML: did not find expected ',' or '}' while "
                                       "parsing a flow mapping that begins on line 1\n"
                                       "train: {}\n"
                                       "     ^\n"},
        {"run:\n\tshow: 3\n", "t.yaml:2:1: error: not YAML: found character that cannot start any token "
                              "while scanning for the next token\n"
                              "\tshow: 3\n"
                              "^\n"},
        {"run: *nobody\n", "t.yaml:1:6: error: not YAML: found undefined alias\n"
                           "run: *nobody\n"
                           "     ^\n"},
        {"run: &a {dir: *a}\n", "t.yaml:1:6: error: an alias makes this value contain itself\n"
                                "run: &a {dir: *a}\n"
                                "     ^\n"},
        {"schedule: {phases: &p [*p]}\n", "t.yaml:1:20: error: an alias makes this value contain itself\n"
                                          "schedule: {phases: &p [*p]}\n"
                                          "                   ^\n"},
        {"run: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]\n",
         "t.yaml:1:21: error: values and aliases are nested too deeply\n"
         "run: [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]\n"
         "                    ^\n"},
        {"a: &a [[[[[[1]]]]]]\nb: &b [[[[[[*a]]]]]]\nc: [[[[[[*b]]]]]]\n",
         "t.yaml:2:4: error: values and aliases are nested too deeply\n"
         "b: &b [[[[[[*a]]]]]]\n"
         "   ^\n"},
    };
    (void)state;
    CHECK(snippets);
}

static void test_bytes(void **state) {
    static const struct snippet snippets[] = {
        {"run:\n  dir: \"caf\xE9\"\n", "t.yaml:2:13: error: not YAML: invalid trailing UTF-8 octet\n"
                                       "  dir: \"caf?\"\n"
                                       "            ^\n"},
        {"run: {dir: \x1B[31m}\n", "t.yaml:1:12: error: not YAML: control characters are not allowed\n"
                                   "run: {dir: ?[31m}\n"
                                   "           ^\n"},
        {"run: {\"d\\e[31mir\": 1}\n", "t.yaml:1:7: error: unknown key 'd?[31mir' in 'run'\n"
                                       "run: {\"d\\e[31mir\": 1}\n"
                                       "      ^\n"},
        {"run: {dir: \"\xC3\xA9\", shw: 1}\r\n",
         "t.yaml:1:17: error: unknown key 'shw' in 'run' (did you mean 'show'?)\n"
         "run: {dir: \"\xC3\xA9\", shw: 1}\n"
         "                ^\n"},
        {"\xEF\xBB\xBFrn: 1\n", "t.yaml:1:1: error: unknown section 'rn' (did you mean 'run'?)\n"
                                "rn: 1\n"
                                "^\n"},
        {"\xFF\xFEr\n", "t.yaml:1:1: error: not YAML: invalid leading UTF-8 octet\n"
                        "??r\n"
                        "^\n"},
    };
    (void)state;
    CHECK(snippets);
}

static void test_variables(void **state) {
    static const struct snippet snippets[] = {
        {"data: {ratings: '${NOBODY}/a'}\n", "t.yaml:1:17: error: the environment variable NOBODY is not set "
                                             "(${NOBODY:-default} would give it a default)\n"
                                             "data: {ratings: '${NOBODY}/a'}\n"
                                             "                ^\n"},
        {"data: {ratings: 'a${HOME'}\n", "t.yaml:1:17: error: a variable lacks its closing brace: '${HOME'\n"
                                         "data: {ratings: 'a${HOME'}\n"
                                         "                ^\n"},
        {"data: {ratings: 'a${1}'}\n",
         "t.yaml:1:17: error: variables are written ${NAME} or ${NAME:-default}: '${1}'\n"
         "data: {ratings: 'a${1}'}\n"
         "                ^\n"},
    };
    (void)state;
    CHECK(snippets);
}

static void test_all_at_once(void **state) {
    static const struct snippet snippets[] = {
        {"schedule: {kind: phases}\ntrian: {}\ntrain:\n  batch: x\n  momentum: 2\n",
         "t.yaml:1:18: error: 'schedule.kind' is phases, but 'schedule.phases' is none\n"
         "schedule: {kind: phases}\n"
         "                 ^\n"
         "t.yaml:2:1: error: unknown section 'trian' (did you mean 'train'?)\n"
         "trian: {}\n"
         "^\n"
         "t.yaml:4:10: error: 'train.batch' takes a whole number, not 'x'\n"
         "  batch: x\n"
         "         ^\n"
         "t.yaml:5:13: error: 'train.momentum' is 2, but must be 0 to 0.9999\n"
         "  momentum: 2\n"
         "            ^\n"},
    };
    (void)state;
    CHECK(snippets);
}

static void test_very_many(void **state) {
    char *yaml = NULL;
    size_t length;
    struct status status;
    FILE *stream = open_memstream(&yaml, &length);
    (void)state;
    fprintf(stream, "run:\n");
    for (int i = 0; i < 5000; i++)
        fprintf(stream, "  k%d: 1\n", i);
    fclose(stream);
    char *mistakes = mistakes_of(yaml, length, &status);
    size_t lines = 0;
    for (const char *at = mistakes; (at = strstr(at, ": error: ")) != NULL; at++)
        lines++;
    assert_int_equal(lines, CONFIG_ERRORS_MAX);
    assert_int_equal(status.code, STATUS_CONFIG);
    free(mistakes);
    free(yaml);
}

/* libyaml alone would take a minute for it. */
static void test_a_file_of_brackets(void **state) {
    char *yaml = malloc(CONFIG_FILE_BYTES_MAX);
    struct status status;
    (void)state;
    memset(yaml, '[', CONFIG_FILE_BYTES_MAX);
    char *mistakes = mistakes_of(yaml, CONFIG_FILE_BYTES_MAX, &status);
    assert_non_null(strstr(mistakes, "t.yaml:1:17: error: values and aliases are nested too deeply\n[[["));
    free(mistakes);
    free(yaml);
}

static void test_long_lines_are_cut(void **state) {
    char yaml[4096] = "run: {dir: '";
    struct status status;
    (void)state;
    memset(yaml + strlen(yaml), 'x', 3000);
    strcat(yaml, "', shw: 1}\n");
    char *mistakes = mistakes_of(yaml, strlen(yaml), &status);
    assert_true(strlen(mistakes) < 600);
    assert_non_null(strstr(mistakes, "unknown key 'shw'"));
    assert_non_null(strstr(mistakes, "longer than 1023 bytes"));
    free(mistakes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_ranges_and_phases),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_advertised_places),
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_all_at_once),
        cmocka_unit_test(test_very_many),
        cmocka_unit_test(test_a_file_of_brackets),
        cmocka_unit_test(test_long_lines_are_cut),
    };
    return cmocka_run_group_tests_name("config mistakes", tests, NULL, NULL);
}
