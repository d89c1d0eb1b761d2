#include "data/numpy_random.h"

enum { SHIFT_WORDS = 397 };

void numpy_random_seed(struct numpy_random *random, uint32_t seed) {
    random->words[0] = seed;
    for (uint32_t i = 1; i < NUMPY_RANDOM_WORDS; i++) {
        uint32_t before = random->words[i - 1];
        random->words[i] = UINT32_C(1812433253) * (before ^ (before >> 30)) + i;
    }
    random->position = NUMPY_RANDOM_WORDS;
}

/* All words at once, each from its upper bit, its neighbour's lower bits and the word SHIFT_WORDS ahead. */
static void twist(struct numpy_random *random) {
    uint32_t *words = random->words;
    for (uint32_t i = 0; i < NUMPY_RANDOM_WORDS; i++) {
        uint32_t joined =
            (words[i] & UINT32_C(0x80000000)) | (words[(i + 1) % NUMPY_RANDOM_WORDS] & UINT32_C(0x7fffffff));
        words[i] = words[(i + SHIFT_WORDS) % NUMPY_RANDOM_WORDS] ^ (joined >> 1) ^
                   ((joined & 1) != 0 ? UINT32_C(0x9908b0df) : 0);
    }
    random->position = 0;
}

uint32_t numpy_random_next(struct numpy_random *random) {
    if (random->position == NUMPY_RANDOM_WORDS)
        twist(random);
    uint32_t word = random->words[random->position++];
    word ^= word >> 11;
    word ^= (word << 7) & UINT32_C(0x9d2c5680);
    word ^= (word << 15) & UINT32_C(0xefc60000);
    return word ^ (word >> 18);
}

uint32_t numpy_random_interval(struct numpy_random *random, uint32_t most) {
    if (most == 0)
        return 0;
    uint32_t mask = UINT32_MAX >> __builtin_clz(most);
    uint32_t value;
    do
        value = numpy_random_next(random) & mask;
    while (value > most);
    return value;
}

void numpy_random_permutation(struct numpy_random *random, uint32_t *items, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        items[i] = i;
    for (uint32_t i = count; i-- > 1;) {
        uint32_t j = numpy_random_interval(random, i);
        uint32_t kept = items[i];
        items[i] = items[j];
        items[j] = kept;
    }
}
