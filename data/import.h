/* From a ratings file to a packed set: reads, numbers ids, settles duplicates, splits, writes
 * folder/ratings.dotbias, and says what it saw. Besides the ids it needs 12 bytes per validation rating where
 * one pass is enough (data/at_once.h); else 17 bytes per rating at its peak (21 for split numpy, 29 for split time), and the
 * file may be read twice. */
#ifndef DATA_IMPORT_H
#define DATA_IMPORT_H

#include "data/blocks_plan.h"
#include "data/duplicates.h"
#include "data/histogram.h"
#include "data/packed_writer.h"
#include "data/ratings_reader.h"
#include "data/split.h"

enum { IMPORT_REJECTS_SHOWN = 10 };

struct import_spec {
    const char *ratings; /* path */
    const char
        *movies; /* path of movies.csv or movies.dat; NULL: the one beside the ratings, if there is one */
    const char *valid_file; /* path, split `files` only */
    const char *folder;     /* of the packed set; made where missing */
    struct split_spec split;
    enum duplicate_rule duplicates;
    bool is_strict; /* the first reject fails the import */
    bool has_range; /* ratings outside [range_low, range_high] are rejects */
    float range_low, range_high;
    bool with_blocks;          /* also writes blocks.dotbias (data/blocks.h) */
    struct blocks_shape shape; /* of the blocks; zeros: blocks_shape_for */
    unsigned threads;          /* 0: as many as there are processors; the outcome does not depend on it */
};

struct import_summary {
    uint64_t rows; /* good ratings read, duplicates included */
    uint64_t users, movies;
    struct histogram histogram; /* of the ratings kept */
    struct duplicates duplicates;
    uint64_t rejects, out_of_range; /* the second are among the first */
    uint32_t rejects_shown;
    struct import_reject {
        uint64_t line;
        uint32_t file; /* 0: the ratings, 1: the validation file */
        char reason[RATINGS_REASON_BYTES];
    } rejects_seen[IMPORT_REJECTS_SHOWN];
    uint64_t titles;         /* rated movies whose title is known */
    uint64_t unrated_movies; /* of the movies file */
    uint64_t movie_rejects, first_movie_reject_line;
    struct packed_totals totals;
};

/* Imports. *summary is filled as far as the import came, also on failure. Errors: STATUS_NO_INPUT (a file is
 * missing), STATUS_BAD_DATA (no good rating, a reject under is_strict, a duplicate under DUPLICATE_REFUSE,
 * nothing to train on, no timestamps for split `time`, a damaged packed file), STATUS_CANT_CREATE, STATUS_IO,
 * STATUS_NO_MEMORY. On failure nothing is left behind, and an older packed set in the folder stays as it was;
 * only when blocks cannot be made of the new set, that set stays.
 */
bool import_ratings(const struct import_spec *spec, struct import_summary *summary, struct status *status);

#endif
