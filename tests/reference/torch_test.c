/* After 300 steps every parameter and moment equals PyTorch's, though most rows were untouched in most steps.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <stdio.h>
#include <cmocka.h>

#include "local_trainer.h"
#include "model/schedule.h"
#include "torch_fixture.h"

static const double TOLERANCE = 2e-6;

static struct local_trainer trainer_of(const struct torch_run *run) {
    struct model_spec model = {.factors = FIXTURE_FACTORS,
                               .has_bias = run->has_bias,
                               .has_range = run->has_range,
                               .range_low = FIXTURE_LOW,
                               .range_high = FIXTURE_HIGH,
                               .init_scale = FIXTURE_INIT_SCALE,
                               .seed = FIXTURE_SEED};
    struct optimiser_spec optimiser = {.kind = run->kind,
                                       .nesterov = run->nesterov,
                                       .beta1 = 0.9,
                                       .beta2 = 0.999,
                                       .epsilon = 1e-8,
                                       .weight_decay = run->weight_decay,
                                       .decay = DECAY_DENSE};
    return local_trainer_new(&model, &optimiser, FIXTURE_USERS, FIXTURE_MOVIES, FIXTURE_BATCH);
}

static struct schedule_spec schedule_of(const struct torch_run *run) {
    return (struct schedule_spec){.kind = run->cosine ? SCHEDULE_COSINE : SCHEDULE_CONSTANT,
                                  .learning_rate = run->learning_rate,
                                  .momentum = 0.9,
                                  .epochs = FIXTURE_STEPS / FIXTURE_STEPS_PER_EPOCH,
                                  .cycles = 2,
                                  .cycle_len = 4,
                                  .cycle_mult = 2};
}

static void train(struct local_trainer *trainer, const struct torch_run *run) {
    struct schedule_spec schedule = schedule_of(run);
    struct plateau_state plateau = {0};
    struct loss_sum loss = {0};
    for (size_t step = 0; step < FIXTURE_STEPS; step++) {
        struct rating batch[FIXTURE_BATCH];
        for (size_t i = 0; i < FIXTURE_BATCH; i++) {
            const double *triple = &FIXTURE_TRIPLES[3 * FIXTURE_BATCHES[step * FIXTURE_BATCH + i]];
            batch[i] = (struct rating){(uint32_t)triple[0], (uint32_t)triple[1], (float)triple[2]};
        }
        struct step_rate rate = schedule_rate(&schedule, FIXTURE_STEPS_PER_EPOCH, &plateau, step);
        local_trainer_step(trainer, batch, FIXTURE_BATCH, rate, &loss);
    }
    local_trainer_sweep(trainer);
}

/* The largest difference between rows of the trainer and rows of the fixture; padding must be 0. */
static double largest_error(const struct local_trainer *trainer, const float *ours, const double *theirs) {
    double largest = 0;
    for (size_t row = 0; theirs != NULL && row < FIXTURE_USERS + FIXTURE_MOVIES; row++)
        for (size_t column = 0; column < trainer->stride; column++) {
            double x = ours[row * trainer->stride + column];
            double y = column <= FIXTURE_FACTORS ? theirs[row * (FIXTURE_FACTORS + 1) + column] : 0;
            assert_false(isnan(x));
            largest = fmax(largest, fabs(x - y));
        }
    return largest;
}

static void every_run_equals_pytorch(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof TORCH_RUNS / sizeof TORCH_RUNS[0]; i++) {
        const struct torch_run *run = &TORCH_RUNS[i];
        struct local_trainer trainer = trainer_of(run);
        train(&trainer, run);
        double value = largest_error(&trainer, trainer.value, run->value);
        double first = largest_error(&trainer, trainer.first, run->first);
        double second = largest_error(&trainer, trainer.second, run->second);
        print_message("%-36s parameters %.1e, moments %.1e %.1e\n", run->name, value, first, second);
        assert_true(value <= TOLERANCE && first <= TOLERANCE && second <= TOLERANCE);
        local_trainer_free(&trainer);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_run_equals_pytorch)};
    return cmocka_run_group_tests_name("torch", tests, NULL, NULL);
}
