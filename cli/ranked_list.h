/* Ranked movies (or users) as a table with tabs and a header, or as one JSON object a line with the same names:
 * [user,] rank, movie, title, and a value whose name the command gives. */
#ifndef CLI_RANKED_LIST_H
#define CLI_RANKED_LIST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/output_file.h"
#include "data/model_file.h"

struct ranked_list {
    const struct model_file *model;
    enum table_id table; /* what is ranked; users have no title */
    const char *value;   /* "rating", "cosine" */
    bool names_user;     /* each line begins with the user it is for */
    bool json;
    struct output_file *out;
};

/* The header of a table; nothing with JSON. */
bool ranked_list_begin(const struct ranked_list *list, struct status *status);

/* `user` is the row of the user it is for; it does not matter without names_user. Ranks begin at 1. */
bool ranked_list_write(const struct ranked_list *list, uint32_t user, uint32_t rank, uint32_t row,
                       double value, struct status *status);

/* The same as an object, for commands that put it into a larger one; NULL without memory. */
json_t *ranked_list_object(const struct ranked_list *list, uint32_t user, uint32_t rank, uint32_t row,
                           double value);

#endif
