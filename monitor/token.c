#include "monitor/token.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "data/private_file.h"

static const char CHARACTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";

bool token_read(struct token *token, const char *path, struct status *status) {
    token->text[0] = '\0';
    if (path[0] == '\0')
        return true;
    FILE *file = private_file_open(path, status);
    if (file == NULL)
        return false;
    if (fgets(token->text, sizeof token->text, file) == NULL)
        token->text[0] = '\0';
    fclose(file);
    token->text[strcspn(token->text, "\r\n")] = '\0';
    size_t length = strlen(token->text);
    if (length >= TOKEN_LEAST && length < TOKEN_BYTES - 1 && strspn(token->text, CHARACTERS) == length)
        return true;
    token->text[0] = '\0';
    return status_fail(status, STATUS_CONFIG,
                       "%s:1:1: no token: %d to %d letters, digits or -._~+/= were expected", path,
                       TOKEN_LEAST, TOKEN_BYTES - 2);
}

bool token_is_in(const struct token *token, const char *authorization) {
    static const char SCHEME[] = "Bearer ";
    unsigned char differs = 0;
    if (authorization == NULL || strncasecmp(authorization, SCHEME, sizeof SCHEME - 1) != 0)
        return false;
    const char *given = authorization + sizeof SCHEME - 1;
    size_t length = strlen(token->text);
    if (strlen(given) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        differs |= (unsigned char)(given[i] ^ token->text[i]);
    return differs == 0;
}
