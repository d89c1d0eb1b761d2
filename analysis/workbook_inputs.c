/* The first two sheets: Read me, and Inputs with what comes of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/workbook_parts.h"

enum { INPUTS_ROW = 4, NOTE_COLUMN = 3, CHOICES_COLUMN = 5, CHOICES = 5, RESULTS_ROW = 13 };

struct paragraph {
    const char *head, *text;
};

static const struct paragraph PARAGRAPHS[] = {
    {"In short",
     "Every user and every movie has a row of numbers, its factors, and a bias. A rating is predicted by "
     "multiplying factors pairwise, adding up, and adding both biases. Learning means changing these "
     "numbers so that predictions come closer to the ratings. All of it is done here by formulas: click "
     "a cell to see how."},
    {"Same place",
     "A user is in the same row of every sheet, a user and a movie meet in the same cell of every table."},
    {"Colours",
     "Numbers in blue are yours to change; those in black are formulas. Yellow cells have a drop-down list. "
     "Tabs: yellow to edit, blue the model, green one step of learning."},
    {"", ""},
    {"Inputs", "Learning rate, L2 penalty, initial scale, and which factors to use. Beside them the RMSE "
               "before and after a "
               "step. Start here: change the learning rate, see what happens."},
    {"Ratings", "What was rated. Blue trains, orange tests."},
    {"Parts", "Which ratings train and which test."},
    {"Model", "The factors and biases in use."},
    {"Predictions", "What the model says of every pair, rated or not."},
    {"Errors", "Predicted - actual, and the squares, whose mean over the training cells is the loss."},
    {"Step",
     "One user and one movie of your choice: every term of the prediction, and of the step, by name."},
    {"Slopes", "What each training cell teaches: its error times the slope of the range function there."},
    {"Gradients", "The direction in which the loss rises, for each number of the model."},
    {"New model",
     "The model one step further: against the gradient, and a little towards zero (the L2 penalty)."},
    {"New predictions", "What it says then."},
    {"Map", "The movies as points, by what their factors have in common. Choose the axes."},
    {"Trained",
     "The model as the trainer left it. Change these numbers, or let a solver find better ones: minimise the "
     "cell train_rmse by changing the cells of Trained."},
    {"Start", "Where training began, for a fresh start: choose 'fresh start' in Inputs."},
    {"Axes", "The weights of the axes of Map."},
    {"", ""},
    {"More steps", "Copy the numbers of New model, paste their values (paste special) into the same place of "
                   "Trained, and have "
                   "'trained' in Inputs. This is one step; repeat."},
    {"The step",
     "It is the trainer's own: plain gradient descent (sgd without momentum) on all training cells of this "
     "table "
     "as one minibatch of B ratings. loss = mean of error^2; gradient of a factor = 2/B x sum of slope x the "
     "other side's factor; new = old - learning rate x (gradient + L2 penalty x old)."},
    {"Only a corner",
     "The model was trained on all users and movies, this table has a few. A step taken on this corner alone "
     "makes it fit this corner better, and what is outside worse."},
};

void workbook_read_me(struct workbook_job *job) {
    char about[160];
    snprintf(about, sizeof about, "%u users and %u movies of a model with %u factors, trained by dotbias %s.",
             job->numbers.users, job->numbers.movies, job->numbers.spec.factors, DOTBIAS_VERSION);
    struct sheet sheet =
        sheet_open(&job->book, "Read me", SHEET_TO_READ, "A recommender in a spreadsheet", about);
    sheet_fit(&sheet);
    sheet_width(&sheet, 0, 0, 18);
    sheet_width(&sheet, 1, 1, 100);
    for (uint32_t i = 0; i < sizeof PARAGRAPHS / sizeof PARAGRAPHS[0]; i++) {
        size_t length = strlen(PARAGRAPHS[i].text);
        sheet_height(&sheet, 3 + i, 14.0 * (double)(1 + length / 105));
        sheet_text(&sheet, 3 + i, 0, length > 0 ? STYLE_HEAD : STYLE_TEXT, PARAGRAPHS[i].head);
        sheet_text(&sheet, 3 + i, 1, STYLE_TEXT, PARAGRAPHS[i].text);
    }
}

/* A float as the short decimal that somebody wrote: 0.05 and not 0.0500000007. */
static double as_written(float value) {
    char text[32];
    snprintf(text, sizeof text, "%.7g", (double)value);
    return strtod(text, NULL);
}

