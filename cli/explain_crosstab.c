/* dotbias explain crosstab. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "analysis/crosstab.h"
#include "analysis/evaluation.h"
#include "cli/explain.h"

enum { SIDE = 15 };

static const char MEANING[] =
    "CROSSTAB\n\n"
    "The lesson's table shows the 15 users and the 15 movies with the most ratings:\n"
    "the rows that the model knows best. Its error is not the model's, for three\n"
    "reasons. Most of its cells were learnt from; its rows have hundreds of ratings\n"
    "each, others have one; and it is small, so that chance moves its RMSE. Compare\n"
    "like with like: validation cells with validation ratings.\n";

/* The errors of training or of validation ratings. */
struct errors {
    struct loss_sum table, all;
};

struct answer {
    struct errors train, valid;
    double table_row, all_row; /* mean training ratings of a user in the table, and of all */
    double table_movie, all_movie;
};

/* evaluation_run looks at the validation ratings: here also with the training ratings in their place. */
static bool evaluate(const struct explain_subject *subject, const struct packed_set *set,
                     struct loss_sum *all, struct status *status) {
    const struct model_file *model = &subject->finished->model;
    struct popularity popularity;
    struct evaluation evaluation;
    if (!popularity_sort(&popularity, model->movie_counts, model->movies, status))
        return false;
    bool good = evaluation_run(&evaluation, &subject->finished->predictor, &popularity, set, status);
    popularity_free(&popularity);
    if (good)
        *all = evaluation.all;
    return good;
}

static double mean_of(const struct crosstab_line *lines, uint32_t count) {
    double sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += lines[i].count;
    return count > 0 ? sum / count : 0;
}

static bool ask(const struct explain_subject *subject, struct answer *answer, struct status *status) {
    const struct packed_set *set = &subject->finished->set;
    struct packed_set learnt = *set;
    struct crosstab table;
    double ratings = (double)(set->train_count + set->valid_count);
    learnt.valid = set->train;
    learnt.valid_count = set->train_count;
    if (!evaluate(subject, set, &answer->valid.all, status) ||
        !evaluate(subject, &learnt, &answer->train.all, status) ||
        !crosstab_make(&table, set, &subject->finished->predictor, SIDE, SIDE, status))
        return false;
    answer->train.table = table.train;
    answer->valid.table = table.valid;
    answer->table_row = mean_of(table.users, table.user_count);
    answer->table_movie = mean_of(table.movies, table.movie_count);
    answer->all_row = ratings / set->users;
    answer->all_movie = ratings / set->movies;
    crosstab_free(&table);
    return true;
}

/* Of n errors, as if they were normal: rmse / sqrt(2n). */
static double chance_of(const struct loss_sum *sum, double rmse) {
    return rmse / sqrt(2 * (double)sum->count);
}

static void print_line(const char *what, const struct loss_sum *sum) {
    struct metrics metrics;
    printf("  %-28s %9" PRIu64, what, sum->count);
    if (evaluation_metrics(sum, &metrics))
        printf("  %8.4f  +- %.4f\n", metrics.rmse, chance_of(sum, metrics.rmse));
    else
        puts("         -");
}

static void add_json(json_t *numbers, const char *name, const struct loss_sum *sum) {
    struct metrics metrics;
    json_t *object = json_pack("{s:I}", "ratings", (json_int_t)sum->count);
    if (evaluation_metrics(sum, &metrics)) {
        json_object_set_new(object, "rmse", json_real(metrics.rmse));
        json_object_set_new(object, "chance", json_real(chance_of(sum, metrics.rmse)));
    }
    json_object_set_new(numbers, name, object);
}

static void add_all(json_t *numbers, const struct answer *answer) {
    add_json(numbers, "train_table", &answer->train.table);
    add_json(numbers, "train_all", &answer->train.all);
    add_json(numbers, "valid_table", &answer->valid.table);
    add_json(numbers, "valid_all", &answer->valid.all);
}

/* What of the three reasons is at work, by the numbers. */
static void print_reading(const struct answer *answer) {
    struct metrics table, all;
    printf("\nA user of the table has %.0f ratings (all users: %.0f), a movie %.0f (all: %.1f).\n",
           answer->table_row, answer->all_row, answer->table_movie, answer->all_movie);
    if (!evaluation_metrics(&answer->valid.table, &table) || !evaluation_metrics(&answer->valid.all, &all))
        return;
    double apart = table.rmse - all.rmse, chance = chance_of(&answer->valid.table, table.rmse);
    printf("On ratings it has not seen, the model is %s in the table by %.4f:\n%s\n",
           apart < 0 ? "better" : "worse", fabs(apart),
           fabs(apart) < 2 * chance ? "within chance (two of the +-)."
           : apart < 0              ? "more ratings, better rows."
                                    : "these users' tastes are harder to tell.");
}

static void print(const struct answer *answer) {
    printf("\n  %-28s %9s  %8s\n", "", "ratings", "RMSE");
    print_line("training, in the table", &answer->train.table);
    print_line("training, all", &answer->train.all);
    print_line("validation, in the table", &answer->valid.table);
    print_line("validation, all", &answer->valid.all);
    print_reading(answer);
    puts("\nThe +- is what chance does to an RMSE of so few ratings, rmse/sqrt(2n).\n"
         "`dotbias crosstab RUN` prints the table itself.");
}

bool explain_crosstab(const struct explain_subject *subject, const struct explain_page *page,
                      struct status *status) {
    struct answer answer;
    bool has_run = subject->finished != NULL;
    if (has_run && !subject->finished->has_set) {
        *status = subject->finished->why_no_set;
        return false;
    }
    if (has_run && !ask(subject, &answer, status))
        return false;
    if (page->prints)
        fputs(MEANING, stdout);
    if (has_run)
        add_all(page->numbers, &answer);
    if (has_run && page->prints)
        print(&answer);
    else if (page->prints)
        puts("\nWith a run, `dotbias explain crosstab RUN` measures the table and the rest.");
    return true;
}
