/* When is a checkpoint due, and when does it count? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "coordinator/cuts.h"
#include "core/memory.h"

enum { PSERVERS = 2 };

/* An outbox that counts. */
struct sent_count {
    uint32_t cuts, jobs;
};

static void *no_body(void *world, size_t bytes) {
    (void)world;
    (void)bytes;
    return NULL;
}

static void count_send(void *world, link_id link, const struct message *message) {
    struct sent_count *tally = world;
    (void)link;
    tally->cuts += message->kind == MESSAGE_CUT;
}

static void count_job(void *world, struct job *job) {
    struct sent_count *tally = world;
    assert_int_equal(job->kind, JOB_COMMIT);
    tally->jobs++;
}

static const struct outbox_ops OPS = {.body = no_body, .send = count_send, .job = count_job};

struct scene {
    struct roster roster;
    struct cuts cuts;
    struct sent_count tally;
    struct outbox out;
};

static void make(struct scene *scene, uint64_t interval_us, uint64_t steps) {
    static const struct roster_spec SPEC = {.pservers = PSERVERS, .workers = 1};
    struct cuts_spec spec = {.possible = true,
                             .interval_us = interval_us,
                             .steps = steps,
                             .first_number = 5,
                             .pservers = PSERVERS,
                             .lanes = 1};
    struct status status;
    *scene = (struct scene){0};
    assert_true(roster_init(&scene->roster, &SPEC, &status));
    assert_true(cuts_init(&scene->cuts, &spec, &status));
    scene->out = (struct outbox){&OPS, &scene->tally};
    cuts_start(&scene->cuts, 1000);
}

static void end(struct scene *scene) {
    cuts_free(&scene->cuts);
    roster_free(&scene->roster);
    assert_int_equal(memory_blocks_held(), 0);
}

static void imaged(struct scene *scene, uint32_t pserver, uint64_t number, uint32_t code) {
    struct imaged_message message = {.number = number, .code = code, .reason = "no space left"};
    cuts_imaged(&scene->cuts, pserver, &message, 3000, &scene->out);
}

static void it_is_due_by_time_or_by_steps(void **state) {
    struct scene scene;
    (void)state;
    make(&scene, 500, 0);
    assert_false(cuts_due(&scene.cuts, 7, 1499));
    assert_true(cuts_due(&scene.cuts, 7, 1500));
    assert_true(cuts_next_step(&scene.cuts, 7) == UINT64_MAX);
    scene.cuts.spec.possible = false;
    assert_false(cuts_due(&scene.cuts, 7, 9000));
    end(&scene);
    make(&scene, 0, 10);
    assert_false(cuts_due(&scene.cuts, 7, 999999));
    assert_true(cuts_due(&scene.cuts, 20, 1000));
    assert_int_equal(cuts_next_step(&scene.cuts, 7), 10);
    assert_int_equal(cuts_next_step(&scene.cuts, 10), 20);
    end(&scene);
}

static void it_counts_when_all_have_copied_and_written_and_the_manifest_is_there(void **state) {
    struct scene scene;
    (void)state;
    make(&scene, 1, 0);
    cuts_begin(&scene.cuts, &scene.roster, 2000, &scene.out);
    assert_int_equal(scene.tally.cuts, PSERVERS);
    assert_int_equal(scene.cuts.position.number, 5);
    assert_false(cuts_due(&scene.cuts, 7, 999999));  /* one at a time */
    cuts_taken(&scene.cuts, 0, 4, 2100, &scene.out); /* of another one */
    cuts_taken(&scene.cuts, 0, 5, 2100, &scene.out);
    cuts_taken(&scene.cuts, 0, 5, 2100, &scene.out);
    assert_int_equal(scene.cuts.stage, CUT_TAKING);
    cuts_repeat(&scene.cuts, &scene.roster, &scene.out);
    assert_int_equal(scene.tally.cuts, PSERVERS + 1);
    imaged(&scene, 0, 5, STATUS_OK);
    cuts_taken(&scene.cuts, 1, 5, 2300, &scene.out);
    assert_int_equal(scene.cuts.stage, CUT_WRITING);
    assert_int_equal(scene.cuts.pause_us, 300);
    assert_int_equal(scene.tally.jobs, 0);
    imaged(&scene, 1, 5, STATUS_OK);
    assert_int_equal(scene.cuts.stage, CUT_COMMITTING);
    assert_int_equal(scene.tally.jobs, 1);
    assert_true(cuts_committed(&scene.cuts, &scene.cuts.job));
    assert_int_equal(scene.cuts.saved, 5);
    assert_int_equal(scene.cuts.stage, CUT_IDLE);
    end(&scene);
}

static void the_receipt_of_a_copy_may_be_lost(void **state) {
    struct scene scene;
    (void)state;
    make(&scene, 1, 0);
    cuts_begin(&scene.cuts, &scene.roster, 2000, &scene.out);
    cuts_taken(&scene.cuts, 0, 5, 2100, &scene.out);
    imaged(&scene, 0, 5, STATUS_OK);
    imaged(&scene, 1, 5, STATUS_OK);
    assert_int_equal(scene.cuts.stage, CUT_COMMITTING);
    end(&scene);
}

static void a_failure_drops_it_and_the_next_has_another_number(void **state) {
    struct scene scene;
    (void)state;
    make(&scene, 1, 0);
    cuts_begin(&scene.cuts, &scene.roster, 2000, &scene.out);
    imaged(&scene, 1, 5, STATUS_IO);
    imaged(&scene, 0, 5, STATUS_OK);
    assert_int_equal(scene.cuts.stage, CUT_IDLE);
    assert_int_equal(scene.tally.jobs, 0);
    assert_string_equal(scene.cuts.failure.text, "pserver 1: no space left");
    cuts_begin(&scene.cuts, &scene.roster, 4000, &scene.out);
    assert_int_equal(scene.cuts.position.number, 6);
    assert_int_equal(scene.cuts.failure.code, STATUS_OK);
    imaged(&scene, 0, 5, STATUS_IO); /* of the one before */
    imaged(&scene, 0, 6, STATUS_OK);
    imaged(&scene, 1, 6, STATUS_OK);
    scene.cuts.job.status = (struct status){STATUS_IO, "no manifest"};
    assert_false(cuts_committed(&scene.cuts, &scene.cuts.job));
    assert_int_equal(scene.cuts.saved, 0);
    assert_string_equal(scene.cuts.failure.text, "no manifest");
    end(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_due_by_time_or_by_steps),
        cmocka_unit_test(it_counts_when_all_have_copied_and_written_and_the_manifest_is_there),
        cmocka_unit_test(the_receipt_of_a_copy_may_be_lost),
        cmocka_unit_test(a_failure_drops_it_and_the_next_has_another_number),
    };
    return cmocka_run_group_tests_name("unit/cuts", tests, NULL, NULL);
}
