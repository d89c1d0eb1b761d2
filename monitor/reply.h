/* What goes back to a client: responses of the library with the manners of monitor/server.h, and the count of the bytes that
 * they hold until the last connection has sent them. */
#ifndef MONITOR_REPLY_H
#define MONITOR_REPLY_H

#include <microhttpd.h>
#include <stddef.h>

#include "monitor/scroll.h"

enum {
    REPLY_HELD_BYTES = 256 << 20, /* of replies of one stock, beyond which no large one is made */
    REPLY_SMALL_BYTES = 1 << 16   /* one that is made whatever others hold */
};

/* Bytes held by replies that are kept or being sent; outlives them all. */
struct reply_stock {
    size_t bytes_held;
};

/* Of bytes that outlive the reply. etag may be NULL. NULL without memory. The caller gives it back to the library. */
struct MHD_Response *reply_fixed(const void *bytes, size_t length, const char *type, const char *etag);

/* Takes the scroll's bytes, in any case. NULL without memory, or when the stock holds too much. */
struct MHD_Response *reply_scroll(struct reply_stock *stock, struct scroll *scroll, const char *type,
                                  const char *etag);

/* Sends a reply and gives it back; NULL stands for a 503. */
enum MHD_Result reply_send(struct MHD_Connection *connection, unsigned code, struct MHD_Response *reply);

/* Sends a sentence, takes its bytes. */
enum MHD_Result reply_sentence(struct reply_stock *stock, struct MHD_Connection *connection, unsigned code,
                               struct scroll *sentence);

/* Sends a reply that others may send too, or 304 when the client has it already. */
enum MHD_Result reply_tagged(struct MHD_Connection *connection, struct MHD_Response *reply, const char *type,
                             const char *etag);

#endif
