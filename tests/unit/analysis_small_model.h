/* A model small enough to compute by hand: 2 factors, users u1 u2, movies 10 20 30, of which 30 is cold. */
#ifndef TESTS_UNIT_ANALYSIS_SMALL_MODEL_H
#define TESTS_UNIT_ANALYSIS_SMALL_MODEL_H

#include "data/model_file.h"

/* A string table that owns its bytes. */
struct small_table {
    uint64_t offsets[8];
    char bytes[256];
    struct string_table view;
};
void small_table_fill(struct small_table *table, const char *const *strings, uint64_t count);

struct small_model {
    struct model_file file;
    struct small_table user_ids, movie_ids, movie_titles;
};

/* Raw output, no mean. */
void small_model_fill(struct small_model *model);

#endif
