#include "analysis/similar.h"

#include <math.h>

#include "model/products.h"

static double dot(uint32_t factors, const float *one, const float *other) {
    double sum = 0;
    for (uint32_t k = 0; k < factors; k++)
        sum += (double)one[k] * (double)other[k];
    return sum;
}

static double distance(uint32_t factors, const float *one, const float *other) {
    double sum = 0;
    for (uint32_t k = 0; k < factors; k++) {
        double apart = (double)one[k] - (double)other[k];
        sum += apart * apart;
    }
    return sqrt(sum);
}

double similar_score(enum similar_metric metric, uint32_t factors, const float *one, const float *other) {
    if (metric == SIMILAR_EUCLID)
        return -distance(factors, one, other);
    double product = dot(factors, one, other);
    if (metric == SIMILAR_DOT)
        return product;
    double lengths = products_norm(factors, one) * products_norm(factors, other);
    return lengths > 0 ? product / lengths : 0;
}

void similar_find(const struct model_file *model, enum table_id table, uint32_t row,
                  enum similar_metric metric, uint32_t least_ratings, struct top_list *list) {
    bool users = table == TABLE_USERS;
    const float *rows = users ? model->user_rows : model->movie_rows;
    const uint32_t *counts = users ? model->user_counts : model->movie_counts;
    uint32_t count = users ? model->users : model->movies, factors = model->spec.factors;
    size_t columns = factors + 1;
    for (uint32_t other = 0; other < count; other++)
        if (other != row && counts[other] >= least_ratings)
            top_list_offer(list, similar_score(metric, factors, rows + row * columns, rows + other * columns),
                           other);
    top_list_sort(list);
}
