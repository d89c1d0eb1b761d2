/* How good one user's list of movies is, and what is meant by that.
 *
 * The list is complete: all candidates of the catalogue, the highest score first, of equal scores the smaller row
 * first; no sampling of candidates, which changes what wins (Krichene, Rendle 2020, "On Sampled Metrics for Item
 * Recommendation"). n candidates are relevant (n > 0), at the ranks r_1 < r_2 < ... < r_n, counted from 1. h(k) is the
 * number of ranks <= k. At a cut k:
 *
 *   precision  h(k) / k
 *   recall     h(k) / n
 *   ndcg       sum over r_i <= k of 1 / log2(r_i + 1), divided by the best possible, sum over i = 1 .. min(k, n) of
 *              1 / log2(i + 1): a movie is relevant or not (Jarvelin, Kekalainen 2002, "Cumulated gain-based
 *              evaluation of IR techniques", with the discount log2(1 + rank))
 *   map        sum over r_i <= k of i / r_i, divided by min(k, n): average precision, so that 1 can be reached
 *   mrr        1 / r_1 if r_1 <= k, else 0
 *
 * and without one:
 *
 *   auc        the share of pairs of a relevant and another candidate in which the relevant one has the higher score;
 *              equal scores count one half (the Mann-Whitney statistic). Undefined when every candidate is relevant.
 */
#ifndef ANALYSIS_RANKING_H
#define ANALYSIS_RANKING_H

#include <stddef.h>
#include <stdint.h>

/* A candidate as one number: the smaller, the earlier it stands in the list. Finite scores only; -0 is 0. */
int64_t ranking_key(float score, uint32_t movie);

static inline uint32_t ranking_movie(int64_t key) {
    return (uint32_t)(uint64_t)key;
}

/* Brings the first of all candidates' keys to the front, in the order of the list; 0 < first <= count. */
void ranking_sort_first(int64_t *keys, size_t count, size_t first);

/* Sorts relevant[count], writes their ranks among all candidates to ranks[count], and returns twice the number of
 * pairs that auc counts: auc = value / (2 * count * other_count). Scratch between[count + 1]. Takes
 * O((count + other_count) log count): the others are counted, not sorted. */
uint64_t ranking_ranks(int64_t *relevant, size_t count, const int64_t *others, size_t other_count,
                       uint32_t *between, uint32_t *ranks);

struct ranking_score {
    double precision, recall, ndcg, map, mrr;
};

/* Of ranks[count], count > 0, at a cut k > 0. */
struct ranking_score ranking_score_at(const uint32_t *ranks, size_t count, uint32_t k);

#endif
