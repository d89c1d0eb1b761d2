/* Mode blocked in one thread and one process, rating by rating, round after round: what a cluster must compute, without
 * one. Nothing of the engines and nothing of the kernel is used, but the sigmoid. */
#ifndef TESTS_REFERENCE_BLOCKED_TRAINER_H
#define TESTS_REFERENCE_BLOCKED_TRAINER_H

#include "core/rating.h"
#include "data/blocks.h"
#include "model/schedule.h"
#include "model/spec.h"

struct blocked_rule {
    struct model_spec model;
    struct schedule_spec schedule; /* one that does not ask for the loss */
    bool adagrad;                  /* row by row; else sgd */
    float decay, epsilon;
    enum wire_format wire; /* of strata on their way */
};

/* A table with all its rows. */
struct blocked_table {
    uint32_t rows;
    float *values;   /* [rows][stride], factors, then the bias, then padding */
    float *velocity; /* [rows][stride] */
    float *sums;     /* [rows], of squared gradients */
};

struct blocked_trainer {
    struct blocked_rule rule;
    const struct blocks *blocks;
    struct blocked_table tables[TABLE_COUNT];
    double train_loss; /* of the last epoch */
};

/* Rows start as start_row says. blocks are borrowed. */
struct blocked_trainer blocked_trainer_new(const struct blocked_rule *rule, const struct blocks *blocks);
void blocked_trainer_free(struct blocked_trainer *trainer);

/* All rounds of an epoch. */
void blocked_trainer_epoch(struct blocked_trainer *trainer, uint32_t epoch);

/* Of all rows, as a run reports it. */
uint64_t blocked_trainer_digest(const struct blocked_trainer *trainer);

#endif
