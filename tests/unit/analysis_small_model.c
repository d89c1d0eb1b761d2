#include "analysis_small_model.h"

#include <string.h>

void small_table_fill(struct small_table *table, const char *const *strings, uint64_t count) {
    *table = (struct small_table){0};
    for (uint64_t i = 0; i < count; i++) {
        size_t length = strlen(strings[i]);
        memcpy(table->bytes + table->offsets[i], strings[i], length);
        table->offsets[i + 1] = table->offsets[i] + length;
    }
    table->view = (struct string_table){count, table->offsets, table->bytes};
}

void small_model_fill(struct small_model *model) {
    static const float USERS[] = {1, 0.5f, 0.25f, -0.5f, 2, -0.125f};
    static const float MOVIES[] = {0.5f, 0.25f, 0.5f, 2, -1, -0.25f, 0.125f, 0.125f, 0.0625f};
    static const uint32_t USER_COUNTS[] = {3, 1}, MOVIE_COUNTS[] = {3, 1, 0};
    static const char *const USER_IDS[] = {"u1", "u2"}, *const MOVIE_IDS[] = {"10", "20", "30"};
    static const char *const TITLES[] = {"Am\u00e9lie (2001)", "", "Cold One"};
    small_table_fill(&model->user_ids, USER_IDS, 2);
    small_table_fill(&model->movie_ids, MOVIE_IDS, 3);
    small_table_fill(&model->movie_titles, TITLES, 3);
    model->file = (struct model_file){
        .spec = {.factors = 2, .has_bias = true},
        .users = 2,
        .movies = 3,
        .user_rows = USERS,
        .movie_rows = MOVIES,
        .user_ids = model->user_ids.view,
        .movie_ids = model->movie_ids.view,
        .movie_titles = model->movie_titles.view,
        .user_counts = USER_COUNTS,
        .movie_counts = MOVIE_COUNTS,
    };
}
