#include "model/products.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

void products_user(uint32_t factors, const float *row, float *user) {
    memcpy(user, row, factors * sizeof *user);
    user[factors] = 1;
}

void products_scores(uint32_t factors, const float *users, size_t user_count, const float *movies,
                     size_t movie_count, float *scores) {
    int columns = (int)factors + 1;
    openblas_set_num_threads(1);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)user_count, (int)movie_count, columns, 1, users,
                columns, movies, columns, 0, scores, (int)movie_count);
}

double products_norm(uint32_t factors, const float *row) {
    double squares = 0;
    for (uint32_t k = 0; k < factors; k++)
        squares += (double)row[k] * (double)row[k];
    return sqrt(squares);
}

double products_error(const struct model_spec *spec, const float *user_row, double movie_norm,
                      double movie_bias) {
    static const double UNIT = 0x1p-24;
    double terms = spec->factors + 4;
    double magnitude = products_norm(spec->factors, user_row) * movie_norm + movie_bias +
                       fabs((double)user_row[spec->factors]) + fabs((double)spec->mean);
    return 2 * terms * UNIT / (1 - terms * UNIT) * magnitude;
}
