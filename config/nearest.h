/* Did you mean ...? */
#ifndef CONFIG_NEAREST_H
#define CONFIG_NEAREST_H

#include "config/table.h"

/* How far a word is from a name that may have been meant: the number of edits, 0 also for its initials (lr
 * for learning_rate) and 1 for a beginning of it (batch_size for batch); NEAREST_FAR when nobody would have
 * meant it. */
enum { NEAREST_FAR = 255 };
unsigned nearest_rank(const char *word, const char *name);

/* The name that was probably meant, NULL when none is near. */
const char *nearest_section(const char *word);
const struct config_option *nearest_option(enum section_id section, const char *word);
bool nearest_choice(const struct config_option *option, const char *word, char choice[CHOICE_BYTES]);

#endif
