/* What must hold between options, after each has been read on its own. The rules look at values only, so that
 * the defaults and every configuration that config_print has written pass them. */
#ifndef CONFIG_RULES_H
#define CONFIG_RULES_H

#include <stdbool.h>

#include "config/report.h"
#include "config/table.h"

/* Where each option's value stands, and which could not be read: a rule that needs one of these is silent. */
struct rules_subject {
    const struct config *config;
    struct config_place places[OPTION_COUNT]; /* source NULL: a default */
    bool is_faulty[OPTION_COUNT];
};

/* Reports every broken rule at the option that breaks it. */
void rules_check(const struct rules_subject *subject, struct config_report *report);

#endif
