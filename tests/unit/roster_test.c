/* Who may join, who is missing, who is lost? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/roster.h"
#include "core/memory.h"

static const struct roster_spec SPEC = {
    .pservers = 2, .workers = 2, .config_digest = 11, .data_digest = 22, .silence_us = 1000, .beat_us = 100};

static struct roster make(void) {
    struct roster roster;
    struct status status;
    assert_true(roster_init(&roster, &SPEC, &status));
    return roster;
}

static struct hello_message hello_of(enum role role, uint32_t index) {
    return (struct hello_message){.protocol = PROTOCOL_VERSION,
                                  .role = role,
                                  .index = index,
                                  .config_digest = 11,
                                  .data_digest = role == ROLE_WORKER ? 22 : 0,
                                  .incarnation = 100 + index,
                                  .pid = 4242,
                                  .host = "a",
                                  .endpoint = "tcp://a:1"};
}

static enum admission judge_at(struct roster *roster, const struct hello_message *hello, link_id link,
                               uint64_t now_us, struct seat **seat, struct status *status) {
    struct message message = {.kind = MESSAGE_HELLO, .hello = *hello};
    struct event event = {.kind = EVENT_MESSAGE, .now_us = now_us, .link = link, .message = &message};
    *status = (struct status){STATUS_OK, ""};
    enum admission admission = roster_judge(roster, &event, seat, status);
    if (admission == ADMISSION_NEW)
        roster_seat(roster, *seat, &event);
    return admission;
}

static enum admission judge(struct roster *roster, const struct hello_message *hello, link_id link,
                            struct status *status) {
    struct seat *seat;
    return judge_at(roster, hello, link, 50, &seat, status);
}

static struct seat *admit(struct roster *roster, const struct hello_message *hello, link_id link) {
    struct seat *seat;
    struct status status;
    assert_int_equal(judge_at(roster, hello, link, 50, &seat, &status), ADMISSION_NEW);
    return seat;
}

static void everybody_finds_a_seat(void **state) {
    struct roster roster = make();
    (void)state;
    for (link_id link = 1; link <= 4; link++) {
        struct hello_message hello = hello_of(link <= 2 ? ROLE_PSERVER : ROLE_WORKER, (link - 1) % 2);
        struct seat *seat = admit(&roster, &hello, link);
        assert_ptr_equal(seat, roster_find(&roster, link));
        assert_int_equal(roster.joined, link);
    }
    assert_null(roster_find(&roster, 5));
    assert_false(roster_pservers_ready(&roster));
    roster_pserver(&roster, 0)->ready = true;
    assert_false(roster_pservers_ready(&roster));
    roster_pserver(&roster, 1)->ready = true;
    assert_true(roster_pservers_ready(&roster));
    assert_int_equal(roster_ready_workers(&roster), 0);
    roster_worker(&roster, 1)->ready = true;
    assert_int_equal(roster_ready_workers(&roster), 1);
    roster_clear(&roster, roster_worker(&roster, 1));
    assert_int_equal(roster_ready_workers(&roster), 0);
    assert_int_equal(roster.joined, 3);
    assert_null(roster_find(&roster, 4));
    roster_free(&roster);
    assert_int_equal(memory_blocks_held(), 0);
}

static void refused(const struct hello_message *hello, enum status_code code, const char *sentence) {
    struct roster roster = make();
    struct status status;
    struct hello_message first = hello_of(ROLE_PSERVER, 0);
    admit(&roster, &first, 1);
    assert_int_equal(judge(&roster, hello, 2, &status), ADMISSION_REFUSED);
    assert_int_equal(status.code, code);
    if (strstr(status.text, sentence) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", status.text, sentence);
    assert_int_equal(roster.joined, 1);
    assert_null(roster_find(&roster, 2));
    roster_free(&roster);
}

static void those_who_do_not_fit_are_told_why(void **state) {
    struct hello_message hello = hello_of(ROLE_PSERVER, 1);
    (void)state;
    hello.protocol = PROTOCOL_VERSION + 1;
    refused(&hello, STATUS_PROTOCOL, "pserver 1 speaks protocol ");
    hello = hello_of(ROLE_COORDINATOR, 0);
    refused(&hello, STATUS_PROTOCOL, "a coordinator cannot join");
    hello = hello_of(ROLE_PSERVER, 1);
    hello.config_digest = 12;
    refused(&hello, STATUS_PROTOCOL, "another configuration");
    hello = hello_of(ROLE_WORKER, 1);
    hello.wire = WIRE_FLOAT16;
    hello.config_digest = 12; /* as it then has to be: the nearer reason is told */
    refused(&hello, STATUS_PROTOCOL,
            "worker 1 on a sends rows as float16, the coordinator was told float32: train.wire differs");
    hello = hello_of(ROLE_PSERVER, 2);
    refused(&hello, STATUS_CONFIG, "there is no pserver 2: the configuration has 2");
    hello = hello_of(ROLE_WORKER, 65535);
    refused(&hello, STATUS_CONFIG, "there is no worker 65535");
    hello = hello_of(ROLE_WORKER, 1);
    hello.data_digest = 23;
    refused(&hello, STATUS_PROTOCOL, "another ratings set");
    hello = hello_of(ROLE_PSERVER, 1);
    hello.endpoint[0] = '\0';
    refused(&hello, STATUS_PROTOCOL, "does not say where it listens");
}

