/* Split `hash` of data/split.h. */
#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "core/hash_eight.h"
#include "core/hash_inline.h"
#include "data/split.h"

uint64_t split_hash_of_user(const struct split_spec *spec, const char *user, size_t user_length) {
    return hash_bytes(user, user_length, spec->seed);
}

/* An id hashes to one of 2^53 numbers; those below this one validate. */
static uint64_t hash_limit(const struct split_spec *spec) {
    return (uint64_t)ceil(spec->fraction * 0x1.0p53);
}

static bool is_below(uint64_t hash, uint64_t limit) {
    return hash >> 11 < limit;
}

bool split_hash_admits(const struct split_spec *spec, uint64_t of_user, const char *movie,
                       size_t movie_length) {
    return is_below(hash_bytes(movie, movie_length, of_user), hash_limit(spec));
}

bool split_hash_is_valid(const struct split_spec *spec, const char *user, size_t user_length,
                         const char *movie, size_t movie_length) {
    return split_hash_admits(spec, split_hash_of_user(spec, user, user_length), movie, movie_length);
}

/* Ratings of one user. */
struct user_rows {
    const char *text;
    const struct plain_places *places;
    uint8_t *is_valid;
    uint32_t count;
    uint64_t of_user, limit;
};

#ifdef HASH_EIGHT
/* As many as are in eights; how many they were. Plain movies have 1 to 7 digits. */
HASH_EIGHT_TARGET static uint32_t mark_eights(const struct user_rows *rows) {
    const __m512i byte = _mm512_set1_epi64(0xFF), limit = _mm512_set1_epi64((long long)rows->limit);
    uint32_t done = 0;
    for (; done + 8 <= rows->count; done += 8) {
        __m512i places = _mm512_loadu_si512(rows->places + done);
        __m512i at = _mm512_and_si512(places, _mm512_set1_epi64(UINT32_MAX));
        at = _mm512_add_epi64(at, _mm512_and_si512(_mm512_srli_epi64(places, 40), byte));
        __m512i lengths = _mm512_and_si512(_mm512_srli_epi64(places, 48), byte);
        __m512i words = _mm512_i64gather_epi64(at, rows->text, 1);
        __m512i hashes = _mm512_srli_epi64(hash_eight(words, lengths, rows->of_user), 11);
        uint64_t below = _mm512_cmplt_epu64_mask(hashes, limit);
        /* Bit i goes to byte i. */
        uint64_t marks = (below & 0x7F) * UINT64_C(0x0002040810204081) & UINT64_C(0x0101010101010101);
        marks |= below >> 7 << 56;
        memcpy(rows->is_valid + done, &marks, sizeof marks);
    }
    return done;
}
#else
static uint32_t mark_eights(const struct user_rows *rows) {
    (void)rows;
    return 0;
}
static bool hash_eight_available(void) {
    return false;
}
#endif

static void mark_singles(const struct user_rows *rows, uint32_t from) {
    for (uint32_t i = from; i < rows->count; i++) {
        struct plain_places places = rows->places[i];
        const char *movie = rows->text + places.user_at + places.movie_from;
        rows->is_valid[i] =
            is_below(hash_bytes_inline(movie, places.movie_length, rows->of_user), rows->limit);
    }
}

static uint32_t rows_of_user(const struct plain_rows *rows, uint32_t from) {
    uint32_t end = from + 1, user = rows->ratings[from].user;
    while (end < rows->count && rows->ratings[end].user == user)
        end++;
    return end - from;
}

void split_hash_mark(const struct split_spec *spec, const char *text, const struct plain_rows *rows,
                     uint8_t *is_valid) {
    struct user_rows of_one = {.text = text, .limit = hash_limit(spec)};
    bool has_eight = hash_eight_available();
    for (uint32_t i = 0; i < rows->count; i += of_one.count) {
        of_one.places = rows->places + i;
        of_one.is_valid = is_valid + i;
        of_one.count = rows_of_user(rows, i);
        of_one.of_user = split_hash_of_user(spec, text + of_one.places->user_at, of_one.places->user_length);
        mark_singles(&of_one, has_eight ? mark_eights(&of_one) : 0);
    }
}
