/* The word that a page is asked with where others than this machine can reach it: "Authorization: Bearer TOKEN" (RFC 6750). */
#ifndef MONITOR_TOKEN_H
#define MONITOR_TOKEN_H

#include <stdbool.h>

#include "core/status.h"

enum { TOKEN_BYTES = 256, TOKEN_LEAST = 16 };

struct token {
    char text[TOKEN_BYTES]; /* empty: none is asked for */
};

/* Reads the first line of a private file (data/private_file.h); an empty path is no token. STATUS_CONFIG unless it has 16 to 255
 * letters, digits or any of -._~+/=. */
bool token_read(struct token *token, const char *path, struct status *status);

/* Whether an Authorization header (NULL: there is none) has the token. Takes as long for every wrong one of its length. */
bool token_is_in(const struct token *token, const char *authorization);

#endif
