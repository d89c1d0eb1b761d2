#include "analysis/workbook_step_lines.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/contract.h"

/* The word in a name or formula that says whose number it is. */
struct side {
    const char *word;    /* "user" */
    const char *heading; /* of its lines */
    const char *sum_label;
    size_t at; /* its row in the numbers' arrays */
};

static struct step_line *add(struct step_lines *lines, const char *label) {
    REQUIRE(lines->count < STEP_LINES_MAX, "more lines than the step has room for");
    struct step_line *line = &lines->lines[lines->count++];
    *line = (struct step_line){.label = label};
    return line;
}

/* name may be NULL; `format` prints the formula. */
static void add_line(struct step_lines *lines, const char *label, const char *name, double value,
                     const char *format, ...) __attribute__((format(printf, 5, 6)));
static void add_line(struct step_lines *lines, const char *label, const char *name, double value,
                     const char *format, ...) {
    struct step_line *line = add(lines, label);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line->formula, sizeof line->formula, format, arguments);
    va_end(arguments);
    snprintf(line->name, sizeof line->name, "%s", name != NULL ? name : "");
    line->value = value;
}

/* The same for a line of one side: its name is step_<side>_<what>. */
static void name_line(struct step_lines *lines, const struct side *side, const char *what) {
    struct step_line *line = &lines->lines[lines->count - 1];
    snprintf(line->name, sizeof line->name, "step_%s_%s", side->word, what);
}

static void add_prediction(struct step_lines *lines, const struct workbook_job *job,
                           const struct step_choice *choice) {
    const struct workbook_numbers *numbers = &job->numbers;
    const struct model_spec *spec = &numbers->spec;
    const float *user = numbers->rows + choice->user_at, *movie = numbers->rows + choice->movie_at;
    double dot = 0, biases = (double)user[spec->factors] + (double)movie[spec->factors];
    for (uint32_t k = 0; k < spec->factors; k++)
        dot += (double)user[k] * (double)movie[k];
    add(lines, "Predict");
    add_line(lines, "factors, multiplied and added", "step_dot", dot, "SUM(step_products)");
    if (spec->has_bias) {
        add_line(lines, "user's bias", "step_user_bias", (double)user[spec->factors],
                 "INDEX(user_biases,step_user)");
        add_line(lines, "movie's bias", "step_movie_bias", (double)movie[spec->factors],
                 "INDEX(movie_biases,step_movie)");
    }
    add_line(lines, "score z", "step_z", dot + biases + (double)spec->mean, "step_dot+%sglobal_mean",
             spec->has_bias ? "step_user_bias+step_movie_bias+" : "");
    add_line(lines, "prediction", "step_predicted", choice->cell->predicted, "%s",
             spec->has_range ? "range_low+(range_high-range_low)/(1+EXP(-step_z))" : "step_z");
}

static void add_comparison(struct step_lines *lines, const struct workbook_job *job,
                           const struct step_choice *choice) {
    const struct model_spec *spec = &job->numbers.spec;
    const struct crosstab_cell *cell = choice->cell;
    add(lines, "Compare");
    add_line(lines, "actual rating (0: none)", "step_actual", (double)cell->actual,
             "INDEX(ratings,step_user,step_movie)");
    add_line(lines, "error", "step_error", cell->error,
             "IF(INDEX(parts,step_user,step_movie)=\"\",0,step_predicted-step_actual)");
    add_line(lines, "slope of the range function", "step_curve", workbook_curve(spec, cell->predicted), "%s",
             spec->has_range ? "(step_predicted-range_low)*(range_high-step_predicted)/(range_high-range_low)"
                             : "1");
    add_line(lines, "slope (0: no training cell)", "step_slope", job->numbers.slopes[choice->cell_at],
             "IF(INDEX(parts,step_user,step_movie)=\"train\",step_error*step_curve,0)");
}

