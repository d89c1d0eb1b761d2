#include "config/config.h"

#include <stdio.h>
#include <string.h>

#include "config/table.h"
#include "config/value.h"
#include "core/hash.h"

enum { RATINGS_PER_LANE = 256, AUTO_LANES_MAX = 16 };

void config_defaults(struct config *config) {
    memset(config, 0, sizeof *config);
#define OPTION_BOOL(section, name, default_, sentence)                  config->section##_##name = default_;
#define OPTION_UINT(section, name, default_, low, high, unit, sentence) config->section##_##name = default_;
#define OPTION_REAL(section, name, default_, low, high, unit, sentence) config->section##_##name = default_;
#define OPTION_TEXT(section, name, default_, sentence)                                                       \
    memcpy(config->section##_##name, default_, sizeof default_);
#define OPTION_CHOICE(section, name, type, choices, default_, sentence) config->section##_##name = default_;
#include "config/options.def"
}

struct model_spec config_model(const struct config *config) {
    return (struct model_spec){
        .factors = (uint32_t)config->model_factors,
        .has_bias = config->model_biases,
        .has_range = config->model_y_range.given,
        .range_low = (float)config->model_y_range.low,
        .range_high = (float)config->model_y_range.high,
        .init = config->model_init,
        .init_scale = (float)config->model_init_scale,
        .seed = config->model_seed,
    };
}

struct optimiser_spec config_optimiser(const struct config *config) {
    return (struct optimiser_spec){
        .kind = config->train_optimiser,
        .nesterov = config->train_nesterov,
        .beta1 = (float)config->train_beta1,
        .beta2 = (float)config->train_beta2,
        .epsilon = (float)config->train_epsilon,
        .weight_decay = config->train_weight_decay,
        .decay = config->train_decay,
    };
}

/* adam and adamw have beta1 where sgd has momentum; the others have neither. */
static double base_momentum(const struct config *config) {
    switch (config->train_optimiser) {
    case OPTIMISER_SGD:
        return config->train_momentum;
    case OPTIMISER_ADAM:
    case OPTIMISER_ADAMW:
        return config->train_beta1;
    default:
        return 0;
    }
}

struct schedule_spec config_schedule(const struct config *config) {
    struct schedule_spec spec = {
        .kind = config->schedule_kind,
        .learning_rate = config->train_learning_rate,
        .momentum = base_momentum(config),
        .epochs = (uint32_t)config->schedule_epochs,
        .phase_count = config->schedule_phases.count,
        .gamma = config->schedule_gamma,
        .step_epochs = (uint32_t)config->schedule_step_epochs,
        .cycles = (uint32_t)config->schedule_cycles,
        .cycle_len = (uint32_t)config->schedule_cycle_len,
        .cycle_mult = (uint32_t)config->schedule_cycle_mult,
        .div = config->schedule_div,
        .final_div = config->schedule_final_div,
        .pct = config->schedule_pct,
        .momentum_low = config->schedule_momentum_low,
        .momentum_high = config->schedule_momentum_high,
        .patience = (uint32_t)config->schedule_patience,
        .threshold = config->schedule_threshold,
    };
    for (uint32_t i = 0; i < spec.phase_count; i++) {
        spec.phases[i].epochs = config->schedule_phases.items[i].epochs;
        spec.phases[i].learning_rate = config->schedule_phases.items[i].learning_rate;
    }
    return spec;
}

uint32_t config_lanes(const struct config *config) {
    uint64_t lanes = config->train_batch / RATINGS_PER_LANE;
    if (config->train_mode == MODE_BLOCKED)
        return (uint32_t)config->train_parts;
    if (config->train_lanes != 0)
        return (uint32_t)config->train_lanes;
    return lanes < 1 ? 1 : lanes > AUTO_LANES_MAX ? AUTO_LANES_MAX : (uint32_t)lanes;
}

uint64_t config_digest(const struct config *config) {
    char line[VALUE_TEXT_BYTES + 2 * CHOICE_BYTES], value[VALUE_TEXT_BYTES];
    uint64_t digest = 0;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (!option_is_meaning(&CONFIG_OPTIONS[i]))
            continue;
        value_to_text(&CONFIG_OPTIONS[i], config, value);
        int length = snprintf(line, sizeof line, "%s.%s: %s\n", CONFIG_OPTIONS[i].section,
                              CONFIG_OPTIONS[i].name, value);
        digest = hash_bytes(line, (size_t)length, digest);
    }
    return digest;
}

bool config_require_data(const struct config *config, struct status *status) {
    if (config->data_ratings[0] != '\0')
        return true;
    return status_fail(status, STATUS_CONFIG,
                       "no ratings to learn from: name them with data.ratings in the configuration, with "
                       "--set data.ratings=PATH or with DOTBIAS_DATA__RATINGS=PATH");
}
