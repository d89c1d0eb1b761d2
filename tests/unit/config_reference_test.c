/* The table, what is made from it, and what other rooms take of a configuration. */
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/nearest.h"
#include "config/reference.h"
#include "config/value.h"

static void test_page_is_the_one_in_docs(void **state) {
    static char checked_in[65536];
    char *made = NULL;
    size_t size;
    FILE *stream = open_memstream(&made, &size);
    (void)state;
    reference_print_page(stream);
    fclose(stream);
    FILE *file = fopen(TESTS_DIR "/../docs/OPTIONS.md", "rb");
    assert_non_null(file);
    checked_in[fread(checked_in, 1, sizeof checked_in - 1, file)] = '\0';
    fclose(file);
    if (strcmp(made, checked_in) != 0)
        fail_msg("docs/OPTIONS.md is out of date: dotbias config docs > docs/OPTIONS.md");
    free(made);
}

static json_t *load_schema(void) {
    char *made = NULL;
    size_t size;
    struct status status = {STATUS_OK, ""};
    FILE *stream = open_memstream(&made, &size);
    assert_true(reference_print_schema(stream, &status));
    fclose(stream);
    json_t *schema = json_loads(made, 0, NULL);
    assert_non_null(schema);
    free(made);
    return schema;
}

static void test_schema_has_every_option(void **state) {
    json_t *schema = load_schema();
    (void)state;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct config_option *option = &CONFIG_OPTIONS[i];
        json_t *section = json_object_get(json_object_get(schema, "properties"), option->section);
        json_t *entry = json_object_get(json_object_get(section, "properties"), option->name);
        assert_non_null(json_object_get(entry, "default"));
        assert_non_null(strstr(json_string_value(json_object_get(entry, "description")), option->sentence));
        assert_true(json_is_false(json_object_get(section, "additionalProperties")));
    }
    json_decref(schema);
}

static void test_schema_has_bounds_and_words(void **state) {
    json_t *schema = load_schema();
    const char *decay;
    json_int_t low, high;
    (void)state;
    assert_int_equal(json_unpack(schema, "{s:{s:{s:{s:{s:I, s:I}, s:{s:s}}}}}", "properties", "train",
                                 "properties", "batch", "minimum", &low, "maximum", &high, "decay", "default",
                                 &decay),
                     0);
    assert_int_equal(low, 1);
    assert_int_equal(high, 1048576);
    assert_string_equal(decay, "dense");
    json_decref(schema);
}

/* A default that its own option would refuse could not be printed and read back. */
static void test_defaults_lie_within_their_bounds(void **state) {
    struct config defaults, again;
    char text[VALUE_TEXT_BYTES];
    struct value_mistake mistake;
    (void)state;
    config_defaults(&defaults);
    config_defaults(&again);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct config_option *option = &CONFIG_OPTIONS[i];
        bool is_scalar = option->type != OPTION_TYPE_RANGE && option->type != OPTION_TYPE_PHASES;
        value_to_text(option, &defaults, text);
        if (option->type != OPTION_TYPE_TEXT && is_scalar)
            assert_true(value_from_text(option, text, &again, &mistake));
    }
    assert_memory_equal(&defaults, &again, sizeof defaults);
}

/* The words of a choice stand in the order of its enum. */
static void test_choices_follow_their_enums(void **state) {
    static const struct {
        enum option_id option;
        unsigned last;
        const char *word;
    } cases[] = {
        {OPTION_data_split, SPLIT_FILES, "files"},
        {OPTION_data_split, SPLIT_LEAVE_LAST_OUT, "leave_last_out"},
        {OPTION_data_duplicates, DUPLICATES_ERROR, "error"},
        {OPTION_model_init, INIT_POSITIVE, "positive"},
        {OPTION_train_sync, SYNC_ASP, "asp"},
        {OPTION_train_optimiser, OPTIMISER_ADAGRAD_ROW, "adagrad_row"},
        {OPTION_train_optimiser, OPTIMISER_ADAMW, "adamw"},
        {OPTION_train_decay, DECAY_TOUCHED, "touched"},
        {OPTION_schedule_kind, SCHEDULE_PLATEAU, "plateau"},
        {OPTION_schedule_kind, SCHEDULE_COSINE, "cosine"},
        {OPTION_cluster_transport, TRANSPORT_TCP, "tcp"},
    };
    char word[CHOICE_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(option_choice(&CONFIG_OPTIONS[cases[i].option], cases[i].last, word));
        assert_string_equal(word, cases[i].word);
    }
}

