#include "data/zipped_xml.h"

#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "core/bytes.h"
#include "core/memory.h"

/* Lengths and marks of the format's records (PKWARE's APPNOTE 4.3). */
enum { END_BYTES = 22, ENTRY_BYTES = 46, LOCAL_BYTES = 30 };
enum { END_MARK = 0x06054b50, ENTRY_MARK = 0x02014b50, LOCAL_MARK = 0x04034b50 };
enum { STORED = 0, DEFLATED = 8 };

/* A file of the zip, as its directory describes it. */
struct entry {
    const char *name;
    uint32_t name_length, method, packed, size, local;
    size_t next; /* where the next entry is */
};

static uint32_t u16(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static bool read_entry(struct entry *entry, const uint8_t *zip, size_t length, size_t at) {
    if (at > length || length - at < ENTRY_BYTES || bytes_u32(zip + at) != ENTRY_MARK)
        return false;
    const uint8_t *head = zip + at;
    *entry = (struct entry){(const char *)head + ENTRY_BYTES,
                            u16(head + 28),
                            u16(head + 10),
                            bytes_u32(head + 20),
                            bytes_u32(head + 24),
                            bytes_u32(head + 42)};
    entry->next = at + ENTRY_BYTES + entry->name_length + u16(head + 30) + u16(head + 32);
    return entry->next <= length;
}

/* The packed bytes of an entry, or NULL where they would lie outside. */
static const uint8_t *packed_bytes(const struct entry *entry, const uint8_t *zip, size_t length) {
    if (entry->local > length || length - entry->local < LOCAL_BYTES ||
        bytes_u32(zip + entry->local) != LOCAL_MARK)
        return NULL;
    const uint8_t *head = zip + entry->local;
    size_t at = (size_t)entry->local + LOCAL_BYTES + u16(head + 26) + u16(head + 28);
    return at <= length && entry->packed <= length - at ? zip + at : NULL;
}

static bool inflate_all(const struct entry *entry, const uint8_t *packed, uint8_t *text) {
    z_stream stream = {.next_in = (uint8_t *)(uintptr_t)packed,
                       .avail_in = entry->packed,
                       .next_out = text,
                       .avail_out = entry->size};
    if (entry->method == STORED && entry->packed == entry->size) {
        memcpy(text, packed, entry->size);
        return true;
    }
    if (entry->method != DEFLATED || inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        return false;
    int code = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    return code == Z_STREAM_END && stream.total_out == entry->size;
}

/* <?xml ...?> <root ...> ... </root>, or <root .../>. */
static bool is_whole(const char *text, size_t length) {
    const char *end = text + length, *root = memmem(text, length, "?>", 2);
    root = root != NULL ? memchr(root, '<', (size_t)(end - root)) : NULL;
    if (root == NULL)
        return false;
    size_t name = 0;
    for (root++; root + name < end && strchr(" \t\r\n/>", root[name]) == NULL;)
        name++;
    while (end > root && strchr(" \t\r\n", end[-1]) != NULL)
        end--;
    size_t left = (size_t)(end - root);
    if (left >= name + 3 && memcmp(end - name - 3, "</", 2) == 0)
        return memcmp(end - name - 1, root, name) == 0 && end[-1] == '>';
    return left > name && memchr(root, '>', left) == end - 1 && end[-2] == '/';
}

static bool check_entry(const struct entry *entry, const uint8_t *zip, size_t length, struct status *status) {
    const uint8_t *packed = packed_bytes(entry, zip, length);
    uint8_t *text =
        packed != NULL ? memory_take_raw((size_t)entry->size + 1, "a file of a zip", status) : NULL;
    if (packed != NULL && text == NULL)
        return false;
    bool well = packed != NULL && inflate_all(entry, packed, text) && is_whole((char *)text, entry->size);
    memory_release(text);
    return well || status_fail(status, STATUS_IO, "%.*s is not whole", (int)entry->name_length, entry->name);
}

bool zipped_xml_check(const void *bytes, size_t length, struct status *status) {
    const uint8_t *zip = bytes;
    if (length < END_BYTES || bytes_u32(zip + length - END_BYTES) != END_MARK)
        return status_fail(status, STATUS_IO, "a zip without its directory");
    const uint8_t *end = zip + length - END_BYTES;
    size_t at = bytes_u32(end + 16);
    for (uint32_t i = 0; i < u16(end + 10); i++) {
        struct entry entry;
        if (!read_entry(&entry, zip, length, at))
            return status_fail(status, STATUS_IO, "a zip with a broken directory");
        if (!check_entry(&entry, zip, length, status))
            return false;
        at = entry.next;
    }
    return true;
}
