/* dotbias explain decay. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "analysis/row_norms.h"
#include "cli/explain.h"
#include "config/table.h"

static const uint64_t EXAMPLE_RATINGS[] = {0, 1, 3, 10, 30, 100, 300};
enum { EXAMPLES = sizeof EXAMPLE_RATINGS / sizeof EXAMPLE_RATINGS[0] };
static const char *const WAYS[DECAY_WAYS] = {"coupled", "decoupled", "touched"};

static void print_dose(const struct explain_subject *subject, const struct decay_dose *dose) {
    const struct config *config = &subject->config;
    char optimiser[32], decay[32], schedule[32];
    explain_choice(OPTION_train_optimiser, config->train_optimiser, optimiser);
    explain_choice(OPTION_train_decay, config->train_decay, decay);
    explain_choice(OPTION_schedule_kind, config->schedule_kind, schedule);
    printf("WEIGHT DECAY\n\n"
           "Decay takes from a row what its ratings do not put back. The dose is the sum of\n"
           "lr*wd over all steps: decoupled decay leaves about exp(-dose) of a row that\n"
           "nothing else moves.\n\n"
           "  rule          %s, %s decay, %s\n"
           "  weight decay  %g\n",
           optimiser, config->train_optimiser == OPTIMISER_ADAMW ? "decoupled" : "coupled", decay,
           config->train_weight_decay);
    printf("  rates         %s, %" PRIu64 " steps: %.3g first, %.3g at most, %.3g last\n"
           "  dose          %.4g, the rates' sum %.4g times %g\n"
           "  left          %.4g %% of an untouched row, if decay is decoupled\n",
           schedule, dose->steps, dose->rate_first, dose->rate_most, dose->rate_last, dose->dose,
           dose->rate_sum, config->train_weight_decay, 100 * dose->kept);
    if (config->schedule_kind == SCHEDULE_PLATEAU)
        puts("  no drop of the plateau schedule is counted: they depend on the losses");
}

/* What five decimals can show: no minus before a zero. */
static double shown(double value) {
    return fabs(value) < 5e-6 ? 0 : value;
}

static void print_example(const struct decay_run *run, double ends[EXAMPLES][DECAY_WAYS]) {
    printf("\nThree ways through these steps: a weight that starts at %g, and ratings,\n"
           "evenly spread, that each pull it towards 1 with the gradient 2/%" PRIu32 " (w - 1).\n\n"
           "  ratings     coupled   decoupled     touched\n",
           run->start, run->batch);
    for (int i = 0; i < EXAMPLES; i++)
        printf("  %7" PRIu64 "  %10.5f  %10.5f  %10.5f\n", EXAMPLE_RATINGS[i], shown(ends[i][DECAY_COUPLED]),
               shown(ends[i][DECAY_DECOUPLED]), shown(ends[i][DECAY_WHEN_TOUCHED]));
    bool has_moments = run->optimiser.kind == OPTIMISER_ADAM || run->optimiser.kind == OPTIMISER_ADAMW;
    if (has_moments)
        puts("\nCoupled, Adam divides decay by its own size as it does with any gradient: a row\n"
             "without ratings loses about lr in every step, however small wd is, until it is\n"
             "near 0. Decoupled it loses the dose, touched nothing.");
    else
        puts("\nCoupled decay goes through momentum, which makes the dose 1/(1-momentum) times\n"
             "as strong; decoupled it does not; touched rows lose only when they are rated.");
}

static void print_norm(const struct row_norms *norms, unsigned bucket) {
    uint64_t rows = norms->buckets[bucket].rows;
    if (rows == 0)
        printf("  %7s  %10s", "-", "-");
    else
        printf("  %7" PRIu64 "  %10.4f", rows, norms->buckets[bucket].norm_sum / (double)rows);
}

