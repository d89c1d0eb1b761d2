#include "config/search_space.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/layer.h"
#include "config/value.h"
#include "core/rng.h"

/* A new axis for "name=...", with *values after the `=`; NULL with a sentence. */
static struct search_axis *begin(struct search_space *space, const char *text, const char **values,
                                 struct status *status) {
    const char *equals = strchr(text, '=');
    size_t length = equals == NULL ? 0 : (size_t)(equals - text);
    if (length == 0 || length >= SEARCH_NAME_BYTES || memchr(text, '.', length) == NULL) {
        status_fail(status, STATUS_USAGE, "'%.100s' is not of the form section.option=values", text);
        return NULL;
    }
    for (uint32_t i = 0; i < space->count; i++)
        if (strncmp(space->axes[i].option, text, length) == 0 && space->axes[i].option[length] == '\0') {
            status_fail(status, STATUS_USAGE, "'%.*s' is searched twice", (int)length, text);
            return NULL;
        }
    if (space->count == SEARCH_AXES_MAX) {
        status_fail(status, STATUS_USAGE, "more than %d options are searched", SEARCH_AXES_MAX);
        return NULL;
    }
    struct search_axis *axis = &space->axes[space->count];
    *axis = (struct search_axis){.count = 0};
    memcpy(axis->option, text, length);
    *values = equals + 1;
    return axis;
}

/* The end of the value that begins here: a comma outside brackets, or the end. */
static size_t value_length(const char *text) {
    size_t length = 0;
    int depth = 0;
    for (; text[length] != '\0' && (text[length] != ',' || depth > 0); length++)
        depth += (text[length] == '[' || text[length] == '{') - (text[length] == ']' || text[length] == '}');
    return length;
}

bool search_space_list(struct search_space *space, const char *text, struct status *status) {
    const char *at;
    struct search_axis *axis = begin(space, text, &at, status);
    if (axis == NULL)
        return false;
    for (;; at++) {
        size_t length = value_length(at);
        if (length == 0 || length >= sizeof axis->values[0])
            return status_fail(status, STATUS_USAGE, "'%.100s': a value is empty or too long", text);
        if (axis->count == SEARCH_VALUES_MAX)
            return status_fail(status, STATUS_USAGE, "'%s' has more than %d values", axis->option,
                               SEARCH_VALUES_MAX);
        memcpy(axis->values[axis->count], at, length);
        axis->values[axis->count++][length] = '\0';
        at += length;
        if (*at == '\0')
            break;
    }
    space->count++;
    return true;
}

static bool is_whole(const char *option) {
    const char *dot = strchr(option, '.');
    char section[SEARCH_NAME_BYTES];
    snprintf(section, sizeof section, "%.*s", (int)(dot - option), option);
    enum section_id home = layer_find_section(section);
    enum option_id id = home == SECTION_COUNT ? OPTION_COUNT : layer_find_option(home, dot + 1);
    return id != OPTION_COUNT && CONFIG_OPTIONS[id].type == OPTION_TYPE_UINT;
}

bool search_space_range(struct search_space *space, const char *text, struct status *status) {
    const char *from;
    char low[64], high[64];
    struct search_axis *axis = begin(space, text, &from, status);
    if (axis == NULL)
        return false;
    const char *dots = strstr(from, ".."), *colon = strchr(from, ':');
    const char *end = colon == NULL ? from + strlen(from) : colon;
    bool well = dots != NULL && dots < end && (colon == NULL || strcmp(colon, ":log") == 0) &&
                dots - from < (long)sizeof low && end - dots - 2 < (long)sizeof high;
    if (well) {
        snprintf(low, sizeof low, "%.*s", (int)(dots - from), from);
        snprintf(high, sizeof high, "%.*s", (int)(end - dots - 2), dots + 2);
        well = value_real(low, &axis->low) && value_real(high, &axis->high);
    }
    if (!well)
        return status_fail(status, STATUS_USAGE, "'%.100s' is not of the form section.option=low..high[:log]",
                           text);
    axis->is_log = colon != NULL;
    axis->is_whole = is_whole(axis->option);
    if (axis->low >= axis->high || (axis->is_log && axis->low <= 0))
        return status_fail(status, STATUS_USAGE, "'%.100s': low must be below high%s", text,
                           axis->is_log ? ", and above 0 for :log" : "");
    space->count++;
    return true;
}

uint64_t search_space_trials(const struct search_space *space) {
    uint64_t trials = space->count == 0 ? 0 : 1;
    for (uint32_t i = 0; i < space->count && trials <= UINT32_MAX; i++)
        trials *= space->axes[i].count;
    return trials > UINT32_MAX ? UINT64_C(1) << 32 : trials;
}

void search_space_grid(const struct search_space *space, uint64_t trial, uint32_t axis,
                       char text[SEARCH_TEXT_BYTES]) {
    for (uint32_t i = space->count - 1; i > axis; i--)
        trial /= space->axes[i].count;
    const struct search_axis *here = &space->axes[axis];
    snprintf(text, SEARCH_TEXT_BYTES, "%s=%s", here->option, here->values[trial % here->count]);
}

void search_space_draw(const struct search_space *space, uint64_t seed, uint64_t trial, uint32_t axis,
                       char text[SEARCH_TEXT_BYTES]) {
    const struct search_axis *here = &space->axes[axis];
    double share = rng_unit(seed, axis, trial);
    if (here->count != 0) {
        snprintf(text, SEARCH_TEXT_BYTES, "%s=%s", here->option,
                 here->values[(uint32_t)(share * here->count)]);
        return;
    }
    double value = here->is_log ? here->low * pow(here->high / here->low, share)
                                : here->low + share * (here->high - here->low);
    snprintf(text, SEARCH_TEXT_BYTES, here->is_whole ? "%s=%.0f" : "%s=%.4g", here->option,
             here->is_whole ? round(value) : value);
}
