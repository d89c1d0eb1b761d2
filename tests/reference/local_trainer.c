#include "local_trainer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/memory.h"
#include "model/start.h"

static void *take(size_t count, size_t size) {
    struct status status;
    void *block = memory_take_array(count, size, "a local trainer", &status);
    assert_non_null(block);
    return block;
}

struct local_trainer local_trainer_new(const struct model_spec *model, const struct optimiser_spec *optimiser,
                                       uint32_t users, uint32_t movies, uint32_t batch) {
    struct status status;
    size_t rows = (size_t)users + movies, stride = row_stride(model->factors);
    struct local_trainer trainer = {.model = *model, .users = users, .movies = movies, .stride = stride};
    trainer.optimiser = optimiser_new(optimiser, model, 0, &status);
    assert_non_null(trainer.optimiser);
    trainer.value = take(rows * stride, sizeof(float));
    trainer.first = take(rows * stride, sizeof(float));
    trainer.second = take(rows * stride, sizeof(float));
    trainer.next_step = take(rows, sizeof *trainer.next_step);
    trainer.slot_of = take(rows, sizeof *trainer.slot_of);
    trainer.row_of = take(2 * (size_t)batch, sizeof *trainer.row_of);
    trainer.ratings = take(batch, sizeof *trainer.ratings);
    trainer.gathered = take(2 * batch * stride, sizeof(float));
    trainer.gradients = take(2 * batch * stride, sizeof(float));
    for (size_t row = 0; row < rows; row++) {
        enum table_id table = row < users ? TABLE_USERS : TABLE_MOVIES;
        start_row(model, table, (uint32_t)(row < users ? row : row - users), trainer.value + row * stride);
    }
    return trainer;
}

void local_trainer_free(struct local_trainer *trainer) {
    optimiser_free(trainer->optimiser);
    memory_release(trainer->value);
    memory_release(trainer->first);
    memory_release(trainer->second);
    memory_release(trainer->next_step);
    memory_release(trainer->slot_of);
    memory_release(trainer->row_of);
    memory_release(trainer->ratings);
    memory_release(trainer->gathered);
    memory_release(trainer->gradients);
}

static struct row_state state_of(struct local_trainer *trainer, size_t row) {
    size_t at = row * trainer->stride;
    return (struct row_state){trainer->value + at, trainer->first + at, trainer->second + at,
                              trainer->next_step + row};
}

/* The slot of a row in the step at hand; a row that has none yet is caught up and gathered. */
static uint32_t slot_for(struct local_trainer *trainer, uint32_t row, uint32_t *slots) {
    if (trainer->slot_of[row] == 0) {
        uint32_t slot = (*slots)++;
        trainer->slot_of[row] = slot + 1;
        trainer->row_of[slot] = row;
        struct row_state state = state_of(trainer, row);
        optimiser_catch_up(trainer->optimiser, state, optimiser_step(trainer->optimiser));
        memcpy(trainer->gathered + slot * trainer->stride, state.value, trainer->stride * sizeof(float));
    }
    return trainer->slot_of[row] - 1;
}

void local_trainer_step(struct local_trainer *trainer, const struct rating *ratings, uint32_t count,
                        struct step_rate rate, struct loss_sum *loss) {
    uint32_t slots = 0;
    if (optimiser_window_full(trainer->optimiser)) {
        local_trainer_sweep(trainer);
        optimiser_window_restart(trainer->optimiser);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t user = slot_for(trainer, ratings[i].user, &slots);
        uint32_t movie = slot_for(trainer, trainer->users + ratings[i].movie, &slots);
        trainer->ratings[i] = (struct slot_rating){user, movie, ratings[i].value};
    }
    journey(trainer->wire, trainer->gathered, slots, trainer->stride);
    dot_bias_gradient(&trainer->model, trainer->ratings, count, count, trainer->gathered, slots,
                      trainer->gradients, loss);
    journey(trainer->wire, trainer->gradients, slots, trainer->stride);
    optimiser_open(trainer->optimiser, rate);
    for (uint32_t slot = 0; slot < slots; slot++) {
        uint32_t row = trainer->row_of[slot];
        optimiser_apply(trainer->optimiser, state_of(trainer, row),
                        trainer->gradients + slot * trainer->stride);
        trainer->slot_of[row] = 0;
    }
}

void local_trainer_sweep(struct local_trainer *trainer) {
    for (size_t row = 0; row < (size_t)trainer->users + trainer->movies; row++)
        optimiser_catch_up(trainer->optimiser, state_of(trainer, row), optimiser_step(trainer->optimiser));
}
