/* The configuration of a run as one plain struct; every field comes from config/options.def, the one table of
 * options. Filled by config/loader.h from defaults, a YAML file, the environment and --set, in rising
 * precedence. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/rating.h"
#include "core/status.h"
#include "model/schedule.h"
#include "model/spec.h"

enum { CONFIG_TEXT_BYTES = 1024 };

enum split_kind { SPLIT_NUMPY, SPLIT_HASH, SPLIT_TIME, SPLIT_LEAVE_LAST_OUT, SPLIT_FILES };
enum duplicates_policy { DUPLICATES_LAST, DUPLICATES_MEAN, DUPLICATES_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };
enum curve_use { CURVE_AUTO, CURVE_ON, CURVE_OFF };
enum transport_kind { TRANSPORT_INPROC, TRANSPORT_IPC, TRANSPORT_TCP };
enum train_mode { MODE_MINIBATCH, MODE_BLOCKED };
enum sync_kind { SYNC_SYNCHRONOUS, SYNC_SSP, SYNC_ASP };

/* A closed interval, or none. */
struct option_range {
    bool given;
    double low, high;
};

/* Phases of a schedule, one after another; count 0 means none. */
struct option_phases {
    uint32_t count;
    struct {
        uint32_t epochs;
        double learning_rate;
    } items[SCHEDULE_PHASES_MAX];
};

struct config {
#define OPTION_BOOL(section, name, default_, sentence)                  bool section##_##name;
#define OPTION_UINT(section, name, default_, low, high, unit, sentence) uint64_t section##_##name;
#define OPTION_REAL(section, name, default_, low, high, unit, sentence) double section##_##name;
#define OPTION_TEXT(section, name, default_, sentence)                  char section##_##name[CONFIG_TEXT_BYTES];
#define OPTION_CHOICE(section, name, type, choices, default_, sentence) enum type section##_##name;
#define OPTION_RANGE(section, name, sentence)                           struct option_range section##_##name;
#define OPTION_PHASES(section, name, sentence)                          struct option_phases section##_##name;
#include "config/options.def"
};

/* Every option at its default. */
void config_defaults(struct config *config);

/* The parts of a configuration that other rooms take. mean is filled in by the caller (model.mean asks for
 * it). */
struct model_spec config_model(const struct config *config);
struct optimiser_spec config_optimiser(const struct config *config);
struct schedule_spec config_schedule(const struct config *config);

/* The number of lanes: cluster-independent; `train.lanes: 0` (auto) means one lane per 256 ratings of a
 * batch, 1 to 16. */
uint32_t config_lanes(const struct config *config);

/* A digest of everything that changes what is computed (data, model, train, schedule; not cluster and run):
 * two processes with different digests must not train together. Paths are left out, since a file may lie
 * elsewhere on another host; that the ratings are the same is said by the digest of the packed set. */
uint64_t config_digest(const struct config *config);

/* Fails with STATUS_CONFIG and a sentence that tells how to name them when the configuration has no ratings.
 */
bool config_require_data(const struct config *config, struct status *status);

#endif
