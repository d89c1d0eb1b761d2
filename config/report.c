#include "config/report.h"

#include <stdarg.h>
#include <string.h>

#include "core/memory.h"

enum { MESSAGE_BYTES = 512, LABEL_BYTES = CONFIG_TEXT_BYTES + 64 };

/* Moves the last error to its place, by origin and line; equal ones stay in the order they were found. */
static void sink_last(struct config_report *report) {
    struct config_error last = report->errors[report->count - 1];
    size_t at = report->count - 1;
    for (; at > 0; at--) {
        const struct config_error *before = &report->errors[at - 1];
        bool is_later = before->origin != last.origin ? before->origin > last.origin
                        : before->line != last.line   ? before->line > last.line
                                                      : before->column > last.column;
        if (last.origin != ORIGIN_FILE && before->origin == last.origin)
            is_later = false;
        if (!is_later)
            break;
        report->errors[at] = *before;
    }
    report->errors[at] = last;
}

static bool keep(struct config_report *report, const struct config_place *place, const char *text) {
    struct status ignored;
    size_t bytes = strlen(text) + 1;
    if (!memory_grow((void **)&report->errors, &report->capacity, report->count + 1, sizeof *report->errors,
                     "configuration errors", &ignored))
        return false;
    char *copy = memory_take(bytes, "a configuration error", &ignored);
    if (copy == NULL)
        return false;
    memcpy(copy, text, bytes);
    report->errors[report->count++] =
        (struct config_error){copy, place->source->origin, place->line, place->column};
    sink_last(report);
    return true;
}

void config_report_add(struct config_report *report, struct config_place place, const char *format, ...) {
    char message[MESSAGE_BYTES], label[LABEL_BYTES], excerpt[SOURCE_EXCERPT_BYTES];
    char text[LABEL_BYTES + MESSAGE_BYTES + SOURCE_EXCERPT_BYTES + 16];
    va_list arguments;
    if (report->count >= CONFIG_ERRORS_MAX) {
        report->left_out++;
        return;
    }
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    source_tame(message);
    source_label(&place, label, sizeof label);
    source_tame(label);
    source_excerpt(&place, excerpt);
    snprintf(text, sizeof text, "%s: error: %s%s%s", label, message, excerpt[0] == '\0' ? "" : "\n", excerpt);
    if (!keep(report, &place, text))
        report->is_starved = true;
}

bool config_report_is_full(const struct config_report *report) {
    return report->count >= CONFIG_ERRORS_MAX || report->is_starved;
}

void config_report_print(const struct config_report *report, FILE *out) {
    for (size_t i = 0; i < report->count; i++)
        fprintf(out, "%s\n", report->errors[i].text);
    if (report->left_out > 0)
        fprintf(out, "and at least %zu more errors\n", report->left_out);
}

void config_report_origin(const struct config_report *report, enum option_id option, char *text,
                          size_t bytes) {
    switch (report->options[option].origin) {
    case ORIGIN_DEFAULT:
        snprintf(text, bytes, "default");
        break;
    case ORIGIN_FILE:
        snprintf(text, bytes, "%s:%zu", report->file, report->options[option].line);
        break;
    case ORIGIN_ENVIRONMENT:
        snprintf(text, bytes, "environment");
        break;
    case ORIGIN_SET:
        snprintf(text, bytes, "--set");
        break;
    }
    source_tame(text);
}

void config_report_release(struct config_report *report) {
    for (size_t i = 0; i < report->count; i++)
        memory_release(report->errors[i].text);
    memory_release(report->errors);
    memset(report, 0, sizeof *report);
}
