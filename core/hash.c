#include "core/hash.h"

#include "core/hash_inline.h"
#include "core/memory.h"

struct hash_stream {
    XXH3_state_t state;
};

uint64_t hash_bytes(const void *bytes, size_t length, uint64_t seed) {
    return hash_bytes_inline(bytes, length, seed);
}

struct hash_stream *hash_stream_make(struct status *status) {
    return memory_take(sizeof(struct hash_stream), "a hash", status);
}

void hash_stream_begin(struct hash_stream *stream) {
    XXH3_64bits_reset_withSeed(&stream->state, 0);
}

void hash_stream_add(struct hash_stream *stream, const void *bytes, size_t length) {
    XXH3_64bits_update(&stream->state, bytes, length);
}

uint64_t hash_stream_value(const struct hash_stream *stream) {
    return XXH3_64bits_digest(&stream->state);
}