static void a_seat_is_taken_over_when_its_process_is_dead(void **state) {
    struct roster roster = make();
    struct status status;
    struct hello_message first = hello_of(ROLE_WORKER, 0), second = first;
    (void)state;
    struct seat *seat = admit(&roster, &first, 1), *place;
    second.incarnation++;
    second.pid++;
    assert_int_equal(judge_at(&roster, &second, 2, 100, &place, &status), ADMISSION_WAITS);
    assert_int_equal(judge_at(&roster, &second, 2, 340, &place, &status), ADMISSION_WAITS);
    assert_int_equal(judge_at(&roster, &second, 2, 351, &place, &status), ADMISSION_REPLACES);
    assert_ptr_equal(place, seat);
    seat->heard_us = 345; /* after the rival came */
    assert_int_equal(judge_at(&roster, &second, 2, 351, &place, &status), ADMISSION_REFUSED);
    assert_int_equal(status.code, STATUS_DENIED);
    assert_non_null(strstr(status.text, "worker 0 (pid 4242 on a) is already there"));
    second.replaces = 4242; /* its parent knows better */
    assert_int_equal(judge_at(&roster, &second, 2, 351, &place, &status), ADMISSION_REPLACES);
    snprintf(second.host, sizeof second.host, "b"); /* another host's 4242 */
    assert_int_equal(judge_at(&roster, &second, 2, 351, &place, &status), ADMISSION_REFUSED);
    roster_free(&roster);
}

static void a_greeting_may_be_repeated_but_a_link_has_one_seat(void **state) {
    struct roster roster = make();
    struct status status;
    struct hello_message hello = hello_of(ROLE_PSERVER, 0), other = hello_of(ROLE_PSERVER, 1);
    (void)state;
    struct seat *seat = admit(&roster, &hello, 1);
    assert_int_equal(judge(&roster, &hello, 1, &status), ADMISSION_REPEATED);
    assert_int_equal(judge(&roster, &hello, 7, &status), ADMISSION_REPEATED);
    assert_int_equal(roster.joined, 1);
    seat->link = 7;
    assert_int_equal(judge(&roster, &other, 7, &status), ADMISSION_REFUSED);
    assert_int_equal(status.code, STATUS_DENIED);
    assert_false(roster_pserver(&roster, 1)->joined);
    roster_free(&roster);
}

