/* Generated ratings straight into blocks (data/blocks.h), five bytes each: a billion in bounded memory.
 *
 * The same ratings as those of a set that is not tight, by raw ids: who rates what, how and whether it
 * validates is the same function of the seed. But nothing is written in the order of users: parts are made
 * side by side, each by one thread, from the counts that the audience has before any rating is made; movies
 * are dealt by their popularity. Row r stands for id r + 1, rated or not, and validation ratings come part by
 * part. Memory: some ten bytes per rating of the few parts at hand, and the tables of users and movies. */
#ifndef DATA_GENERATE_TIGHT_H
#define DATA_GENERATE_TIGHT_H

#include "data/generate.h"

/* Called by generate_ratings, which has checked the sizes and made the folder. */
bool generate_tight(const struct generate_spec *spec, struct generate_summary *summary,
                    struct status *status);

#endif
