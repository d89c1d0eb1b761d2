/* What reading a configuration found: where each option came from, and every mistake, in the order of their
 * lines. */
#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "config/source.h"
#include "config/table.h"

enum { CONFIG_ERRORS_MAX = 100 };

struct config_error {
    char *text; /* "cluster.yaml:17:5: error: ...", then the line and a caret, each after a newline */
    enum config_origin origin;
    size_t line, column;
};

/* Zero it before use; config_report_release gives back what it holds. */
struct config_report {
    struct config_error *errors;
    size_t count, capacity;
    size_t left_out;              /* mistakes beyond CONFIG_ERRORS_MAX */
    bool is_starved;              /* memory for a mistake was refused */
    char file[CONFIG_TEXT_BYTES]; /* the name of the file, "" when there was none */
    struct {
        enum config_origin origin;
        size_t line; /* ORIGIN_FILE */
    } options[OPTION_COUNT];
};

/* Adds a mistake at a place. Never fails: memory that is refused is remembered in is_starved. */
void config_report_add(struct config_report *report, struct config_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether there is no use in looking for more. */
bool config_report_is_full(const struct config_report *report);

/* Prints all mistakes, each with its line and caret. */
void config_report_print(const struct config_report *report, FILE *out);

/* Writes where an option's value came from: "default", "cluster.yaml:17", "environment" or "--set". */
void config_report_origin(const struct config_report *report, enum option_id option, char *text,
                          size_t bytes);

void config_report_release(struct config_report *report);

#endif