/* Its HELLO says so by replacing itself. */
static void one_that_comes_back_has_its_seat_unless_it_was_given_up(void **state) {
    struct roster roster = make();
    struct status status;
    struct hello_message hello = hello_of(ROLE_WORKER, 0), other = hello;
    (void)state;
    struct seat *seat = admit(&roster, &hello, 1), *place;
    hello.replaces = hello.pid;
    assert_int_equal(judge_at(&roster, &hello, 2, 100, &place, &status), ADMISSION_REPEATED);
    assert_ptr_equal(place, seat);
    roster_clear(&roster, seat);
    assert_int_equal(judge(&roster, &hello, 3, &status), ADMISSION_REFUSED);
    assert_int_equal(status.code, STATUS_UNAVAILABLE);
    assert_non_null(strstr(status.text, "has given this process up"));
    other.incarnation++; /* another sits there now, silent or not */
    admit(&roster, &other, 4);
    assert_int_equal(judge_at(&roster, &hello, 3, 5000, &place, &status), ADMISSION_REFUSED);
    assert_int_equal(status.code, STATUS_UNAVAILABLE);
    roster_free(&roster);
}

static void silence_is_noticed_when_it_is_too_long(void **state) {
    struct roster roster = make();
    struct hello_message hello = hello_of(ROLE_WORKER, 1);
    (void)state;
    assert_null(roster_lost(&roster, 1000000));
    struct seat *seat = admit(&roster, &hello, 3);
    assert_null(roster_lost(&roster, 50 + 1000));
    assert_ptr_equal(roster_lost(&roster, 50 + 1001), seat);
    seat->heard_us = 2000;
    assert_null(roster_lost(&roster, 3000));
    roster_free(&roster);
}

static void the_missing_are_listed_and_the_list_is_cut(void **state) {
    struct roster roster = make();
    struct hello_message hello = hello_of(ROLE_PSERVER, 0);
    char text[200], small[20];
    (void)state;
    roster_missing(&roster, text, sizeof text);
    assert_string_equal(text, "2 of 2 pservers: index 0 not seen, index 1 not seen; "
                              "2 of 2 workers: index 0 not seen, index 1 not seen");
    admit(&roster, &hello, 1)->ready = true;
    hello = hello_of(ROLE_WORKER, 1);
    admit(&roster, &hello, 2);
    roster_missing(&roster, text, sizeof text);
    assert_string_equal(text, "1 of 2 pservers: index 1 not seen; 2 of 2 workers: index 0 not seen, "
                              "index 1 not ready");
    roster_missing(&roster, small, sizeof small);
    assert_string_equal(small, "1 of 2 pservers: in");
    roster_free(&roster);
}

static void beat(const struct roster *roster, struct seat *seat, struct heartbeat_message counters,
                 uint64_t now_us) {
    static const union beat_tallies TALLIES;
    struct message message = {.kind = MESSAGE_HEARTBEAT, .heartbeat = counters};
    struct status status;
    message.body = &TALLIES;
    message.body_bytes = sizeof TALLIES;
    assert_true(roster_heartbeat(roster, seat, &message, now_us, &status));
    message.body_bytes--;
    assert_false(roster_heartbeat(roster, seat, &message, now_us, &status));
}

static void progress_is_the_difference_of_two_heartbeats(void **state) {
    struct roster roster = make();
    struct hello_message hello = hello_of(ROLE_PSERVER, 1);
    struct shard_progress shards[2];
    struct worker_progress workers[2];
    struct progress_report report;
    (void)state;
    struct seat *pserver = admit(&roster, &hello, 1);
    hello = hello_of(ROLE_WORKER, 0);
    struct seat *worker = admit(&roster, &hello, 2);
    beat(&roster, pserver, (struct heartbeat_message){.step = 10, .pulls = 100, .pushes = 40}, 500000);
    beat(&roster, pserver, (struct heartbeat_message){.step = 20, .pulls = 300, .pushes = 60}, 1000000);
    beat(&roster, worker, (struct heartbeat_message){.step = 4, .ratings = 10, .lanes = 2}, 500000);
    beat(&roster, worker, (struct heartbeat_message){.step = 8, .ratings = 60, .lanes = 2}, 1000000);
    pserver->heard_us = worker->heard_us = 1000000;
    roster_progress(&roster, 1000100, shards, workers, &report);
    assert_int_equal(report.pservers_up, 1);
    assert_int_equal(report.workers_up, 1);
    assert_int_equal(report.pserver_count, 2);
    assert_false(shards[0].up);
    assert_true(shards[1].up && shards[1].step == 20);
    assert_true(shards[1].pulls_per_second == 400 && shards[1].pushes_per_second == 40);
    assert_true(workers[0].ratings_per_second == 100 && report.ratings_per_second == 100);
    assert_int_equal(workers[0].step, 4);
    assert_int_equal(workers[1].step, 0);
    roster_free(&roster);
}

