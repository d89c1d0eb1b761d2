/* Is a run's folder made once, held by one, written whole, and left alone when it holds something? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/loader.h"
#include "core/memory.h"
#include "node/run_dir.h"

static char folder[64];

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/dotbias-test-XXXXXX");
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static int remove_folder(void **state) {
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return chdir("/") == 0 ? system(command) : -1;
}

static void create(struct run_dir *dir, struct config *config, const char *name) {
    struct status status = {0};
    config_defaults(config);
    snprintf(config->run_dir, sizeof config->run_dir, "%s", name);
    run_dir_create(dir, config, "test", &status);
    assert_string_equal(status.text, "");
}

static void one_holds_it_at_a_time(void **state) {
    struct run_dir dir, other;
    struct config config;
    struct status status;
    char number[32];
    (void)state;
    create(&dir, &config, "held");
    assert_true(run_dir_write_config(&dir, &config, &status));
    assert_false(run_dir_open(&other, "held", &status));
    assert_int_equal(status.code, STATUS_CANT_CREATE);
    snprintf(number, sizeof number, "(process %d)", (int)getpid());
    assert_non_null(strstr(status.text, number));
    assert_true(run_dir_join(&other, "held", &status));
    run_dir_close(&other);
    run_dir_close(&dir);
    run_dir_close(&dir);
    assert_true(run_dir_open(&other, "held", &status));
    assert_string_equal(other.path, dir.path);
    run_dir_close(&other);
}

/* The holder is killed, and leaves the lock file behind, with its number in it. */
static void a_dead_holder_holds_nothing(void **state) {
    struct run_dir dir;
    struct config config;
    struct status status;
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        config_defaults(&config);
        snprintf(config.run_dir, sizeof config.run_dir, "dead");
        raise(run_dir_create(&dir, &config, "test", &status) && run_dir_write_config(&dir, &config, &status)
                  ? SIGKILL
                  : SIGTERM);
    }
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL);
    assert_int_equal(access("dead/lock", F_OK), 0);
    assert_true(run_dir_open(&dir, "dead", &status));
    run_dir_close(&dir);
}

static void what_is_no_run_cannot_be_resumed(void **state) {
    struct run_dir dir;
    struct status status;
    (void)state;
    assert_false(run_dir_open(&dir, "nowhere", &status));
    assert_int_equal(status.code, STATUS_NO_INPUT);
    assert_int_equal(mkdir("empty", 0777), 0);
    assert_false(run_dir_open(&dir, "empty", &status));
    assert_int_equal(status.code, STATUS_NO_INPUT);
    assert_int_not_equal(access("empty/lock", F_OK), 0);
}

static void a_run_is_not_made_over_another(void **state) {
    struct run_dir dir, other;
    struct config config;
    struct status status;
    (void)state;
    create(&dir, &config, "once");
    assert_false(run_dir_create(&other, &config, "test", &status));
    assert_int_equal(status.code, STATUS_CANT_CREATE);
    run_dir_close(&dir);
}

/* It replaces an older one, and reads back to the same. */
static void the_configuration_is_written_again(void **state) {
    struct run_dir dir;
    struct config config, again;
    struct config_report report;
    struct status status;
    (void)state;
    create(&dir, &config, "config");
    assert_true(run_dir_write_config(&dir, &config, &status));
    config.cluster_workers = 7;
    assert_true(run_dir_write_config(&dir, &config, &status));
    setenv("DOTBIAS_CLUSTER__WORKERS", "5", 1);
    assert_true(config_load_alone(&again, "config/config.yaml", &report, &status));
    config_report_release(&report);
    unsetenv("DOTBIAS_CLUSTER__WORKERS");
    assert_int_equal(again.cluster_workers, 7);
    assert_int_equal(config_digest(&again), config_digest(&config));
    run_dir_close(&dir);
}

static void a_run_without_an_epoch_leaves_nothing(void **state) {
    struct run_dir dir;
    struct config config;
    struct status status;
    (void)state;
    create(&dir, &config, "");
    assert_non_null(strstr(dir.path, "/runs/test-001"));
    assert_true(run_dir_write_config(&dir, &config, &status));
    assert_true(run_dir_write(&dir, "history.csv", "epoch\n", 6, &status));
    assert_true(run_dir_write(&dir, "coordinator.endpoint", "x", 1, &status));
    assert_true(run_dir_write(&dir, "logs/worker-0.log", "x", 1, &status));
    assert_int_equal(mkdir("runs/test-001/checkpoints", 0777), 0);
    assert_int_equal(mkdir("runs/test-001/checkpoints/000001", 0777), 0);
    assert_true(run_dir_write(&dir, "checkpoints/000001/shard-0.dotbias", "x", 1, &status));
    assert_false(run_dir_has_history(&dir));
    run_dir_discard(&dir);
    run_dir_close(&dir);
    assert_int_not_equal(access("runs", F_OK), 0);
}

static void an_epoch_is_something(void **state) {
    struct run_dir dir;
    struct config config;
    struct status status;
    char shown[PATH_MAX];
    (void)state;
    create(&dir, &config, "some");
    assert_false(run_dir_has_history(&dir));
    assert_true(run_dir_write(&dir, "history.csv", "epoch\n1\n", 8, &status));
    assert_true(run_dir_has_history(&dir));
    assert_false(run_dir_is_finished(&dir));
    assert_true(run_dir_write(&dir, "model.dotbias", "x", 1, &status));
    assert_false(run_dir_is_finished(&dir));
    assert_true(run_dir_write(&dir, "summary.json", "{}", 2, &status));
    assert_true(run_dir_is_finished(&dir));
    run_dir_shown(&dir, shown);
    assert_string_equal(shown, "some");
    run_dir_close(&dir);
    assert_int_equal(memory_blocks_held(), 0);
}

static void what_is_half_written_is_swept_away(void **state) {
    struct run_dir dir;
    struct config config;
    struct status status;
    (void)state;
    create(&dir, &config, "swept");
    assert_true(run_dir_write(&dir, "history.csv", "epoch\n1\n", 8, &status));
    assert_true(run_dir_write(&dir, "model.dotbias.tmp.123", "x", 1, &status));
    assert_true(run_dir_write(&dir, "coordinator.endpoint.tmp.4", "x", 1, &status));
    run_dir_sweep(&dir);
    assert_int_equal(access("swept/history.csv", F_OK), 0);
    assert_int_not_equal(access("swept/model.dotbias.tmp.123", F_OK), 0);
    assert_int_not_equal(access("swept/coordinator.endpoint.tmp.4", F_OK), 0);
    run_dir_close(&dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_holds_it_at_a_time),
        cmocka_unit_test(a_dead_holder_holds_nothing),
        cmocka_unit_test(what_is_no_run_cannot_be_resumed),
        cmocka_unit_test(a_run_is_not_made_over_another),
        cmocka_unit_test(the_configuration_is_written_again),
        cmocka_unit_test(a_run_without_an_epoch_leaves_nothing),
        cmocka_unit_test(an_epoch_is_something),
        cmocka_unit_test(what_is_half_written_is_swept_away),
    };
    return cmocka_run_group_tests_name("node/run_dir", tests, make_folder, remove_folder);
}
