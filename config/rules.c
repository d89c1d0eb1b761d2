#include "config/rules.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/value.h"
#include "core/contract.h"

#define ONE(choice) (1u << (choice))

/* Options that are read only for some values of a choice. To set one that is not read is a mistake that would
 * otherwise pass in silence; at its default it does no harm. */
static const struct dependence {
    enum option_id option, choice;
    unsigned values;
} DEPENDENCES[] = {
    {OPTION_data_valid_file, OPTION_data_split, ONE(SPLIT_FILES)},
    {OPTION_data_valid_fraction, OPTION_data_split, ONE(SPLIT_NUMPY) | ONE(SPLIT_HASH) | ONE(SPLIT_TIME)},
    {OPTION_data_split_seed, OPTION_data_split, ONE(SPLIT_NUMPY) | ONE(SPLIT_HASH)},
    {OPTION_train_parts, OPTION_train_mode, ONE(MODE_BLOCKED)},
    {OPTION_train_strata, OPTION_train_mode, ONE(MODE_BLOCKED)},
    {OPTION_train_batch, OPTION_train_mode, ONE(MODE_MINIBATCH)},
    {OPTION_train_lanes, OPTION_train_mode, ONE(MODE_MINIBATCH)},
    {OPTION_train_sync, OPTION_train_mode, ONE(MODE_MINIBATCH)},
    {OPTION_train_staleness, OPTION_train_mode, ONE(MODE_MINIBATCH)},
    {OPTION_train_staleness, OPTION_train_sync, ONE(SYNC_SYNCHRONOUS) | ONE(SYNC_SSP)},
    {OPTION_train_momentum, OPTION_train_optimiser, ONE(OPTIMISER_SGD)},
    {OPTION_train_nesterov, OPTION_train_mode, ONE(MODE_MINIBATCH)},
    {OPTION_train_decay, OPTION_train_mode, ONE(MODE_MINIBATCH)},
    {OPTION_train_nesterov, OPTION_train_optimiser, ONE(OPTIMISER_SGD)},
    {OPTION_train_beta1, OPTION_train_optimiser, ONE(OPTIMISER_ADAM) | ONE(OPTIMISER_ADAMW)},
    {OPTION_train_beta2, OPTION_train_optimiser, ONE(OPTIMISER_ADAM) | ONE(OPTIMISER_ADAMW)},
    {OPTION_train_epsilon, OPTION_train_optimiser,
     ONE(OPTIMISER_ADAM) | ONE(OPTIMISER_ADAMW) | ONE(OPTIMISER_ADAGRAD) | ONE(OPTIMISER_ADAGRAD_ROW)},
    {OPTION_train_learning_rate, OPTION_schedule_kind,
     ONE(SCHEDULE_CONSTANT) | ONE(SCHEDULE_STEP) | ONE(SCHEDULE_EXPONENTIAL) | ONE(SCHEDULE_COSINE) |
         ONE(SCHEDULE_ONE_CYCLE) | ONE(SCHEDULE_PLATEAU)},
    {OPTION_schedule_epochs, OPTION_schedule_kind,
     ONE(SCHEDULE_CONSTANT) | ONE(SCHEDULE_STEP) | ONE(SCHEDULE_EXPONENTIAL) | ONE(SCHEDULE_ONE_CYCLE) |
         ONE(SCHEDULE_PLATEAU)},
    {OPTION_schedule_phases, OPTION_schedule_kind, ONE(SCHEDULE_PHASES)},
    {OPTION_schedule_gamma, OPTION_schedule_kind,
     ONE(SCHEDULE_STEP) | ONE(SCHEDULE_EXPONENTIAL) | ONE(SCHEDULE_PLATEAU)},
    {OPTION_schedule_step_epochs, OPTION_schedule_kind, ONE(SCHEDULE_STEP)},
    {OPTION_schedule_cycles, OPTION_schedule_kind, ONE(SCHEDULE_COSINE)},
    {OPTION_schedule_cycle_len, OPTION_schedule_kind, ONE(SCHEDULE_COSINE)},
    {OPTION_schedule_cycle_mult, OPTION_schedule_kind, ONE(SCHEDULE_COSINE)},
    {OPTION_schedule_div, OPTION_schedule_kind, ONE(SCHEDULE_ONE_CYCLE)},
    {OPTION_schedule_final_div, OPTION_schedule_kind, ONE(SCHEDULE_ONE_CYCLE)},
    {OPTION_schedule_pct, OPTION_schedule_kind, ONE(SCHEDULE_ONE_CYCLE)},
    {OPTION_schedule_momentum_low, OPTION_schedule_kind, ONE(SCHEDULE_ONE_CYCLE)},
    {OPTION_schedule_momentum_high, OPTION_schedule_kind, ONE(SCHEDULE_ONE_CYCLE)},
    {OPTION_schedule_patience, OPTION_schedule_kind, ONE(SCHEDULE_PLATEAU)},
    {OPTION_schedule_threshold, OPTION_schedule_kind, ONE(SCHEDULE_PLATEAU)},
};

