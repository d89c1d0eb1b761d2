/* What happens to a text option between the file and its field: variables are put in, and relative paths get
 * a start. */
#ifndef CONFIG_EXPAND_H
#define CONFIG_EXPAND_H

#include <stdbool.h>

#include "config/config.h"
#include "config/value.h"

/* The value of a variable in an array of "NAME=value" that ends in NULL (or is NULL); NULL when it is not
 * set. */
const char *expand_lookup(char *const *environment, const char *name);

/* Writes text with `${NAME}` and `${NAME:-default}` replaced; as in a shell, the default also serves for an
 * empty variable. `$${` stands for `${`. Fails for a variable that is not set and has no default, for a name
 * that is none, for a missing brace, and for a result of CONFIG_TEXT_BYTES or more. */
bool expand_variables(char *const *environment, const char *text, char expanded[CONFIG_TEXT_BYTES],
                      struct value_mistake *mistake);

/* Puts folder and a slash before a relative path, in place. Empty and absolute paths stay. False when it gets
 * too long. */
bool expand_path(const char *folder, char path[CONFIG_TEXT_BYTES]);

#endif