/* How the chosen factor of one side moves. */
static void add_factor(struct step_lines *lines, const struct workbook_job *job, const struct side *side) {
    const struct workbook_numbers *numbers = &job->numbers;
    const char *word = side->word;
    double gradient = (double)numbers->gradients[side->at], old = (double)numbers->rows[side->at];
    double batch = (double)(job->table->train.count > 0 ? job->table->train.count : 1);
    add(lines, side->heading);
    add_line(lines, side->sum_label, NULL, gradient * batch / 2, "SUM(step_%s_terms)", word);
    name_line(lines, side, "sum");
    add_line(lines, "gradient", NULL, gradient, "2/training_cells*step_%s_sum", word);
    name_line(lines, side, "gradient");
    add_line(lines, "the factor", NULL, old, "INDEX(%s_factors,step_%s,step_factor)", word, word);
    name_line(lines, side, "factor");
    add_line(lines, "penalty", NULL, numbers->l2_penalty * old, "l2_penalty*step_%s_factor", word);
    name_line(lines, side, "penalty");
    add_line(lines, "the factor after the step", NULL, (double)numbers->stepped[side->at],
             "step_%s_factor-learning_rate*(step_%s_gradient+step_%s_penalty)", word, word, word);
    name_line(lines, side, "new_factor");
}

static void add_bias(struct step_lines *lines, const struct workbook_job *job, const struct side *side) {
    size_t at = side->at + job->numbers.spec.factors;
    bool is_user = side->word[0] == 'u';
    add_line(lines, is_user ? "gradient of the user's" : "gradient of the movie's", NULL,
             (double)job->numbers.gradients[at], "2/training_cells*SUM(step_%s_slopes)", side->word);
    name_line(lines, side, "bias_gradient");
    add_line(lines, is_user ? "user's bias after the step" : "movie's bias after the step", NULL,
             (double)job->numbers.stepped[at],
             "step_%s_bias-learning_rate*(step_%s_bias_gradient+l2_penalty*step_%s_bias)", side->word,
             side->word, side->word);
    name_line(lines, side, "new_bias");
}

static void add_outcome(struct step_lines *lines, const struct workbook_job *job,
                        const struct step_choice *choice) {
    const struct workbook_numbers *numbers = &job->numbers;
    double predicted = numbers->new_predicted[choice->cell_at];
    bool is_rated = choice->cell->part != CROSSTAB_BLANK;
    add(lines, "What it brings");
    add_line(lines, "prediction after the step", "step_new_predicted", predicted,
             "INDEX(new_predictions,step_user,step_movie)");
    add_line(lines, "error after the step", NULL, is_rated ? predicted - (double)choice->cell->actual : 0,
             "IF(INDEX(parts,step_user,step_movie)=\"\",0,step_new_predicted-step_actual)");
    add_line(lines, "RMSE of all training cells", NULL, workbook_rmse(&job->table->train), "train_rmse");
    add_line(lines, "after the step", NULL, workbook_rmse(&numbers->new_train), "new_train_rmse");
    add_line(lines, "RMSE of all test cells", NULL, workbook_rmse(&job->table->valid), "test_rmse");
    add_line(lines, "after the step", NULL, workbook_rmse(&numbers->new_valid), "new_test_rmse");
}

void step_lines_make(struct step_lines *lines, const struct workbook_job *job,
                     const struct step_choice *choice) {
    const struct side user = {"user", "The user's factor learns", "sum over the user's movies",
                              choice->user_at},
                      movie = {"movie", "The movie's factor learns", "sum over the movie's users",
                               choice->movie_at};
    lines->count = 0;
    add_prediction(lines, job, choice);
    add_comparison(lines, job, choice);
    add_factor(lines, job, &user);
    add_factor(lines, job, &movie);
    if (job->numbers.spec.has_bias) {
        add(lines, "The biases learn");
        add_bias(lines, job, &user);
        add_bias(lines, job, &movie);
    }
    add_outcome(lines, job, choice);
}