static void test_reals_are_short_and_exact(void **state) {
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.1, "0.1"},
        {1e-8, "1e-8"},
        {0, "0"},
        {10000, "10000"},
        {1e6, "1e6"},
        {1.5e300, "1.5e300"},
        {0.1 + 0.2, "0.30000000000000004"},
        {-2, "-2"},
        {1e-30, "1e-30"},
        {123456789.125, "123456789.125"},
        {0.9999, "0.9999"},
    };
    char text[VALUE_REAL_BYTES];
    double value;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        value_print_real(cases[i].value, text);
        assert_string_equal(text, cases[i].text);
        assert_true(value_real(text, &value) && value == cases[i].value);
    }
}

static void test_distance(void **state) {
    (void)state;
    assert_int_equal(nearest_rank("wd", "weight_decay"), 0);
    assert_int_equal(nearest_rank("zzzz", "batch"), NEAREST_FAR);
}

static void test_lanes(void **state) {
    static const struct {
        uint64_t batch, lanes;
        uint32_t expected;
    } cases[] = {{1, 0, 1},     {255, 0, 1},      {511, 0, 1}, {512, 0, 2},
                 {4096, 0, 16}, {1048576, 0, 16}, {64, 5, 5}};
    struct config config;
    (void)state;
    config_defaults(&config);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        config.train_batch = cases[i].batch;
        config.train_lanes = cases[i].lanes;
        assert_int_equal(config_lanes(&config), cases[i].expected);
    }
}

static void test_digest_is_of_the_meaning(void **state) {
    struct config config, other;
    (void)state;
    config_defaults(&config);
    config_defaults(&other);
    strcpy(other.data_ratings, "/elsewhere");
    other.cluster_workers = 7;
    other.cluster_transport = TRANSPORT_TCP;
    other.run_show = 9;
    assert_true(config_digest(&config) == config_digest(&other));
    other.train_learning_rate = 0.1000001;
    assert_true(config_digest(&config) != config_digest(&other));
    config_defaults(&other);
    other.data_split_seed = 43;
    assert_true(config_digest(&config) != config_digest(&other));
    config_defaults(&other);
    other.model_y_range.given = true;
    assert_true(config_digest(&config) != config_digest(&other));
}

static void test_momentum_is_that_of_the_optimiser(void **state) {
    struct config config;
    (void)state;
    config_defaults(&config);
    config.train_momentum = 0.8;
    config.train_beta1 = 0.7;
    assert_true(config_schedule(&config).momentum == 0.8);
    config.train_optimiser = OPTIMISER_ADAMW;
    assert_true(config_schedule(&config).momentum == 0.7);
    config.train_optimiser = OPTIMISER_ADAGRAD;
    assert_true(config_schedule(&config).momentum == 0);
}

static void test_data_is_required(void **state) {
    struct config config;
    struct status status = {STATUS_OK, ""};
    (void)state;
    config_defaults(&config);
    assert_false(config_require_data(&config, &status));
    assert_int_equal(status.code, STATUS_CONFIG);
    strcpy(config.data_ratings, "/r.csv");
    assert_true(config_require_data(&config, &status));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_page_is_the_one_in_docs),
        cmocka_unit_test(test_schema_has_every_option),
        cmocka_unit_test(test_schema_has_bounds_and_words),
        cmocka_unit_test(test_defaults_lie_within_their_bounds),
        cmocka_unit_test(test_choices_follow_their_enums),
        cmocka_unit_test(test_reals_are_short_and_exact),
        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_lanes),
        cmocka_unit_test(test_digest_is_of_the_meaning),
        cmocka_unit_test(test_momentum_is_that_of_the_optimiser),
        cmocka_unit_test(test_data_is_required),
    };
    return cmocka_run_group_tests_name("config reference", tests, NULL, NULL);
}