/* One line for each bucket that has a movie or a user. */
static void print_norms(const struct row_norms norms[TABLE_COUNT], double start) {
    printf("\nMean length of this run's embeddings (they started at about %.3f):\n\n"
           "        ratings   movies    mean |q|    users    mean |p|\n",
           start);
    for (unsigned bucket = 0; bucket < ROW_NORM_BUCKETS; bucket++) {
        uint32_t least = row_norms_least(bucket);
        char range[32];
        if (norms[TABLE_MOVIES].buckets[bucket].rows + norms[TABLE_USERS].buckets[bucket].rows == 0)
            continue;
        snprintf(range, sizeof range, bucket < 2 ? "%u" : "%u-%u", least, 2 * least - 1);
        printf("  %13s", range);
        print_norm(&norms[TABLE_MOVIES], bucket);
        print_norm(&norms[TABLE_USERS], bucket);
        putchar('\n');
    }
}

static json_t *norms_json(const struct row_norms *norms) {
    json_t *list = json_array();
    for (unsigned bucket = 0; bucket < ROW_NORM_BUCKETS; bucket++)
        if (norms->buckets[bucket].rows > 0)
            json_array_append_new(
                list, json_pack("{s:I, s:I, s:f}", "ratings_least", (json_int_t)row_norms_least(bucket),
                                "rows", (json_int_t)norms->buckets[bucket].rows, "mean_norm",
                                norms->buckets[bucket].norm_sum / (double)norms->buckets[bucket].rows));
    return list;
}

static void add_norms(const struct explain_subject *subject, const struct explain_page *page) {
    const struct model_file *model = &subject->finished->model;
    struct row_norms norms[TABLE_COUNT];
    double start = row_norms_start(&model->spec);
    row_norms_measure(&norms[TABLE_USERS], model, TABLE_USERS);
    row_norms_measure(&norms[TABLE_MOVIES], model, TABLE_MOVIES);
    json_object_set_new(page->numbers, "start_norm", json_real(start));
    json_object_set_new(page->numbers, "movies", norms_json(&norms[TABLE_MOVIES]));
    json_object_set_new(page->numbers, "users", norms_json(&norms[TABLE_USERS]));
    if (page->prints)
        print_norms(norms, start);
}

static bool add_dose(const struct explain_subject *subject, const struct explain_page *page,
                     struct status *status) {
    struct decay_run run = explain_run(subject);
    struct decay_dose dose = decay_dose_of(&run);
    double ends[EXAMPLES][DECAY_WAYS];
    json_t *examples = json_array();
    for (int i = 0; i < EXAMPLES; i++) {
        if (!decay_example(&run, EXAMPLE_RATINGS[i], ends[i], status)) {
            json_decref(examples);
            return false;
        }
        json_t *line = json_pack("{s:I}", "ratings", (json_int_t)EXAMPLE_RATINGS[i]);
        for (int way = 0; way < DECAY_WAYS; way++)
            json_object_set_new(line, WAYS[way], json_real(ends[i][way]));
        json_array_append_new(examples, line);
    }
    json_object_set_new(page->numbers, "weight_decay", json_real(run.optimiser.weight_decay));
    json_object_set_new(page->numbers, "steps", json_integer((json_int_t)dose.steps));
    json_object_set_new(page->numbers, "rate_sum", json_real(dose.rate_sum));
    json_object_set_new(page->numbers, "dose", json_real(dose.dose));
    json_object_set_new(page->numbers, "kept", json_real(dose.kept));
    json_object_set_new(page->numbers, "examples", examples);
    if (page->prints) {
        print_dose(subject, &dose);
        print_example(&run, ends);
    }
    return true;
}

bool explain_decay(const struct explain_subject *subject, const struct explain_page *page,
                   struct status *status) {
    if (explain_has_steps(subject) && !add_dose(subject, page, status))
        return false;
    if (!explain_has_steps(subject) && page->prints)
        puts("WEIGHT DECAY\n\n"
             "This run has no common steps, by which a dose could be counted: in mode blocked\n"
             "the penalty is paid at each rating, with ssp and asp each lane is a step.");
    if (subject->finished != NULL)
        add_norms(subject, page);
    else if (page->prints)
        puts("\nWith a run, `dotbias explain decay RUN` also shows how long its rows became.");
    return true;
}
