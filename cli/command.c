#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "config/nearest.h"

const struct command COMMANDS[] = {
    {"import", "read a ratings file once, into packed blocks that any number of workers can map",
     command_import},
    {"generate", "make ratings from a planted model, to try things without a data set", command_generate},
    {"train", "train a model: from a configuration, or from a ratings file and defaults", command_train},
    {"lr-find", "try learning rates from small to large in one epoch, and suggest one", command_lr_find},
    {"tune", "train many configurations, and say which validates best", command_tune},
    {"config", "check, print or document a configuration", command_config},
    {"plan", "say what a run will take: memory per process, bytes per epoch on the wire", command_plan},
    {"check", "try configuration, data, ports and reachability before a run", command_check},
    {"top", "watch a run that lives: bars and figures per pserver and worker", command_top},
    {"report", "look back at a run: one HTML file with its curves, tables and events", command_report_run},
    {"predict", "predict one rating and show the terms that make it up", command_predict},
    {"recommend", "the movies that a model expects its users to rate best", command_recommend},
    {"similar", "movies whose factors are near those of one", command_similar},
    {"fold-in", "a new user's ratings: its row, and what to recommend", command_fold_in},
    {"evaluate", "measure a finished model on ratings", command_evaluate},
    {"export", "write a finished model as files for NumPy, word2vec tools, TensorBoard", command_export},
    {"factors", "what the movies' factors are about: components, titles at both ends, a map",
     command_factors},
    {"biases", "the best and the worst movies beyond their average rating", command_biases},
    {"crosstab", "the most active users by the most rated movies: actual, predicted, error",
     command_crosstab},
    {"workbook",
     "the recommender in a spreadsheet: the crosstab, its model and a step of learning, as formulas",
     command_workbook},
    {"explain", "short pages on what decay, momentum, components and the crosstab mean, with a run's numbers",
     command_explain},
    {"kubernetes", "print the manifests of a cluster, made from its configuration", command_kubernetes},
    {"keygen", "make the keys of a cluster that is spread over hosts", command_keygen},
    {"man", "print the manual page of a command", command_man},
    {"completion", "print the script that completes command lines in bash or zsh", command_completion},
    {"protocol", "print the reference page of all messages between processes", command_protocol},
};

const size_t COMMANDS_COUNT = sizeof COMMANDS / sizeof COMMANDS[0];

const struct command *command_find(const char *name) {
    for (size_t i = 0; i < COMMANDS_COUNT; i++)
        if (strcmp(name, COMMANDS[i].name) == 0)
            return &COMMANDS[i];
    return NULL;
}

const struct command *command_nearest(const char *typed) {
    const struct command *best = NULL;
    unsigned best_rank = NEAREST_FAR;
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        unsigned rank = nearest_rank(typed, COMMANDS[i].name);
        if (rank < best_rank) {
            best = &COMMANDS[i];
            best_rank = rank;
        }
    }
    return best;
}

void command_spell_help(int argc, char **argv) {
    static char help[] = "--help";
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "-h") == 0)
            argv[i] = help;
}

int command_report(const struct status *status) {
    fprintf(stderr, "dotbias: error: %s\n",
            status->text[0] != '\0' ? status->text : status_name(status->code));
    return (int)status->code;
}