static void measure(const struct roster *roster, uint64_t now_us, struct shard_progress shards[2],
                    struct worker_progress workers[2]) {
    struct progress_report report;
    roster_progress(roster, now_us, shards, workers, &report);
}

/* The heartbeat at the end of an epoch comes when it comes: rates are still those of half a heartbeat or more. */
static void a_heartbeat_that_follows_at_once_replaces_the_last(void **state) {
    struct roster roster = make();
    struct hello_message hello = hello_of(ROLE_PSERVER, 0);
    struct shard_progress shards[2];
    struct worker_progress workers[2];
    (void)state;
    roster.spec.beat_us = 500000;
    struct seat *seat = admit(&roster, &hello, 1);
    beat(&roster, seat, (struct heartbeat_message){.pulls = 100, .busy_us = 1000}, 500000);
    measure(&roster, 500000, shards, workers);
    assert_in_range(shards[0].pulls_per_second, 200, 201);
    beat(&roster, seat, (struct heartbeat_message){.pulls = 300, .busy_us = 101000}, 1000000);
    beat(&roster, seat, (struct heartbeat_message){.pulls = 301, .busy_us = 101000}, 1000010);
    measure(&roster, 1000010, shards, workers);
    assert_int_equal(shards[0].pulls, 301);
    assert_in_range(shards[0].pulls_per_second, 401, 402);
    assert_true(shards[0].busy > 0.199 && shards[0].busy < 0.2);
    beat(&roster, seat, (struct heartbeat_message){.pulls = 401, .busy_us = 9101000}, 1500010);
    measure(&roster, 1500010, shards, workers);
    assert_in_range(shards[0].pulls_per_second, 201, 202);
    assert_true(shards[0].busy == 1);
    roster_free(&roster);
}

/* Short epochs: one heartbeat after the other, none of them half an interval after the last. */
static void rates_go_on_when_heartbeats_come_thick(void **state) {
    struct roster roster = make();
    struct hello_message hello = hello_of(ROLE_PSERVER, 0);
    struct shard_progress shards[2];
    struct worker_progress workers[2];
    (void)state;
    roster.spec.beat_us = 500000;
    struct seat *seat = admit(&roster, &hello, 1);
    for (uint64_t i = 1; i <= 100; i++)
        beat(&roster, seat, (struct heartbeat_message){.pulls = 30 * i}, 30000 * i);
    measure(&roster, 3000000, shards, workers);
    assert_in_range(shards[0].pulls_per_second, 999, 1001);
    roster_free(&roster);
}

static void who_was_there_is_remembered(void **state) {
    struct roster roster = make();
    struct hello_message hello = hello_of(ROLE_WORKER, 1);
    struct shard_progress shards[2];
    struct worker_progress workers[2];
    (void)state;
    measure(&roster, 10, shards, workers);
    assert_true(!workers[1].up && !workers[1].member.lost && isnan(workers[1].member.silent_seconds));
    assert_string_equal(workers[1].member.host, "");
    strcpy(hello.page, "127.0.0.1:9");
    struct seat *seat = admit(&roster, &hello, 3);
    seat->heard_us = 1000;
    measure(&roster, 1500, shards, workers);
    assert_true(workers[1].member.up && !workers[1].member.lost && workers[1].member.joined == 1);
    assert_string_equal(workers[1].member.page, "127.0.0.1:9");
    assert_true(workers[1].member.silent_seconds == 5e-4);
    roster_clear(&roster, seat);
    measure(&roster, 3000, shards, workers);
    assert_true(!workers[1].up && workers[1].member.lost && workers[1].member.joined == 1);
    assert_int_equal(workers[1].member.pid, hello.pid);
    assert_true(workers[1].member.silent_seconds == 2e-3);
    admit(&roster, &hello, 4);
    measure(&roster, 3000, shards, workers);
    assert_int_equal(workers[1].member.joined, 2);
    roster_free(&roster);
}

