/* Where the text of a configuration comes from, and how a place in it is shown: the line, and a caret below.
 */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include <stddef.h>
#include <stdint.h>

/* In rising precedence. */
enum config_origin { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_ENVIRONMENT, ORIGIN_SET };

/* A text that options are read from: a file, an environment variable "NAME=value", or a --set
 * "section.name=value". It borrows its strings from the caller. */
struct config_source {
    enum config_origin origin;
    const char *name; /* the file as the user named it, "environment" or "--set" */
    const char *text; /* may hold any bytes */
    size_t length;
    size_t skip; /* bytes before the value: length of "NAME="; 0 for a file */
};

/* A place in a source; lines and columns count from 1, columns in characters. source NULL: nowhere (a
 * default). */
struct config_place {
    const struct config_source *source;
    size_t line, column;
};

/* The place of a byte of the text; an offset behind the end means the end. */
struct config_place source_place(const struct config_source *source, size_t offset);

/* Writes "name:17:5" of a file, or the name alone of another source. Always ends the text; clips it at
 * `bytes`. */
void source_label(const struct config_place *place, char *text, size_t bytes);

/* Writes the line of a place, a newline, and a caret under the column, clipped to a window of a long line.
 * What a terminal would obey (control bytes, broken UTF-8) becomes '?'. An empty line gives an empty text. */
enum { SOURCE_EXCERPT_BYTES = 1024 };
void source_excerpt(const struct config_place *place, char text[SOURCE_EXCERPT_BYTES]);

/* The number of bytes of the UTF-8 character at `at`, 0 when these bytes are none. */
size_t source_character(const char *at, size_t left);

/* Replaces what a terminal would obey by '?', in place. */
void source_tame(char *text);

#endif
