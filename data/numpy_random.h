/* NumPy's legacy generator, bit for bit: np.random.seed(s) and np.random.permutation(n).
 *
 * MT19937 (Matsumoto and Nishimura 1998, "Mersenne Twister", ACM TOMACS 8) seeded with init_genrand(s); the
 * permutation is Fisher-Yates from the top, each index drawn by masked rejection. */
#ifndef DATA_NUMPY_RANDOM_H
#define DATA_NUMPY_RANDOM_H

#include <stddef.h>
#include <stdint.h>

enum { NUMPY_RANDOM_WORDS = 624 };

struct numpy_random {
    uint32_t words[NUMPY_RANDOM_WORDS];
    uint32_t position; /* of the next word; NUMPY_RANDOM_WORDS: none is left */
};

/* np.random.seed(seed). */
void numpy_random_seed(struct numpy_random *random, uint32_t seed);

/* The next 32 random bits. */
uint32_t numpy_random_next(struct numpy_random *random);

/* A whole number in [0, most]. */
uint32_t numpy_random_interval(struct numpy_random *random, uint32_t most);

/* np.random.permutation(count) into items[count]. */
void numpy_random_permutation(struct numpy_random *random, uint32_t *items, uint32_t count);

#endif
