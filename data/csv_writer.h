/* ratings.csv and movies.csv as MovieLens has them, written whole or not at all. */
#ifndef DATA_CSV_WRITER_H
#define DATA_CSV_WRITER_H

#include "data/atomic_file.h"

/* Begins folder/name with a header line (given without its end). */
struct atomic_file *csv_begin(const char *folder, const char *name, const char *header,
                              struct status *status);

/* user,movie,rating,time with half stars ("3.5") and numbers for ids. */
bool csv_write_rating(struct atomic_file *file, uint32_t user, uint32_t movie, float half_stars, int64_t time,
                      struct status *status);

/* One field of any bytes, in quotes where it needs them (RFC 4180). */
bool csv_write_text(struct atomic_file *file, const char *text, size_t length, struct status *status);

/* movie,title,genres with quotes around a title that needs them. */
bool csv_write_movie(struct atomic_file *file, uint32_t movie, const char *title, const char *genres,
                     struct status *status);

#endif
