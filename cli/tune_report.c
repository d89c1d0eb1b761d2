#include "cli/tune_report.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "monitor/quantity.h"

static const char *state_of(const struct trial *trial) {
    return trial->state == TRIAL_FINISHED ? "finished"
           : trial->state == TRIAL_FAILED ? "failed"
           : trial->dropped               ? "dropped"
                                          : "open";
}

static const char *value_of(const char *set) {
    return strchr(set, '=') + 1;
}

void tune_report_trial(const struct trial *trial, uint32_t count, uint32_t axes) {
    quantity rmse;
    fprintf(stderr, "trial %u/%u:", trial->number, count);
    for (uint32_t axis = 0; axis < axes; axis++)
        fprintf(stderr, " %s", trial->sets[axis]);
    if (trial->state == TRIAL_FAILED)
        fprintf(stderr, " failed: %s\n", trial->why);
    else
        fprintf(stderr, " epoch=%u/%u valid_rmse=%s\n", trial->epochs, trial->planned,
                quantity_fixed(rmse, trial->valid_rmse, 5));
}

static struct trial **sorted(const struct tune_plan *plan, struct status *status) {
    struct trial **order = memory_take_array(plan->count, sizeof(struct trial *), "trials", status);
    for (uint32_t i = 0; order != NULL && i < plan->count; i++)
        order[i] = &plan->trials[i];
    if (order != NULL)
        qsort(order, plan->count, sizeof(struct trial *), trial_compare_results);
    return order;
}

static const struct trial *best_of(struct trial *const *order, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        if (order[i]->state == TRIAL_FINISHED)
            return order[i];
    return NULL;
}

static int width_of(const struct tune_plan *plan, uint32_t axis) {
    size_t width = (size_t)(value_of(plan->trials[0].sets[axis]) - plan->trials[0].sets[axis]) - 1;
    for (uint32_t i = 0; i < plan->count; i++) {
        size_t length = strlen(value_of(plan->trials[i].sets[axis]));
        width = length > width ? length : width;
    }
    return (int)width;
}

static void print_table(const struct tune_plan *plan, struct trial *const *order) {
    printf("trial  valid_rmse  epochs  state   ");
    for (uint32_t axis = 0; axis < plan->space.count; axis++)
        printf("  %*.*s", width_of(plan, axis), (int)strcspn(plan->trials[0].sets[axis], "="),
               plan->trials[0].sets[axis]);
    puts("");
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct trial *trial = order[i];
        quantity rmse;
        printf("%5u  %10s  %6u  %-8s", trial->number,
               quantity_fixed(rmse, trial->state == TRIAL_FAILED ? (double)NAN : trial->valid_rmse, 5),
               trial->epochs, state_of(trial));
        for (uint32_t axis = 0; axis < plan->space.count; axis++)
            printf("  %*s", width_of(plan, axis), value_of(trial->sets[axis]));
        puts("");
    }
}

/* A value as a shell takes it. */
static void print_set(const char *set) {
    bool is_plain = strpbrk(set, " []{}'\"$&|;<>*?#\\") == NULL;
    printf(is_plain ? " --set %s" : " --set '%s'", set);
}

static void print_text(const struct tune_plan *plan, struct trial *const *order) {
    const struct trial *best = best_of(order, plan->count);
    print_table(plan, order);
    for (uint32_t i = 0; i < plan->count; i++)
        if (order[i]->state == TRIAL_FAILED)
            printf("trial %u failed: %s\n", order[i]->number, order[i]->why);
    if (best == NULL) {
        puts("\nno trial has been trained to its end");
        return;
    }
    printf("\nbest:");
    for (uint32_t axis = 0; axis < plan->space.count; axis++)
        print_set(best->sets[axis]);
    printf("\nits model: %s/model.dotbias\n", best->path);
}

static json_t *describe(const struct tune_plan *plan, const struct trial *trial) {
    json_t *sets = json_object();
    bool known = trial->state != TRIAL_FAILED && trial->valid_rmse == trial->valid_rmse;
    for (uint32_t axis = 0; axis < plan->space.count; axis++) {
        char option[SEARCH_TEXT_BYTES];
        snprintf(option, sizeof option, "%.*s", (int)strcspn(trial->sets[axis], "="), trial->sets[axis]);
        json_object_set_new(sets, option, json_string(value_of(trial->sets[axis])));
    }
    json_t *object =
        json_pack("{s:i, s:o, s:i, s:s, s:o, s:s}", "trial", (int)trial->number, "valid_rmse",
                  known ? json_real(trial->valid_rmse) : json_null(), "epochs", (int)trial->epochs, "state",
                  state_of(trial), "options", sets, "run", trial->path);
    if (trial->state == TRIAL_FAILED)
        json_object_set_new(object, "reason", json_string(trial->why));
    return object;
}

static bool print_json(const struct tune_plan *plan, struct trial *const *order) {
    const struct trial *best = best_of(order, plan->count);
    json_t *trials = json_array();
    for (uint32_t i = 0; i < plan->count; i++)
        json_array_append_new(trials, describe(plan, order[i]));
    json_t *object = json_pack("{s:o, s:o}", "best", best == NULL ? json_null() : json_integer(best->number),
                               "trials", trials);
    bool good = object != NULL && json_dumpf(object, stdout, JSON_INDENT(2)) == 0 && puts("") >= 0;
    json_decref(object);
    return good;
}

bool tune_report_print(const struct tune_plan *plan, bool json, struct status *status) {
    struct trial **order = sorted(plan, status);
    if (order == NULL)
        return false;
    bool good = true;
    if (json)
        good = print_json(plan, order);
    else
        print_text(plan, order);
    memory_release(order);
    return good || status_fail_errno(status, STATUS_IO, "cannot write the results");
}
