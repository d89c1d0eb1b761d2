/* Finding the model and the data of a run from its folder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/run_folder.h"

static char folder[64];

static int enter(void **state) {
    (void)state;
    strcpy(folder, "/tmp/dotbias-run-XXXXXX");
    return mkdtemp(folder) != NULL && chdir(folder) == 0 && mkdir("run", 0755) == 0 ? 0 : -1;
}

static int leave(void **state) {
    static const char *const FILES[] = {"run/data/ratings.dotbias", "run/model.dotbias", "run/summary.json",
                                        "run/set.dotbias"};
    (void)state;
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++)
        unlink(FILES[i]);
    rmdir("run/data");
    return rmdir("run") == 0 && chdir("/") == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void put(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void a_folder_and_its_model_are_the_same_run(void **state) {
    struct run_folder run;
    struct status status = {0};
    (void)state;
    assert_false(run_folder_find(&run, "run", &status));
    assert_int_equal(status.code, STATUS_NO_INPUT);
    put("run/model.dotbias", "");
    assert_true(run_folder_find(&run, "run", &status));
    assert_string_equal(run.model, "run/model.dotbias");
    assert_true(run_folder_find(&run, "run/model.dotbias", &status));
    assert_string_equal(run.folder, "run");
}

static void data_are_the_runs_own_or_the_recorded(void **state) {
    struct run_folder run;
    char data[PATH_MAX];
    struct status status = {0};
    (void)state;
    put("run/model.dotbias", "");
    assert_true(run_folder_find(&run, "run", &status));
    assert_false(run_folder_data(&run, data, &status));
    assert_int_equal(status.code, STATUS_NO_INPUT);
    put("run/summary.json", "{\"data\": \"gone.dotbias\"}");
    assert_false(run_folder_data(&run, data, &status));
    put("run/set.dotbias", "");
    put("run/summary.json", "{\"data\": \"set.dotbias\"}");
    assert_true(run_folder_data(&run, data, &status));
    assert_string_equal(data, "run/set.dotbias");
    put("run/summary.json", "{\"data\": \"run/set.dotbias\"}");
    assert_true(run_folder_data(&run, data, &status));
    assert_string_equal(data, "run/set.dotbias");
    assert_int_equal(mkdir("run/data", 0755), 0);
    put("run/data/ratings.dotbias", "");
    assert_true(run_folder_data(&run, data, &status));
    assert_string_equal(data, "run/data/ratings.dotbias");
}

static void a_broken_summary_is_no_crash(void **state) {
    struct run_folder run = {"run", "run/model.dotbias"};
    char data[PATH_MAX];
    struct status status = {0};
    (void)state;
    put("run/summary.json", "{\"data\": 7");
    assert_false(run_folder_data(&run, data, &status));
    put("run/summary.json", "{\"data\": 7}");
    assert_false(run_folder_data(&run, data, &status));
    assert_int_equal(status.code, STATUS_NO_INPUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_folder_and_its_model_are_the_same_run, enter, leave),
        cmocka_unit_test_setup_teardown(data_are_the_runs_own_or_the_recorded, enter, leave),
        cmocka_unit_test_setup_teardown(a_broken_summary_is_no_crash, enter, leave),
    };
    return cmocka_run_group_tests_name("analysis/run_folder", tests, NULL, NULL);
}