static void quantiles_are_those_between_two_heartbeats(void **state) {
    struct roster roster = make();
    struct hello_message hello = hello_of(ROLE_PSERVER, 0);
    struct shard_progress shards[2];
    struct worker_progress workers[2];
    union beat_tallies tallies = {0};
    struct message message = {.kind = MESSAGE_HEARTBEAT, .body = &tallies, .body_bytes = sizeof tallies};
    struct status status;
    (void)state;
    struct seat *seat = admit(&roster, &hello, 1);
    for (int i = 0; i < 1000; i++)
        tally_add(&tallies.pull_us, 4000);
    tally_add(&tallies.staleness, 9);
    assert_true(roster_heartbeat(&roster, seat, &message, 500000, &status));
    for (int i = 0; i < 100; i++) {
        tally_add(&tallies.pull_us, i < 98 ? 16 : 1000);
        tally_add(&tallies.staleness, 1);
    }
    assert_true(roster_heartbeat(&roster, seat, &message, 1000000, &status));
    measure(&roster, 1000000, shards, workers);
    assert_in_range(shards[0].pull_p50_us, 9, 16);
    assert_in_range(shards[0].pull_p99_us, 513, 1024);
    assert_int_equal(tally_count(&shards[0].pull_us), 1100);
    assert_true(shards[0].staleness_p50 <= 1 && shards[0].staleness_most == 9);
    assert_true(shards[0].apply_p99_us == 0);
    roster_free(&roster);
}

/* Only those that hold lanes can be behind, and each is compared with where the other stood at the same moment: worker 0
 * makes 40 steps in half a second, worker 1 speaks in the middle of that. */
static void a_worker_lags_behind_the_furthest(void **state) {
    struct roster roster = make();
    struct shard_progress shards[2];
    struct worker_progress workers[2];
    (void)state;
    roster.spec.silence_us = 2000000;
    for (uint32_t i = 0; i < 2; i++) {
        struct hello_message hello = hello_of(ROLE_WORKER, i);
        admit(&roster, &hello, 2 + i);
    }
    beat(&roster, roster_worker(&roster, 0), (struct heartbeat_message){.step = 80, .lanes = 2}, 500000);
    beat(&roster, roster_worker(&roster, 1), (struct heartbeat_message){.step = 55, .lanes = 1}, 750000);
    measure(&roster, 750000, shards, workers);
    assert_int_equal(workers[0].lag, 0);
    assert_int_equal(workers[1].lag, 0);
    beat(&roster, roster_worker(&roster, 0), (struct heartbeat_message){.step = 160, .lanes = 2}, 1000000);
    measure(&roster, 1000000, shards, workers);
    assert_int_equal(workers[0].lag, 0);
    assert_int_equal(workers[1].lag, 5);
    beat(&roster, roster_worker(&roster, 1), (struct heartbeat_message){.step = 0, .lanes = 0}, 1250000);
    measure(&roster, 1250000, shards, workers);
    assert_int_equal(workers[1].lag, 0);
    roster_free(&roster);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_finds_a_seat),
        cmocka_unit_test(those_who_do_not_fit_are_told_why),
        cmocka_unit_test(a_seat_is_taken_over_when_its_process_is_dead),
        cmocka_unit_test(a_greeting_may_be_repeated_but_a_link_has_one_seat),
        cmocka_unit_test(one_that_comes_back_has_its_seat_unless_it_was_given_up),
        cmocka_unit_test(silence_is_noticed_when_it_is_too_long),
        cmocka_unit_test(the_missing_are_listed_and_the_list_is_cut),
        cmocka_unit_test(progress_is_the_difference_of_two_heartbeats),
        cmocka_unit_test(a_heartbeat_that_follows_at_once_replaces_the_last),
        cmocka_unit_test(rates_go_on_when_heartbeats_come_thick),
        cmocka_unit_test(who_was_there_is_remembered),
        cmocka_unit_test(quantiles_are_those_between_two_heartbeats),
        cmocka_unit_test(a_worker_lags_behind_the_furthest),
    };
    return cmocka_run_group_tests_name("unit/roster", tests, NULL, NULL);
}
