/* Eight short strings at once hash as each of them alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/hash.h"
#include "core/hash_eight.h"
#include "core/rng.h"

#ifdef HASH_EIGHT
static HASH_EIGHT_TARGET void compare(const uint64_t words[8], const uint64_t lengths[8], uint64_t seed) {
    uint64_t hashes[8];
    __m512i hash = hash_eight(_mm512_loadu_si512(words), _mm512_loadu_si512(lengths), seed);
    _mm512_storeu_si512(hashes, hash);
    for (int i = 0; i < 8; i++)
        assert_int_equal(hashes[i], hash_bytes(&words[i], lengths[i], seed));
}

static void eight_are_as_one(void **state) {
    (void)state;
    uint64_t words[8], lengths[8];
    if (!hash_eight_available())
        skip();
    for (uint64_t round = 0; round < 10000; round++) {
        uint64_t seed = round % 4 == 0 ? round / 4 : rng_bits(round, 1, 0), longest = 1 + round % 8;
        for (uint64_t i = 0; i < 8; i++) {
            words[i] = rng_bits(round, 2, i);
            lengths[i] = 1 + rng_bits(round, 3, i) % longest;
        }
        compare(words, lengths, seed);
    }
}
#else
static void eight_are_as_one(void **state) {
    (void)state;
    skip();
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(eight_are_as_one)};
    return cmocka_run_group_tests_name("hash_eight", tests, NULL, NULL);
}
