#include "monitor/reply.h"

#include <string.h>

#include "core/memory.h"

static const char SENTENCE_TYPE[] = "text/plain; charset=utf-8";

/* The bytes of a reply, and who has to be told when nobody sends them any more. */
struct parcel {
    struct reply_stock *stock;
    struct scroll scroll;
};

/* What a browser is told with every answer. */
static bool add_manners(struct MHD_Response *response, const char *type, const char *etag) {
    static const char *const HEADERS[][2] = {
        {"X-Content-Type-Options", "nosniff"},
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
         "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Referrer-Policy", "no-referrer"},
    };
    bool good = MHD_add_response_header(response, "Content-Type", type) == MHD_YES;
    for (size_t i = 0; good && i < sizeof HEADERS / sizeof HEADERS[0]; i++)
        good = MHD_add_response_header(response, HEADERS[i][0], HEADERS[i][1]) == MHD_YES;
    good = good && MHD_add_response_header(response, "Cache-Control",
                                           etag == NULL ? "no-store" : "no-cache") == MHD_YES;
    return good && (etag == NULL || MHD_add_response_header(response, "ETag", etag) == MHD_YES);
}

static struct MHD_Response *with_manners(struct MHD_Response *response, const char *type, const char *etag) {
    if (response == NULL || add_manners(response, type, etag))
        return response;
    MHD_destroy_response(response);
    return NULL;
}

/* Of bytes that live as long as the server. */
struct MHD_Response *reply_fixed(const void *bytes, size_t length, const char *type, const char *etag) {
    return with_manners(MHD_create_response_from_buffer(length, (void *)bytes, MHD_RESPMEM_PERSISTENT), type,
                        etag);
}

static void drop_parcel(void *context) {
    struct parcel *parcel = context;
    parcel->stock->bytes_held -= parcel->scroll.capacity;
    scroll_free(&parcel->scroll);
    memory_release(parcel);
}

static struct parcel *pack(struct reply_stock *stock, struct scroll *scroll) {
    struct status ignored;
    bool too_much =
        scroll->capacity > REPLY_SMALL_BYTES && stock->bytes_held + scroll->capacity > REPLY_HELD_BYTES;
    struct parcel *parcel =
        scroll->failed || too_much ? NULL : memory_take(sizeof *parcel, "an answer", &ignored);
    if (parcel == NULL) {
        scroll_free(scroll);
        return NULL;
    }
    *parcel = (struct parcel){stock, *scroll};
    stock->bytes_held += scroll->capacity;
    return parcel;
}

/* Takes the scroll's bytes. NULL when there is not enough memory for one more answer. */
struct MHD_Response *reply_scroll(struct reply_stock *stock, struct scroll *scroll, const char *type,
                                  const char *etag) {
    struct parcel *parcel = pack(stock, scroll);
    if (parcel == NULL)
        return NULL;
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback_cls(
        parcel->scroll.length, parcel->scroll.bytes, drop_parcel, parcel);
    if (response == NULL)
        drop_parcel(parcel);
    return with_manners(response, type, etag);
}

/* Sends and gives back; without memory for a response the client is asked to come again, or hung up on. */
enum MHD_Result reply_send(struct MHD_Connection *connection, unsigned code, struct MHD_Response *response) {
    static const char BUSY[] = "there is not enough memory for this answer now\n";
    if (response == NULL) {
        code = MHD_HTTP_SERVICE_UNAVAILABLE;
        response = reply_fixed(BUSY, sizeof BUSY - 1, SENTENCE_TYPE, NULL);
    }
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result sent = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return sent;
}

enum MHD_Result reply_sentence(struct reply_stock *stock, struct MHD_Connection *connection, unsigned code,
                               struct scroll *scroll) {
    scroll_put(scroll, "\n", 1);
    struct MHD_Response *response = reply_scroll(stock, scroll, SENTENCE_TYPE, NULL);
    if (response != NULL && code == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, "Allow", "GET, HEAD");
    if (response != NULL && code == MHD_HTTP_UNAUTHORIZED)
        MHD_add_response_header(response, "WWW-Authenticate", "Bearer realm=\"dotbias\"");
    if (response != NULL && code < MHD_HTTP_INTERNAL_SERVER_ERROR && code != MHD_HTTP_NOT_FOUND)
        MHD_add_response_header(response, "Connection", "close"); /* it may have a body that nobody reads */
    return reply_send(connection, code, response);
}

/* Whether the client has the very answer already. */
static bool has_already(struct MHD_Connection *connection, const char *etag) {
    const char *known = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "If-None-Match");
    return known != NULL && strstr(known, etag) != NULL;
}

enum MHD_Result reply_tagged(struct MHD_Connection *connection, struct MHD_Response *response,
                             const char *type, const char *etag) {
    if (has_already(connection, etag))
        return reply_send(connection, MHD_HTTP_NOT_MODIFIED, reply_fixed("", 0, type, etag));
    return MHD_queue_response(connection, MHD_HTTP_OK, response);
}