struct input {
    const char *label, *name, *about;
    double value;
    double choices[CHOICES]; /* all 0: none */
};

static void write_input(struct workbook_job *job, struct sheet *sheet, uint32_t row,
                        const struct input *input) {
    char source[64];
    sheet_text(sheet, row, 0, STYLE_NAME, input->label);
    sheet_number(sheet, row, 1, STYLE_INPUT, input->value);
    sheet_text(sheet, row, NOTE_COLUMN, STYLE_SIDE_NOTE, input->about);
    book_define(&job->book, input->name, "=Inputs!$B$%u", row + 1);
    if (input->choices[CHOICES - 1] == 0)
        return;
    for (uint32_t i = 0; i < CHOICES; i++)
        sheet_number(sheet, row, CHOICES_COLUMN + i, STYLE_NOTE, input->choices[i]);
    snprintf(source, sizeof source, "=$%s$%u:$%s$%u", column_name(CHOICES_COLUMN).letters, row + 1,
             column_name(CHOICES_COLUMN + CHOICES - 1).letters, row + 1);
    sheet_choose(sheet, (struct sheet_area){row, 1, row, 1}, NULL, source);
}

static void write_inputs(struct workbook_job *job, struct sheet *sheet) {
    static const char *const SOURCES[] = {"trained", "fresh start", NULL};
    const struct model_spec *spec = &job->numbers.spec;
    const struct input inputs[] = {
        {"Learning rate",
         "learning_rate",
         "how far a step goes",
         job->numbers.learning_rate,
         {0.001, 0.01, 0.1, 1, 10}},
        {"L2 penalty",
         "l2_penalty",
         "weight decay: pulls every number towards 0",
         job->numbers.l2_penalty,
         {0, 1e-5, 2e-4, 1e-3, 0.01}},
        {"Initial scale",
         "initial_scale",
         "of a fresh start",
         as_written(spec->init_scale),
         {0.01, 0.05, 0.1, 0.5, 1}},
        {"Global mean", "global_mean", "added to every score", as_written(spec->mean), {0}},
        {"Lowest rating", "range_low", "where the range begins", as_written(spec->range_low), {0}},
        {"Highest rating", "range_high", "where it ends", as_written(spec->range_high), {0}},
    };
    size_t count = sizeof inputs / sizeof inputs[0] - (spec->has_range ? 0 : 2);
    sheet_text(sheet, INPUTS_ROW, 0, STYLE_NAME, "Factors");
    sheet_text(sheet, INPUTS_ROW, 1, STYLE_CHOICE, SOURCES[0]);
    sheet_text(sheet, INPUTS_ROW, NOTE_COLUMN, STYLE_SIDE_NOTE, "the trained ones, or a fresh start");
    sheet_choose(sheet, (struct sheet_area){INPUTS_ROW, 1, INPUTS_ROW, 1}, SOURCES, NULL);
    book_define(&job->book, "factors_from", "=Inputs!$B$%d", INPUTS_ROW + 1);
    for (uint32_t i = 0; i < count; i++)
        write_input(job, sheet, INPUTS_ROW + 1 + i, &inputs[i]);
}

