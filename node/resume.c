#include "node/resume.h"

#include <stdio.h>
#include <string.h>

#include "config/table.h"
#include "config/value.h"
#include "core/memory.h"
#include "data/checkpoint.h"
#include "node/setup.h"

static bool belongs(const struct run_position *position, const struct config *config,
                    const struct packed_set *set, const char *checkpoints, struct status *status) {
    unsigned long long number = position->number;
    if (position->config_digest != config_digest(config))
        return status_fail(
            status, STATUS_CONFIG,
            "checkpoint %llu in %s was made with other options of data, model, train or schedule", number,
            checkpoints);
    if (position->data_digest != setup_ratings_digest(set))
        return status_fail(status, STATUS_PROTOCOL, "checkpoint %llu in %s was made of other ratings", number,
                           checkpoints);
    return true;
}

bool resume_find(struct resume *resume, const struct config *config, const struct packed_set *set,
                 const char *checkpoints, struct status *status) {
    uint32_t lanes = config_lanes(config);
    *resume = (struct resume){.found = false};
    if (checkpoints == NULL)
        return true;
    struct run_position *position = &resume->position;
    position->lane_squared =
        memory_take_array(lanes, sizeof *position->lane_squared, "a checkpoint's lanes", status);
    position->lane_counts =
        memory_take_array(lanes, sizeof *position->lane_counts, "a checkpoint's lanes", status);
    if (position->lane_squared == NULL || position->lane_counts == NULL ||
        !checkpoint_find(checkpoints, position, lanes, &resume->found, status))
        return false;
    return !resume->found || belongs(position, config, set, checkpoints, status);
}

void resume_release(struct resume *resume) {
    memory_release(resume->position.lane_squared);
    memory_release(resume->position.lane_counts);
    *resume = (struct resume){.found = false};
}

size_t resume_differences(const struct config *before, const struct config *now, char *text,
                          size_t capacity) {
    char was[VALUE_TEXT_BYTES], is[VALUE_TEXT_BYTES];
    size_t count = 0, length = 0;
    text[0] = '\0';
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct config_option *option = &CONFIG_OPTIONS[i];
        value_to_text(option, before, was);
        value_to_text(option, now, is);
        if (!option_is_meaning(option) || strcmp(was, is) == 0)
            continue;
        if (length < capacity)
            length += (size_t)snprintf(text + length, capacity - length, "%s%s.%s (%s, not %s)",
                                       count == 0 ? "" : ", ", option->section, option->name, was, is);
        count++;
    }
    return count;
}
