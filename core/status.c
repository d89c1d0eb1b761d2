#include "core/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool status_fail(struct status *status, enum status_code code, const char *format, ...) {
    va_list arguments;
    status->code = code;
    va_start(arguments, format);
    vsnprintf(status->text, sizeof status->text, format, arguments);
    va_end(arguments);
    return false;
}

bool status_fail_errno(struct status *status, enum status_code code, const char *format, ...) {
    int cause = errno;
    va_list arguments;
    status->code = code;
    va_start(arguments, format);
    int length = vsnprintf(status->text, sizeof status->text, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof status->text)
        snprintf(status->text + length, sizeof status->text - (size_t)length, ": %s", strerror(cause));
    return false;
}

bool status_context(struct status *status, const char *format, ...) {
    char inner[STATUS_TEXT_BYTES];
    va_list arguments;
    memcpy(inner, status->text, sizeof inner);
    va_start(arguments, format);
    int length = vsnprintf(status->text, sizeof status->text, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof status->text)
        snprintf(status->text + length, sizeof status->text - (size_t)length, ": %s", inner);
    return false;
}

static const struct {
    enum status_code code;
    const char *name;
} NAMES[] = {
    {STATUS_OK, "success"},
    {STATUS_USAGE, "usage error"},
    {STATUS_BAD_DATA, "bad data"},
    {STATUS_NO_INPUT, "no input"},
    {STATUS_UNAVAILABLE, "peer unavailable"},
    {STATUS_BUG, "internal error"},
    {STATUS_NO_MEMORY, "out of memory or processes"},
    {STATUS_CANT_CREATE, "cannot create output"},
    {STATUS_IO, "input/output error"},
    {STATUS_TRY_AGAIN, "stopped on request"},
    {STATUS_PROTOCOL, "protocol mismatch"},
    {STATUS_DENIED, "not allowed"},
    {STATUS_CONFIG, "configuration error"},
};

const char *status_name(enum status_code code) {
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (NAMES[i].code == code)
            return NAMES[i].name;
    return "unknown status";
}