/* The error of one part before and after the step, under the names `before` and `after`. */
static void write_rmse(struct workbook_job *job, struct sheet *sheet, uint32_t row, const char *part,
                       const struct loss_sum *old, const struct loss_sum *new) {
    char label[64], name[64];
    snprintf(label, sizeof label, "RMSE of %s cells", strcmp(part, "train") == 0 ? "training" : "test");
    sheet_text(sheet, row, 0, STYLE_NAME, label);
    sheet_formula(sheet, row, 1, STYLE_RESULT, workbook_rmse(old),
                  "=IF(COUNTIF(parts,\"%s\")=0,0,SQRT(SUMIFS(squared_errors,parts,\"%s\")/"
                  "COUNTIF(parts,\"%s\")))",
                  part, part, part);
    sheet_formula(sheet, row, 2, STYLE_RESULT, workbook_rmse(new),
                  "=IF(COUNTIF(parts,\"%s\")=0,0,SQRT(SUMPRODUCT((parts=\"%s\")*(new_predictions-ratings)^2)/"
                  "COUNTIF(parts,\"%s\")))",
                  part, part, part);
    snprintf(name, sizeof name, "%s_rmse", part);
    book_define(&job->book, name, "=Inputs!$B$%u", row + 1);
    snprintf(name, sizeof name, "new_%s_rmse", part);
    book_define(&job->book, name, "=Inputs!$C$%u", row + 1);
}

static void write_results(struct workbook_job *job, struct sheet *sheet) {
    const struct crosstab *table = job->table;
    uint32_t row = RESULTS_ROW;
    sheet_text(sheet, row - 1, 0, STYLE_HEAD, "Results");
    sheet_text(sheet, row - 1, 1, STYLE_HEAD_RIGHT, "before");
    sheet_text(sheet, row - 1, 2, STYLE_HEAD_RIGHT, "after the step");
    sheet_text(sheet, row, 0, STYLE_NAME, "Training cells, B");
    sheet_formula(sheet, row, 1, STYLE_COUNT_OF, (double)(table->train.count > 0 ? table->train.count : 1),
                  "=MAX(1,COUNTIF(parts,\"train\"))");
    book_define(&job->book, "training_cells", "=Inputs!$B$%u", row + 1);
    sheet_text(sheet, row + 1, 0, STYLE_NAME, "Test cells");
    sheet_formula(sheet, row + 1, 1, STYLE_COUNT_OF, (double)table->valid.count, "=COUNTIF(parts,\"test\")");
    write_rmse(job, sheet, row + 2, "train", &table->train, &job->numbers.new_train);
    write_rmse(job, sheet, row + 3, "test", &table->valid, &job->numbers.new_valid);
    double old = workbook_rmse(&table->train), new = workbook_rmse(&job->numbers.new_train);
    sheet_text(sheet, row + 4, 0, STYLE_NAME, "Loss (MSE of training cells)");
    sheet_formula(sheet, row + 4, 1, STYLE_RESULT, old * old, "=train_rmse^2");
    sheet_formula(sheet, row + 4, 2, STYLE_RESULT, new *new, "=new_train_rmse^2");
}

void workbook_inputs(struct workbook_job *job) {
    struct sheet sheet = sheet_open(&job->book, "Inputs", SHEET_TO_EDIT, "Inputs, and what comes of them",
                                    "Choose from the lists in yellow, or type a number. The results below "
                                    "follow at once.");
    sheet_fit(&sheet);
    sheet_width(&sheet, 0, 0, 28);
    sheet_width(&sheet, 1, 1, 14);
    sheet_width(&sheet, 2, 2, 14);
    sheet_width(&sheet, NOTE_COLUMN, NOTE_COLUMN, 42);
    sheet_text(&sheet, INPUTS_ROW - 1, 0, STYLE_HEAD, "Input");
    sheet_text(&sheet, INPUTS_ROW - 1, 1, STYLE_HEAD_RIGHT, "value");
    sheet_text(&sheet, INPUTS_ROW - 1, 2, STYLE_HEAD, "");
    sheet_text(&sheet, INPUTS_ROW - 1, CHOICES_COLUMN, STYLE_NOTE, "the lists' numbers");
    write_inputs(job, &sheet);
    write_results(job, &sheet);
}
