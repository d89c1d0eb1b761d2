#include "cli/answer.h"
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/json_text.h"

void answer_ask(struct answer *answer, struct predictor *predictor) {
    answer->predictor = predictor;
    answer->prediction =
        prediction_make(predictor, answer->user, answer->user_length, answer->movie, answer->movie_length);
    uint32_t row = answer->prediction.rows[TABLE_MOVIES];
    answer->title[0] = '\0';
    if (row != ID_UNKNOWN)
        titles_fit_movie(&predictor->titles, row, SIZE_MAX, answer->title, sizeof answer->title);
    prediction_note(predictor, &answer->prediction, answer->note);
    answer->term_count = answer->explains ? prediction_terms(predictor, answer->terms, ANSWER_TERMS) : 0;
}

static void print_counts(const struct answer *answer, enum table_id table) {
    if (answer->prediction.rows[table] == ID_UNKNOWN)
        puts("(not in the model)");
    else
        printf("(%u training rating%s)\n", answer->prediction.counts[table],
               answer->prediction.counts[table] == 1 ? "" : "s");
}

/* The largest products, and the sum of the others. */
static void print_products(const struct answer *answer) {
    double others = answer->prediction.dot;
    for (uint32_t i = 0; i < answer->term_count; i++) {
        const struct prediction_term *term = &answer->terms[i];
        others -= term->product;
        printf("    factor %-3u %+8.4f * %+8.4f  %+9.4f\n", term->factor, term->user, term->movie,
               term->product);
    }
    uint32_t factors = answer->predictor->model->spec.factors;
    if (answer->explains && answer->term_count < factors)
        printf("    the other %-3u                  %+9.4f\n", factors - answer->term_count, others);
}

static void print_terms(const struct answer *answer) {
    const struct model_spec *spec = &answer->predictor->model->spec;
    const struct prediction *prediction = &answer->prediction;
    printf("  p.q         %9.4f\n", prediction->dot);
    print_products(answer);
    if (spec->has_bias) {
        printf("  user bias   %+9.4f\n", prediction->user_bias);
        printf("  movie bias  %+9.4f\n", prediction->movie_bias);
    }
    if (spec->mean != 0)
        printf("  mean        %+9.4f\n", prediction->mean);
    printf("  score z     %9.4f\n", prediction->score);
    printf("  rating      %9.4f", prediction->rating);
    if (spec->has_range)
        printf("  = %g + %g * sigmoid(z)", (double)spec->range_low,
               (double)spec->range_high - (double)spec->range_low);
    putchar('\n');
}

/* The bias is what the model adds for this movie whoever rates it; the mean also holds who rated it. */
static void print_movie_mean(const struct answer *answer) {
    if (!answer->explains || answer->prediction.counts[TABLE_MOVIES] == 0)
        return;
    if (isnan(answer->movie_mean))
        puts("       its mean rating is not known: the run's ratings are not there");
    else
        printf("       its training ratings have a mean of %.4f\n", answer->movie_mean);
}

void answer_print_text(const struct answer *answer) {
    char id[256];
    titles_fit(answer->user, answer->user_length, SIZE_MAX, id, sizeof id);
    printf("user   %s  ", id);
    print_counts(answer, TABLE_USERS);
    titles_fit(answer->movie, answer->movie_length, SIZE_MAX, id, sizeof id);
    printf("movie  %s  ", id);
    if (answer->title[0] != '\0')
        printf("%s  ", answer->title);
    print_counts(answer, TABLE_MOVIES);
    print_movie_mean(answer);
    putchar('\n');
    print_terms(answer);
    if (answer->note[0] != '\0')
        printf("\n%s\n", answer->note);
}

static void set_term(json_t *object, const char *key, double value) {
    json_object_set_new(object, key, isfinite(value) ? json_real(value) : json_null());
}

static void set_explanation(json_t *object, const struct answer *answer) {
    const struct model_spec *spec = &answer->predictor->model->spec;
    json_t *terms = json_array();
    for (uint32_t i = 0; i < answer->term_count; i++) {
        json_t *term = json_object();
        json_object_set_new(term, "factor", json_integer(answer->terms[i].factor));
        set_term(term, "user", answer->terms[i].user);
        set_term(term, "movie", answer->terms[i].movie);
        set_term(term, "product", answer->terms[i].product);
        json_array_append_new(terms, term);
    }
    json_object_set_new(object, "largest_products", terms);
    set_term(object, "movie_mean", answer->movie_mean);
    set_term(object, "range_low", spec->has_range ? (double)spec->range_low : (double)NAN);
    set_term(object, "range_high", spec->has_range ? (double)spec->range_high : (double)NAN);
}

void answer_print_json(const struct answer *answer, size_t style) {
    const struct prediction *prediction = &answer->prediction;
    json_t *object = json_object();
    json_object_set_new(object, "user", json_text(answer->user, answer->user_length));
    json_object_set_new(object, "movie", json_text(answer->movie, answer->movie_length));
    json_object_set_new(object, "title", json_text(answer->title, strlen(answer->title)));
    json_object_set_new(object, "user_ratings", json_integer(prediction->counts[TABLE_USERS]));
    json_object_set_new(object, "movie_ratings", json_integer(prediction->counts[TABLE_MOVIES]));
    json_object_set_new(object, "user_known", json_boolean(prediction->rows[TABLE_USERS] != ID_UNKNOWN));
    json_object_set_new(object, "movie_known", json_boolean(prediction->rows[TABLE_MOVIES] != ID_UNKNOWN));
    set_term(object, "dot", prediction->dot);
    set_term(object, "user_bias", prediction->user_bias);
    set_term(object, "movie_bias", prediction->movie_bias);
    set_term(object, "mean", prediction->mean);
    set_term(object, "score", prediction->score);
    set_term(object, "rating", prediction->rating);
    json_object_set_new(object, "note", json_string(answer->note));
    if (answer->explains)
        set_explanation(object, answer);
    json_dumpf(object, stdout, style | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(object);
}

void answer_print_row(const struct answer *answer) {
    const struct prediction *prediction = &answer->prediction;
    printf("%.*s\t%.*s\t%s\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\t%.6g\t%s\n", (int)answer->user_length, answer->user,
           (int)answer->movie_length, answer->movie, answer->title, prediction->dot, prediction->user_bias,
           prediction->movie_bias, prediction->mean, prediction->score, prediction->rating, answer->note);
}
