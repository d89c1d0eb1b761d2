#include "analysis_made_up_model.h"

#include <stdio.h>
#include <string.h>

#include "core/contract.h"
#include "core/memory.h"
#include "core/rng.h"

enum { TABLE_USER_IDS, TABLE_MOVIE_IDS, TABLE_TITLES, TABLE_GENRES };

static void *take(size_t count, size_t size) {
    struct status status = {0};
    void *block = memory_take_array(count, size, "a test's model", &status);
    REQUIRE(block != NULL, "a test has memory");
    return block;
}

static float *make_rows(const struct model_spec *spec, uint32_t count, enum made_up_rows kind,
                        uint64_t seed) {
    size_t columns = spec->factors + 1;
    float *rows = take(count, columns * sizeof *rows);
    for (uint64_t row = 0; row < count; row++)
        for (uint64_t k = 0; k < columns; k++) {
            double x = 2 * rng_unit(seed, row, k) - 1;
            if (kind == ROWS_COARSE)
                x = (int)(2 * x) / 2.0;
            else if (kind == ROWS_NARROW)
                x = 8 * rng_unit(seed, count, k) - 4 + 1e-6 * x;
            rows[row * columns + k] = k == spec->factors && !spec->has_bias ? 0 : (float)x;
        }
    return rows;
}

static uint32_t *make_counts(uint32_t count, uint64_t seed) {
    uint32_t *counts = take(count, sizeof *counts);
    for (uint64_t row = 0; row < count; row++)
        counts[row] = (uint32_t)(rng_bits(seed, row, 0) % 9);
    return counts;
}

/* Texts, or numbers behind a letter. */
static struct string_table fill(struct made_up_model *model, int table, uint32_t count,
                                const char *const *texts, char letter) {
    memory_release(model->offsets[table]);
    memory_release(model->bytes[table]);
    size_t used = 0, bytes = 16;
    for (uint32_t i = 0; i < count; i++)
        bytes += texts != NULL ? strlen(texts[i]) : letter != '\0' ? 16 : 0;
    model->offsets[table] = take((size_t)count + 1, sizeof *model->offsets[table]);
    model->bytes[table] = take(bytes, 1);
    for (uint32_t i = 0; i < count; i++) {
        char *to = model->bytes[table] + used;
        if (texts != NULL)
            used += (size_t)snprintf(to, bytes - used, "%s", texts[i]);
        else if (letter != '\0')
            used += (size_t)snprintf(to, bytes - used, "%c%u", letter, i);
        model->offsets[table][i + 1] = used;
    }
    return (struct string_table){count, model->offsets[table], model->bytes[table]};
}

void made_up_model_make(struct made_up_model *model, const struct model_spec *spec, uint32_t users,
                        uint32_t movies, enum made_up_rows kind, uint64_t seed) {
    *model = (struct made_up_model){0};
    model->file = (struct model_file){
        .spec = *spec,
        .users = users,
        .movies = movies,
        .user_rows = make_rows(spec, users, kind, seed),
        .movie_rows = make_rows(spec, movies, kind, seed + 1),
        .user_counts = make_counts(users, seed + 2),
        .movie_counts = make_counts(movies, seed + 3),
        .user_ids = fill(model, TABLE_USER_IDS, users, NULL, 'u'),
        .movie_ids = fill(model, TABLE_MOVIE_IDS, movies, NULL, 'm'),
        .movie_titles = fill(model, TABLE_TITLES, movies, NULL, '\0'),
        .movie_genres = fill(model, TABLE_GENRES, movies, NULL, '\0'),
    };
}

void made_up_model_titles(struct made_up_model *model, const char *const *titles) {
    model->file.movie_titles = fill(model, TABLE_TITLES, model->file.movies, titles, '\0');
}

void made_up_model_genres(struct made_up_model *model, const char *const *genres) {
    model->file.movie_genres = fill(model, TABLE_GENRES, model->file.movies, genres, '\0');
}

void made_up_model_free(struct made_up_model *model) {
    memory_release((void *)(uintptr_t)model->file.user_rows);
    memory_release((void *)(uintptr_t)model->file.movie_rows);
    memory_release((void *)(uintptr_t)model->file.user_counts);
    memory_release((void *)(uintptr_t)model->file.movie_counts);
    for (int table = 0; table < 4; table++) {
        memory_release(model->offsets[table]);
        memory_release(model->bytes[table]);
    }
}
