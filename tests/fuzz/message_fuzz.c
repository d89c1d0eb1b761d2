/* Can any bytes hurt the reader of message headers, and does what it accepts survive being written and read again? For
 * libFuzzer, see tests/fuzz/README.md. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    unsigned char header[MESSAGE_HEADER_MAX], again_header[MESSAGE_HEADER_MAX];
    char line[256];
    struct message message, again;
    struct status status;
    memset(&message, 0, sizeof message);
    memset(&again, 0, sizeof again);
    if (!message_decode(&message, bytes, length, NULL, 0, &status)) {
        if (status.code != STATUS_PROTOCOL || status.text[0] == '\0')
            abort();
        return 0;
    }
    message_print(&message, line, sizeof line);
    size_t written = message_encode(&message, header, sizeof header);
    if (!message_decode(&again, header, written, NULL, 0, &status) || again.kind != message.kind)
        abort();
    size_t written_again = message_encode(&again, again_header, sizeof again_header);
    if (written_again != written || memcmp(header, again_header, written) != 0)
        abort();
    return 0;
}
