/* Are the files of keys read for what they are, and everything else refused with file, line and column? */
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

#include "net/keys.h"

struct pair {
    key_text open, secret;
};

static char folder[] = "/tmp/dotbias-keys-XXXXXX";
static struct pair pairs[ROLE_COUNT], other;

static void write_file(const char *name, const char *text, mode_t mode) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
}

static void write_list(const char *extra) {
    char list[1024];
    snprintf(list, sizeof list, "# a comment\n\ncoordinator %s\npserver\t%s\r\nworker %s\n%s", pairs[0].open,
             pairs[1].open, pairs[2].open, extra);
    write_file("public.keys", list, 0644);
}

static int make_folder(void **state) {
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    for (enum role role = 0; role < ROLE_COUNT; role++)
        keys_draw(pairs[role].open, pairs[role].secret);
    keys_draw(other.open, other.secret);
    return 0;
}

static int fill_folder(void **state) {
    (void)state;
    for (enum role role = 0; role < ROLE_COUNT; role++) {
        char name[32], line[64];
        snprintf(name, sizeof name, "%s.secret", role_name(role));
        snprintf(line, sizeof line, "%s\n", pairs[role].secret);
        write_file(name, line, 0600);
    }
    write_list("");
    return 0;
}

static int remove_folder(void **state) {
    static const char *const NAMES[] = {"coordinator.secret", "pserver.secret", "worker.secret",
                                        "public.keys"};
    char path[256];
    (void)state;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, NAMES[i]);
        unlink(path);
    }
    return rmdir(folder);
}

static void refused(enum role role, enum status_code code, const char *words) {
    struct keys keys;
    struct status status;
    assert_false(keys_load(&keys, folder, role, &status));
    keys_free(&keys);
    if (status.code != code || strstr(status.text, words) == NULL)
        fail_msg("%d: %s", (int)status.code, status.text);
}

static void each_role_knows_itself_its_servers_and_all_others(void **state) {
    (void)state;
    write_list("");
    for (enum role own = 0; own < ROLE_COUNT; own++) {
        struct keys keys;
        struct status status;
        enum role found;
        assert_true(keys_load(&keys, folder, own, &status));
        assert_string_equal(keys.own_public, pairs[own].open);
        assert_string_equal(keys.own_secret, pairs[own].secret);
        assert_string_equal(keys.servers[ROLE_COORDINATOR], pairs[ROLE_COORDINATOR].open);
        assert_string_equal(keys.servers[ROLE_PSERVER], pairs[ROLE_PSERVER].open);
        for (enum role role = 0; role < ROLE_COUNT; role++) {
            assert_true(keys_find(&keys, pairs[role].open, &found));
            assert_int_equal(found, role);
        }
        assert_false(keys_find(&keys, other.open, &found));
        keys_free(&keys);
        assert_int_equal(keys.own_secret[0], 0);
    }
}

static void many_workers_may_be_listed(void **state) {
    char line[64];
    struct keys keys;
    struct status status;
    enum role found;
    (void)state;
    snprintf(line, sizeof line, "worker %s", other.open); /* the last line has no end */
    write_list(line);
    assert_true(keys_load(&keys, folder, ROLE_COORDINATOR, &status));
    assert_true(keys_find(&keys, other.open, &found));
    assert_int_equal(found, ROLE_WORKER);
    keys_free(&keys);
}

static void a_list_that_is_none_is_named_by_line_and_column(void **state) {
    (void)state;
    write_list("woker abc\n");
    refused(ROLE_WORKER, STATUS_CONFIG,
            "public.keys:6:1: a line begins with coordinator, pserver or worker, not 'woker'");
    write_list("worker   abc\n");
    refused(ROLE_WORKER, STATUS_CONFIG,
            "public.keys:6:10: a role is followed by a public key of 40 characters, not 'abc'");
    write_list("worker\n");
    refused(ROLE_WORKER, STATUS_CONFIG, "public.keys:6:7: ");
}

static void servers_have_one_key_and_nobody_two_places(void **state) {
    char line[64];
    (void)state;
    snprintf(line, sizeof line, "pserver %s\n", other.open);
    write_list(line);
    refused(ROLE_WORKER, STATUS_CONFIG, "has 2 keys of the role pserver");
    write_file("public.keys", "", 0644);
    refused(ROLE_WORKER, STATUS_CONFIG, "has 0 keys of the role coordinator");
    snprintf(line, sizeof line, "worker %s\n", pairs[ROLE_PSERVER].open);
    write_list(line);
    refused(ROLE_WORKER, STATUS_CONFIG, "stands there twice");
}

static void a_secret_is_private_whole_and_on_the_list(void **state) {
    char line[64];
    (void)state;
    snprintf(line, sizeof line, "%s\n", pairs[ROLE_WORKER].secret);
    write_file("worker.secret", line, 0640);
    refused(ROLE_WORKER, STATUS_DENIED, "may be read or changed by others (mode 640)");
    write_file("worker.secret", "short\n", 0600);
    refused(ROLE_WORKER, STATUS_CONFIG, "worker.secret:1:1: no secret key");
    snprintf(line, sizeof line, "%s\n", other.secret);
    write_file("worker.secret", line, 0600);
    refused(ROLE_WORKER, STATUS_CONFIG, "does not list the public half of our worker.secret");
    snprintf(line, sizeof line, "%s\n", pairs[ROLE_PSERVER].secret);
    write_file("worker.secret", line, 0600);
    refused(ROLE_WORKER, STATUS_CONFIG, "as a worker");
}

static void a_missing_file_is_no_input(void **state) {
    char path[256];
    (void)state;
    snprintf(path, sizeof path, "%s/pserver.secret", folder);
    unlink(path);
    refused(ROLE_PSERVER, STATUS_NO_INPUT, "pserver.secret");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_role_knows_itself_its_servers_and_all_others, fill_folder),
        cmocka_unit_test_setup(many_workers_may_be_listed, fill_folder),
        cmocka_unit_test_setup(a_list_that_is_none_is_named_by_line_and_column, fill_folder),
        cmocka_unit_test_setup(servers_have_one_key_and_nobody_two_places, fill_folder),
        cmocka_unit_test_setup(a_secret_is_private_whole_and_on_the_list, fill_folder),
        cmocka_unit_test_setup(a_missing_file_is_no_input, fill_folder),
    };
    return cmocka_run_group_tests_name("net_keys", tests, make_folder, remove_folder);
}
