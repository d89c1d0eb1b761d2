#include "data/decoder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "core/memory.h"

enum { PACKED_BYTES = 128 * 1024, ZLIB_GZIP_WINDOW = 16 + MAX_WBITS };

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD };

struct decoder {
    int descriptor;
    enum packing packing;
    bool file_ended;
    bool inside;       /* a packed member has begun and not ended */
    size_t begin, end; /* of the bytes in `packed` not yet used */
    bool has_zlib;
    z_stream zlib;
    ZSTD_DStream *zstd;
    unsigned char packed[PACKED_BYTES];
};

static voidpf zlib_take(voidpf opaque, uInt count, uInt size) {
    struct status status;
    (void)opaque;
    return memory_take_array(count, size, "zlib", &status);
}

static void zlib_release(voidpf opaque, voidpf block) {
    (void)opaque;
    memory_release(block);
}

static bool read_file(struct decoder *decoder, void *bytes, size_t capacity, size_t *length,
                      struct status *status) {
    ssize_t got;
    do
        got = read(decoder->descriptor, bytes, capacity);
    while (got < 0 && errno == EINTR);
    *length = got < 0 ? 0 : (size_t)got;
    return got >= 0 || status_fail_errno(status, STATUS_IO, "cannot read the file");
}

/* Makes at least one packed byte available unless the file has ended. */
static bool refill(struct decoder *decoder, struct status *status) {
    if (decoder->begin < decoder->end || decoder->file_ended)
        return true;
    decoder->begin = decoder->end = 0;
    if (!read_file(decoder, decoder->packed, PACKED_BYTES, &decoder->end, status))
        return false;
    decoder->file_ended = decoder->end == 0;
    return true;
}

static bool start_gzip(struct decoder *decoder, struct status *status) {
    decoder->packing = PACKING_GZIP;
    decoder->zlib.zalloc = zlib_take;
    decoder->zlib.zfree = zlib_release;
    if (inflateInit2(&decoder->zlib, ZLIB_GZIP_WINDOW) != Z_OK)
        return status_fail(status, STATUS_NO_MEMORY, "cannot get memory to unpack gzip");
    decoder->has_zlib = true;
    return true;
}

static bool start_zstd(struct decoder *decoder, struct status *status) {
    decoder->packing = PACKING_ZSTD;
    decoder->zstd = ZSTD_createDStream();
    return decoder->zstd != NULL || status_fail(status, STATUS_NO_MEMORY, "cannot get memory to unpack zstd");
}

static bool start(struct decoder *decoder, struct status *status) {
    static const unsigned char GZIP[] = {0x1f, 0x8b}, ZSTD[] = {0x28, 0xb5, 0x2f, 0xfd};
    if (!refill(decoder, status))
        return false;
    if (decoder->end >= sizeof GZIP && memcmp(decoder->packed, GZIP, sizeof GZIP) == 0)
        return start_gzip(decoder, status);
    if (decoder->end >= sizeof ZSTD && memcmp(decoder->packed, ZSTD, sizeof ZSTD) == 0)
        return start_zstd(decoder, status);
    return true;
}

static bool open_file(struct decoder *decoder, const char *path, struct status *status) {
    struct stat found;
    decoder->descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (decoder->descriptor < 0)
        return status_fail_errno(status, STATUS_NO_INPUT, "cannot open");
    if (fstat(decoder->descriptor, &found) != 0 || S_ISDIR(found.st_mode))
        return status_fail(status, STATUS_NO_INPUT, "a folder, not a file");
    posix_fadvise(decoder->descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
    return true;
}

struct decoder *decoder_open(const char *path, struct status *status) {
    struct decoder *decoder = memory_take(sizeof *decoder, "a file reader", status);
    if (decoder == NULL)
        return NULL;
    if (!open_file(decoder, path, status) || !start(decoder, status)) {
        decoder_close(decoder);
        return NULL;
    }
    return decoder;
}

static void copy_plain(struct decoder *decoder, void *bytes, size_t capacity, size_t *length) {
    size_t available = decoder->end - decoder->begin;
    *length = available < capacity ? available : capacity;
    memcpy(bytes, decoder->packed + decoder->begin, *length);
    decoder->begin += *length;
}

static bool unpack_gzip(struct decoder *decoder, void *bytes, size_t capacity, size_t *length,
                        struct status *status) {
    z_stream *zlib = &decoder->zlib;
    zlib->next_in = decoder->packed + decoder->begin;
    zlib->avail_in = (uInt)(decoder->end - decoder->begin);
    zlib->next_out = bytes;
    zlib->avail_out = (uInt)capacity;
    int code = inflate(zlib, Z_NO_FLUSH);
    decoder->begin = decoder->end - zlib->avail_in;
    *length = capacity - zlib->avail_out;
    decoder->inside = code != Z_STREAM_END;
    if (code == Z_MEM_ERROR)
        return status_fail(status, STATUS_NO_MEMORY, "cannot get memory to unpack gzip");
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        return status_fail(status, STATUS_BAD_DATA, "the gzip stream is damaged%s%s",
                           zlib->msg == NULL ? "" : ": ", zlib->msg == NULL ? "" : zlib->msg);
    if (code == Z_STREAM_END)
        inflateReset(zlib);
    return true;
}

static bool unpack_zstd(struct decoder *decoder, void *bytes, size_t capacity, size_t *length,
                        struct status *status) {
    ZSTD_inBuffer in = {decoder->packed, decoder->end, decoder->begin};
    ZSTD_outBuffer out = {bytes, capacity, 0};
    size_t code = ZSTD_decompressStream(decoder->zstd, &out, &in);
    decoder->begin = in.pos;
    *length = out.pos;
    if (ZSTD_isError(code))
        return status_fail(status, STATUS_BAD_DATA, "the zstd stream is damaged: %s",
                           ZSTD_getErrorName(code));
    decoder->inside = code != 0;
    return true;
}

/* A call to unpack may eat input and give nothing, or give output that it had kept back: so the file's end is
 * the stream's end only when unpacking gives nothing more. */
static bool unpack(struct decoder *decoder, void *bytes, size_t capacity, size_t *length,
                   struct status *status) {
    do {
        if (!refill(decoder, status))
            return false;
        if (decoder->file_ended && !decoder->inside)
            return true;
        bool done = decoder->packing == PACKING_GZIP ? unpack_gzip(decoder, bytes, capacity, length, status)
                                                     : unpack_zstd(decoder, bytes, capacity, length, status);
        if (!done)
            return false;
        if (decoder->file_ended && decoder->inside && *length == 0)
            return status_fail(status, STATUS_BAD_DATA, "the packed stream ends too early");
    } while (*length == 0);
    return true;
}

bool decoder_read(struct decoder *decoder, void *bytes, size_t capacity, size_t *length,
                  struct status *status) {
    *length = 0;
    if (decoder->packing != PACKING_NONE)
        return unpack(decoder, bytes, capacity, length, status);
    if (decoder->begin == decoder->end)
        return read_file(decoder, bytes, capacity, length, status);
    copy_plain(decoder, bytes, capacity, length);
    return true;
}

void decoder_close(struct decoder *decoder) {
    if (decoder == NULL)
        return;
    if (decoder->has_zlib)
        inflateEnd(&decoder->zlib);
    ZSTD_freeDStream(decoder->zstd);
    if (decoder->descriptor >= 0)
        close(decoder->descriptor);
    memory_release(decoder);
}
