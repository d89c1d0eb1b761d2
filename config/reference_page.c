#include "config/reference.h"

#include <string.h>

#include "config/table.h"
#include "config/value.h"

static const char INTRODUCTION[] =
    "# Options\n"
    "\n"
    "<!-- Made from config/options.def by `dotbias config docs > docs/OPTIONS.md`; a test compares the two. "
    "-->\n"
    "\n"
    "A run is described by one YAML file: a mapping of the sections below, each a mapping of options. What "
    "is not named\n"
    "has its default. `config/` holds files to run as they are and to start from.\n"
    "\n"
    "An option can come from four places; the later one wins:\n"
    "\n"
    "1. the default of this page,\n"
    "2. the file: `train: {learning_rate: 0.01}`,\n"
    "3. the environment: `DOTBIAS_TRAIN__LEARNING_RATE=0.01` (section, two underscores, name),\n"
    "4. the command line: `--set train.learning_rate=0.01`.\n"
    "\n"
    "`dotbias config print FILE` shows every value and where it came from; `dotbias config check FILE` finds "
    "all mistakes\n"
    "of a file at once, each with its line and a caret; `dotbias config schema` prints a JSON schema for "
    "editors.\n"
    "\n"
    "Text values may name environment variables: `${NAME}`, or `${NAME:-default}` when it may be unset or "
    "empty; `$${`\n"
    "stands for `${`. A relative path in section `data`, or of a model or keys, starts at the folder of the "
    "file, or at the working "
    "folder when\n"
    "it comes from the environment or the command line. Whole numbers are plain digits; other numbers may "
    "have an\n"
    "exponent (`1e-3`). Bounds are inclusive.\n"
    "\n"
    "An option that the rest of the configuration makes useless (`schedule.cycles` without `kind: cosine`) "
    "is an error\n"
    "when it is not at its default. Options of `cluster` and `run` do not change what a synchronous run "
    "computes; all\n"
    "others but the paths are part of the configuration's digest, on which the processes of a run must "
    "agree.\n";

static void print_option(const struct config_option *option, const struct config *defaults, FILE *out) {
    char takes[256], value[VALUE_TEXT_BYTES];
    value_describe(option, "`", takes, sizeof takes);
    value_to_text(option, defaults, value);
    bool is_empty = strcmp(value, "\"\"") == 0;
    fprintf(out, "| `%s` | %s | %s%s%s | %s |\n", option->name, takes, is_empty ? "" : "`",
            is_empty ? "empty" : value, is_empty ? "" : "`", option->sentence);
}

void reference_print_page(FILE *out) {
    struct config defaults;
    config_defaults(&defaults);
    fputs(INTRODUCTION, out);
    for (enum option_id id = 0; id < OPTION_COUNT; id++) {
        const struct config_section *section = &CONFIG_SECTIONS[CONFIG_OPTIONS[id].section_id];
        if (id == 0 || CONFIG_OPTIONS[id].section_id != CONFIG_OPTIONS[id - 1].section_id)
            fprintf(out, "\n## %s\n\n%s\n\n| option | takes | default | meaning |\n|---|---|---|---|\n",
                    section->name, section->sentence);
        print_option(&CONFIG_OPTIONS[id], &defaults, out);
    }
}
