/* A finished model as files that other tools read: embeddings, biases, raw ids, titles and genres.
 *
 *   npy          a folder. users.npy, movies.npy: float32 [rows][factors]; user_bias.npy, movie_bias.npy: float32
 *                [rows]; user_ratings.npy, movie_ratings.npy: int32 [rows]; user_ids.txt, movie_ids.txt and, if the
 *                model has titles, movie_titles.txt, movie_genres.txt: line i for row i; model.json
 *   safetensors  a file. users, movies, user_bias, movie_bias, user_ratings, movie_ratings as above; user_ids,
 *                movie_ids, movie_titles, movie_genres: the bytes of all strings, U8; user_id_offsets, movie_id_offsets,
 *                movie_title_offsets, movie_genre_offsets: string i is bytes [offsets[i], offsets[i + 1]), I64
 *                [rows + 1]; what model.json holds as metadata
 *   word2vec     a text file: "rows factors", then a line a row: the raw id and its embedding; one table
 *   csv          a folder. users.csv: id,ratings,bias,f0,f1,...; movies.csv: id,title,genres,ratings,bias,f0,f1,...
 *   projector    a folder for TensorBoard. tensors.tsv; metadata.tsv: title, genres, id, ratings, or id and ratings
 *                alone for users and where no movie has a title (else a movie without one is called by its id);
 *                projector_config.pbtxt; one table
 *
 * Rows of all files of a format are in the model's order. "ratings" counts those trained on: 0 is a row of which
 * nothing was learnt. Biases are 0 in a model without. Floats as text have up to nine digits (`%.9g`)
 * and read back to the same bits. model.json holds what a prediction needs besides
 * (model/spec.h): dotbias, digest, users, movies, factors, has_bias, has_range, range_low, range_high, mean.
 *
 * Raw ids may be any bytes. safetensors and csv hold all of them. The others are refused with STATUS_BAD_DATA and the
 * row's number where the id would break the file: one with a line break or zero byte (npy), also with a tab
 * (projector), also with any white space or empty (word2vec: its keys end at a space). In titles and genres, which
 * are for people, such bytes become spaces. What is not UTF-8 stays as it is. */
#ifndef ANALYSIS_EXPORT_H
#define ANALYSIS_EXPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/rating.h"
#include "core/status.h"
#include "data/model_file.h"

enum export_format {
    EXPORT_NPY,
    EXPORT_SAFETENSORS,
    EXPORT_WORD2VEC,
    EXPORT_CSV,
    EXPORT_PROJECTOR,
    EXPORT_FORMATS
};

/* "npy", and in `names` all of them. */
const char *export_format_name(enum export_format format);
bool export_format_named(const char *name, enum export_format *format);

/* Whether the format has one table only. */
bool export_has_one_table(enum export_format format);

/* Whether it is one file, not a folder. */
bool export_is_file(enum export_format format);

struct export_spec {
    enum export_format format;
    bool has[TABLE_COUNT]; /* which tables; one of them for a format of one table */
    const char *out;       /* missing parents are made */
    bool force;            /* replaces a file, or a folder that holds nothing but an earlier export */
};

enum { EXPORT_FILES_MAX = 16 };

/* What was written: names in the folder, or NULL in place of the one file's. */
struct export_result {
    const char *names[EXPORT_FILES_MAX];
    size_t count;
};

/* Writes all of it or, on failure, nothing. STATUS_CANT_CREATE when something is in the way, STATUS_BAD_DATA for ids
 * (above), else as data/atomic_folder.h. */
bool export_write(struct export_result *result, const struct export_spec *spec,
                  const struct model_file *model, struct status *status);

#endif