/* A check in progress. */
struct checking {
    const struct rules_subject *subject;
    const struct config *config;
    struct config_report *report;
};

/* Whether both options could be read. */
static bool are_read(const struct checking *checking, enum option_id one, enum option_id other) {
    return !checking->subject->is_faulty[one] && !checking->subject->is_faulty[other];
}

/* Reports at the place of `first`, or of `second` when the first is a default. */
static void blame(const struct checking *checking, enum option_id first, enum option_id second,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

static void blame(const struct checking *checking, enum option_id first, enum option_id second,
                  const char *format, ...) {
    char message[VALUE_MESSAGE_BYTES];
    va_list arguments;
    struct config_place place = checking->subject->places[first];
    if (place.source == NULL)
        place = checking->subject->places[second];
    REQUIRE(place.source != NULL, "defaults break no rule");
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    config_report_add(checking->report, place, "%s", message);
}

static bool is_default(const struct config *config, const struct config_option *option) {
    struct config defaults;
    char value[VALUE_TEXT_BYTES], usual[VALUE_TEXT_BYTES];
    config_defaults(&defaults);
    value_to_text(option, config, value);
    value_to_text(option, &defaults, usual);
    return strcmp(value, usual) == 0;
}

/* "constant, step or plateau" */
static void list_values(const struct dependence *dependence, char *text, size_t bytes) {
    const struct config_option *choice = &CONFIG_OPTIONS[dependence->choice];
    char word[CHOICE_BYTES];
    size_t length = 0;
    for (unsigned i = 0, rest = dependence->values; rest != 0 && length < bytes; i++) {
        if (!(rest & ONE(i)) || !option_choice(choice, i, word))
            continue;
        const char *joint = rest == dependence->values ? "" : rest == ONE(i) ? " or " : ", ";
        length += (size_t)snprintf(text + length, bytes - length, "%s%s", joint, word);
        rest &= ~ONE(i);
    }
}

static void check_dependence(const struct checking *checking, const struct dependence *dependence) {
    const struct config_option *option = &CONFIG_OPTIONS[dependence->option],
                               *choice = &CONFIG_OPTIONS[dependence->choice];
    unsigned value = *(const unsigned *)value_field_const(choice, checking->config);
    char words[128], word[CHOICE_BYTES];
    if (dependence->values & ONE(value) || is_default(checking->config, option))
        return;
    bool is_zero = dependence->option == OPTION_train_momentum && checking->config->train_momentum == 0;
    if (is_zero || !are_read(checking, dependence->option, dependence->choice))
        return;
    list_values(dependence, words, sizeof words);
    option_choice(choice, value, word);
    blame(checking, dependence->option, dependence->choice,
          "'%s.%s' has no effect when '%s.%s' is %s, only when it is %s", option->section, option->name,
          choice->section, choice->name, word, words);
}

static void check_data(const struct checking *checking) {
    const struct config *config = checking->config;
    if (config->data_split == SPLIT_FILES && config->data_valid_file[0] == '\0' &&
        are_read(checking, OPTION_data_split, OPTION_data_valid_file))
        blame(checking, OPTION_data_split, OPTION_data_valid_file,
              "'data.split' is files, but 'data.valid_file' is empty");
}

static void check_model(const struct checking *checking) {
    const struct config *config = checking->config;
    if (config->model_init_digest[0] != '\0' && config->model_init_from[0] == '\0' &&
        are_read(checking, OPTION_model_init_digest, OPTION_model_init_from))
        blame(checking, OPTION_model_init_digest, OPTION_model_init_from,
              "'model.init_digest' has no effect when 'model.init_from' is empty");
}

static void check_train(const struct checking *checking) {
    const struct config *config = checking->config;
    if (config->train_nesterov && config->train_momentum == 0 &&
        are_read(checking, OPTION_train_nesterov, OPTION_train_momentum))
        blame(checking, OPTION_train_nesterov, OPTION_train_momentum,
              "'train.nesterov' needs a 'train.momentum' above 0");
    if (config->train_lanes > config->train_batch &&
        are_read(checking, OPTION_train_lanes, OPTION_train_batch))
        blame(checking, OPTION_train_lanes, OPTION_train_batch,
              "'train.lanes' is %" PRIu64 ", more than the %" PRIu64 " ratings of a minibatch",
              config->train_lanes, config->train_batch);
}

/* The highest learning rate that the schedule may reach. */
static double peak_rate(const struct config *config) {
    double peak = config->train_learning_rate;
    if (config->schedule_kind != SCHEDULE_PHASES)
        return peak;
    peak = 0;
    for (uint32_t i = 0; i < config->schedule_phases.count; i++)
        peak = fmax(peak, config->schedule_phases.items[i].learning_rate);
    return peak;
}

static void check_blocked(const struct checking *checking) {
    const struct config *config = checking->config;
    bool has_rule =
        config->train_optimiser == OPTIMISER_SGD || config->train_optimiser == OPTIMISER_ADAGRAD_ROW;
    if (config->train_mode != MODE_BLOCKED)
        return;
    if (!has_rule && are_read(checking, OPTION_train_optimiser, OPTION_train_mode))
        blame(checking, OPTION_train_optimiser, OPTION_train_mode,
              "in 'train.mode' blocked 'train.optimiser' is sgd or adagrad_row");
    if (config->train_strata != 0 && config->train_strata < config->train_parts &&
        are_read(checking, OPTION_train_strata, OPTION_train_parts))
        blame(checking, OPTION_train_strata, OPTION_train_parts,
              "%" PRIu64 " strata are fewer than %" PRIu64 " parts: two parts would share a stratum",
              config->train_strata, config->train_parts);
    if (peak_rate(config) * config->train_weight_decay >= 1 &&
        are_read(checking, OPTION_train_weight_decay, OPTION_train_learning_rate))
        blame(checking, OPTION_train_weight_decay, OPTION_train_learning_rate,
              "a learning rate of %g with a weight decay of %g would turn rows around at every visit",
              peak_rate(config), config->train_weight_decay);
}

/* The length of the run in epochs, which the restarts of cosine can make very large. */
static double cosine_epochs(const struct config *config) {
    double sum = 0, length = (double)config->schedule_cycle_len;
    for (uint64_t i = 0; i < config->schedule_cycles; i++) {
        sum += length;
        length *= (double)config->schedule_cycle_mult;
    }
    return sum;
}

static void check_schedule(const struct checking *checking) {
    const struct config *config = checking->config;
    double longest = (double)CONFIG_OPTIONS[OPTION_schedule_epochs].uint_high;
    if (config->schedule_kind == SCHEDULE_PHASES && config->schedule_phases.count == 0 &&
        are_read(checking, OPTION_schedule_kind, OPTION_schedule_phases))
        blame(checking, OPTION_schedule_kind, OPTION_schedule_phases,
              "'schedule.kind' is phases, but 'schedule.phases' is none");
    if (config->schedule_kind == SCHEDULE_COSINE && cosine_epochs(config) > longest &&
        are_read(checking, OPTION_schedule_cycles, OPTION_schedule_cycle_mult) &&
        are_read(checking, OPTION_schedule_kind, OPTION_schedule_cycle_len))
        blame(checking, config->schedule_cycle_mult > 1 ? OPTION_schedule_cycle_mult : OPTION_schedule_cycles,
              OPTION_schedule_cycle_len, "these cycles would last more than %.0f epochs", longest);
    if (config->schedule_early_stopping == 0 && config->schedule_stop_threshold != 1e-4 &&
        are_read(checking, OPTION_schedule_early_stopping, OPTION_schedule_stop_threshold))
        blame(checking, OPTION_schedule_stop_threshold, OPTION_schedule_early_stopping,
              "'schedule.stop_threshold' has no effect when 'schedule.early_stopping' is 0");
    if (config->schedule_kind == SCHEDULE_ONE_CYCLE &&
        config->schedule_momentum_low > config->schedule_momentum_high &&
        are_read(checking, OPTION_schedule_momentum_low, OPTION_schedule_momentum_high))
        blame(checking, OPTION_schedule_momentum_low, OPTION_schedule_momentum_high,
              "'schedule.momentum_low' lies above 'schedule.momentum_high'");
}

static bool is_port(const char *text) {
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= 5 && text[digits] == '\0' && text[0] != '0' && atoi(text) <= 65535;
}

/* HOST or HOST:PORT; HOST is a name, an IPv4 address, or an IPv6 address, in brackets when a port follows. */
static bool is_place(const char *text) {
    static const char NAME[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    char host[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (inet_pton(AF_INET6, text, &address) == 1)
        return true;
    bool bracketed = text[0] == '[';
    size_t length = bracketed ? strcspn(text + 1, "]") : strspn(text, NAME);
    const char *rest = text + length + (bracketed && text[1 + length] == ']' ? 2 : 0);
    if (length == 0 || (bracketed && length >= sizeof host) ||
        (rest[0] != '\0' && (rest[0] != ':' || !is_port(rest + 1))))
        return false;
    snprintf(host, sizeof host, "%.*s", (int)length, text + bracketed);
    return !bracketed || (rest[0] == ':' && inet_pton(AF_INET6, host, &address) == 1);
}

/* Nobody can connect to these. */
static bool is_everywhere(const char *text) {
    return strncmp(text, "0.0.0.0", 7) == 0 || strcmp(text, "::") == 0 || strncmp(text, "[::]", 4) == 0;
}

static void check_advertise(const struct checking *checking) {
    const char *advertise = checking->config->cluster_advertise;
    if (advertise[0] != '\0' && (!is_place(advertise) || is_everywhere(advertise)) &&
        are_read(checking, OPTION_cluster_advertise, OPTION_cluster_advertise))
        blame(checking, OPTION_cluster_advertise, OPTION_cluster_advertise,
              "'cluster.advertise' is '%s', where nobody can connect to: wanted is HOST or HOST:PORT, as in "
              "pserver-0.example.org, 10.0.0.7:7078 or [fd07::1]:7078",
              advertise);
}

static void check_cluster(const struct checking *checking) {
    static const char *const prefixes[] = {
        [TRANSPORT_INPROC] = "", [TRANSPORT_IPC] = "ipc://", [TRANSPORT_TCP] = "tcp://"};
    const struct config *config = checking->config;
    const char *prefix = prefixes[config->cluster_transport];
    if (config->cluster_heartbeat_timeout <= config->cluster_heartbeat_interval &&
        are_read(checking, OPTION_cluster_heartbeat_timeout, OPTION_cluster_heartbeat_interval))
        blame(checking, OPTION_cluster_heartbeat_timeout, OPTION_cluster_heartbeat_interval,
              "'cluster.heartbeat_timeout' must be longer than 'cluster.heartbeat_interval'");
    if (config->cluster_workers_min > config->cluster_workers &&
        are_read(checking, OPTION_cluster_workers_min, OPTION_cluster_workers))
        blame(checking, OPTION_cluster_workers_min, OPTION_cluster_workers,
              "'cluster.workers_min' is %" PRIu64 ", more than the %" PRIu64 " workers",
              config->cluster_workers_min, config->cluster_workers);
    if (config->cluster_coordinator[0] != '\0' &&
        strncmp(config->cluster_coordinator, prefix, strlen(prefix)) != 0 &&
        are_read(checking, OPTION_cluster_coordinator, OPTION_cluster_transport))
        blame(checking, OPTION_cluster_coordinator, OPTION_cluster_transport,
              "'cluster.coordinator' must begin with %s", prefix);
}

static void check_security(const struct checking *checking) {
    const struct config *config = checking->config;
    bool has_keys = config->security_keys[0] != '\0';
    if (config->security_curve == CURVE_ON && !has_keys &&
        are_read(checking, OPTION_security_curve, OPTION_security_keys))
        blame(checking, OPTION_security_curve, OPTION_security_keys,
              "'security.curve' is on, but 'security.keys' is empty: `dotbias keygen DIR` makes some");
    if (config->security_curve == CURVE_OFF && has_keys &&
        are_read(checking, OPTION_security_curve, OPTION_security_keys))
        blame(checking, OPTION_security_keys, OPTION_security_curve,
              "'security.keys' has no effect when 'security.curve' is off");
}

void rules_check(const struct rules_subject *subject, struct config_report *report) {
    struct checking checking = {subject, subject->config, report};
    for (size_t i = 0; i < sizeof DEPENDENCES / sizeof DEPENDENCES[0]; i++)
        check_dependence(&checking, &DEPENDENCES[i]);
    check_data(&checking);
    check_model(&checking);
    check_train(&checking);
    check_blocked(&checking);
    check_schedule(&checking);
    check_cluster(&checking);
    check_advertise(&checking);
    check_security(&checking);
}
