/* hash_bytes of eight short strings at once with AVX-512, for loops over many millions of them: XXH3 with 64 bits as the xxHash
 * specification gives it for 1 to 8 bytes. */
#ifndef CORE_HASH_EIGHT_H
#define CORE_HASH_EIGHT_H

#if defined(__x86_64__) && defined(__GNUC__)
#define HASH_EIGHT

#include <immintrin.h>
#include <stdbool.h>

#include "core/bytes.h"
#include "core/hash_inline.h"

#define HASH_EIGHT_TARGET __attribute__((target("avx512f,avx512dq")))
#define HASH_EIGHT_INLINE static inline __attribute__((always_inline)) HASH_EIGHT_TARGET

static inline bool hash_eight_available(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
}

HASH_EIGHT_INLINE __m512i hash_eight_shifted(__m512i hash, unsigned bits) {
    return _mm512_xor_si512(hash, _mm512_srli_epi64(hash, bits));
}

HASH_EIGHT_INLINE __m512i hash_eight_times(__m512i hash, uint64_t factor) {
    return _mm512_mullo_epi64(hash, _mm512_set1_epi64((long long)factor));
}

/* 4 to 8 bytes: the last four below the first four. */
HASH_EIGHT_INLINE __m512i hash_eight_long(__m512i words, __m512i lengths, __m512i unused_bits,
                                          uint64_t seed) {
    const uint64_t factor = UINT64_C(0x9FB21C651E98DF25);
    const unsigned char *secret = XXH3_kSecret;
    seed ^= (uint64_t)__builtin_bswap32((uint32_t)seed) << 32;
    uint64_t flip = (bytes_u64(secret + 8) ^ bytes_u64(secret + 16)) - seed;
    __m512i hash = _mm512_or_si512(_mm512_srli_epi64(_mm512_sllv_epi64(words, unused_bits), 32),
                                   _mm512_slli_epi64(words, 32));
    hash = _mm512_xor_si512(hash, _mm512_set1_epi64((long long)flip));
    hash = _mm512_xor_si512(hash, _mm512_xor_si512(_mm512_rol_epi64(hash, 49), _mm512_rol_epi64(hash, 24)));
    hash = hash_eight_times(hash, factor);
    hash = _mm512_xor_si512(hash, _mm512_add_epi64(_mm512_srli_epi64(hash, 35), lengths));
    return hash_eight_shifted(hash_eight_times(hash, factor), 28);
}

/* 1 to 3 bytes: the last, the length, the first, the one in the middle. */
HASH_EIGHT_INLINE __m512i hash_eight_short(__m512i words, __m512i lengths, uint64_t seed) {
    const __m512i one = _mm512_set1_epi64(1), byte = _mm512_set1_epi64(0xFF);
    const unsigned char *secret = XXH3_kSecret;
    uint64_t flip = (uint64_t)(bytes_u32(secret) ^ bytes_u32(secret + 4)) + seed;
    __m512i middle_at = _mm512_slli_epi64(_mm512_srli_epi64(lengths, 1), 3);
    __m512i last_at = _mm512_slli_epi64(_mm512_sub_epi64(lengths, one), 3);
    __m512i first = _mm512_and_si512(words, byte);
    __m512i middle = _mm512_and_si512(_mm512_srlv_epi64(words, middle_at), byte);
    __m512i last = _mm512_and_si512(_mm512_srlv_epi64(words, last_at), byte);
    __m512i hash =
        _mm512_or_si512(_mm512_or_si512(last, _mm512_slli_epi64(lengths, 8)),
                        _mm512_or_si512(_mm512_slli_epi64(first, 16), _mm512_slli_epi64(middle, 24)));
    hash = hash_eight_shifted(_mm512_xor_si512(hash, _mm512_set1_epi64((long long)flip)), 33);
    hash = hash_eight_shifted(hash_eight_times(hash, UINT64_C(0xC2B2AE3D27D4EB4F)), 29);
    return hash_eight_shifted(hash_eight_times(hash, UINT64_C(0x165667B19E3779F9)), 32);
}

/* The strings are the first 1 to 8 bytes of the words; what lies behind them does not matter. */
HASH_EIGHT_INLINE __m512i hash_eight(__m512i words, __m512i lengths, uint64_t seed) {
    __m512i unused_bits = _mm512_sub_epi64(_mm512_set1_epi64(64), _mm512_slli_epi64(lengths, 3));
    __mmask8 is_short = _mm512_cmplt_epu64_mask(lengths, _mm512_set1_epi64(4));
    __m512i hash = hash_eight_long(words, lengths, unused_bits, seed);
    return is_short == 0 ? hash
                         : _mm512_mask_mov_epi64(hash, is_short, hash_eight_short(words, lengths, seed));
}

#endif
#endif
