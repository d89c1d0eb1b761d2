/* dotbias explain: short pages that answer the lesson's questions with the numbers of a run. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/explain.h"
#include "config/loader.h"
#include "config/nearest.h"
#include "model/order.h"

struct explain_arguments {
    const char *topic, *path;
    bool json;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias explain                                what there is to explain\n"
    "  dotbias explain decay                          with the numbers of the lesson's run A\n"
    "  dotbias explain decay runs/lesson-a-001        with those of a run of yours\n"
    "  dotbias explain pca runs/lesson-a-001 --json\n"
    "\v"
    "Pages of a screenful: decay (what weight decay does to a row), momentum (the effective learning rate), "
    "pca "
    "(the two ways to components), crosstab (why the table's error is not the model's). --json prints "
    "the numbers alone.";

static const struct argp_option OPTIONS[] = {
    {"json", 'j', NULL, 0, "Print the numbers as JSON", 0},
    {0},
};

static const struct topic {
    const char *name, *summary;
    explain_topic *explain;
} TOPICS[] = {
    {"decay", "what weight decay does to a row, and to one that few ratings touch", explain_decay},
    {"momentum", "the effective learning rate, and how long a gradient is remembered", explain_momentum},
    {"pca", "the two ways to components, and what a rotation does to them", explain_pca},
    {"crosstab", "why the error of the table differs from that of the model", explain_crosstab},
};

enum { TOPIC_COUNT = sizeof TOPICS / sizeof TOPICS[0] };

/* The lesson's run A as far as the pages need it (config/lesson-a.yaml; 80,004 training ratings). */
static const char LESSON[] = "train: {optimiser: adam, learning_rate: 0.01, weight_decay: 2e-4}\n"
                             "schedule: {kind: cosine, cycles: 2, cycle_mult: 2}\n";
enum { LESSON_RATINGS = 80004 };

static error_t parse(int key, char *value, struct argp_state *state) {
    struct explain_arguments *arguments = state->input;
    switch (key) {
    case 'j':
        arguments->json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->path != NULL)
            argp_error(state, "one run at a time: what is '%s'?", value);
        *(arguments->topic == NULL ? &arguments->topic : &arguments->path) = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static bool load_lesson(struct explain_subject *subject, struct status *status) {
    struct config_report report;
    struct config_layers layers = {.name = "the lesson's run A",
                                   .text = LESSON,
                                   .length = strlen(LESSON),
                                   .folder = "/",
                                   .working_folder = "/"};
    bool good = config_load_layers(&subject->config, &layers, &report, status);
    config_report_release(&report);
    subject->train_count = LESSON_RATINGS;
    return good;
}

/* Mistakes in a run's configuration are shown: the sentence of the status only counts them. */
static bool load_run(struct explain_subject *subject, struct status *status) {
    char path[PATH_MAX + 16];
    struct config_report report;
    const struct model_file *model = &subject->finished->model;
    snprintf(path, sizeof path, "%s/config.yaml", subject->finished->run.folder);
    bool good = config_load_alone(&subject->config, path, &report, status);
    config_report_print(&report, stderr);
    config_report_release(&report);
    subject->train_count = 0;
    for (uint32_t user = 0; user < model->users; user++)
        subject->train_count += model->user_counts[user];
    if (good && subject->train_count == 0)
        return status_fail(status, STATUS_BAD_DATA, "the model has no training ratings");
    return good || status_context(status, "a page with the numbers of a run needs its configuration");
}

struct decay_run explain_run(const struct explain_subject *subject) {
    const struct config *config = &subject->config;
    return (struct decay_run){
        .optimiser = config_optimiser(config),
        .schedule = config_schedule(config),
        .steps_per_epoch = order_steps_per_epoch(subject->train_count, (uint32_t)config->train_batch),
        .batch = (uint32_t)config->train_batch,
        .start = config->model_init_scale,
    };
}

void explain_choice(unsigned option, unsigned index, char word[32]) {
    if (!option_choice(&CONFIG_OPTIONS[option], index, word))
        word[0] = '\0';
}

bool explain_has_steps(const struct explain_subject *subject) {
    return subject->config.train_mode == MODE_MINIBATCH && subject->config.train_sync == SYNC_SYNCHRONOUS;
}

static bool show(const struct explain_arguments *arguments, const struct topic *topic,
                 const struct explain_subject *subject, struct status *status) {
    struct explain_page page = {json_object(), !arguments->json};
    json_object_set_new(page.numbers, "topic", json_string(topic->name));
    json_object_set_new(page.numbers, "run",
                        json_string(arguments->path != NULL ? arguments->path : "lesson-a"));
    bool good = topic->explain(subject, &page, status);
    if (good && arguments->json) {
        json_dumpf(page.numbers, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        putchar('\n');
    }
    json_decref(page.numbers);
    return good;
}

static bool explain(const struct explain_arguments *arguments, const struct topic *topic,
                    struct status *status) {
    struct explain_subject subject = {0};
    struct finished finished;
    if (arguments->path == NULL)
        return load_lesson(&subject, status) && show(arguments, topic, &subject, status);
    if (!finished_open(&finished, arguments->path, NULL, RATINGS_IF_THERE, status))
        return false;
    subject.finished = &finished;
    bool good = load_run(&subject, status) && show(arguments, topic, &subject, status);
    finished_close(&finished);
    return good;
}

static void print_topics(void) {
    puts("Pages of dotbias explain:");
    for (int i = 0; i < TOPIC_COUNT; i++)
        printf("  %-10s %s\n", TOPICS[i].name, TOPICS[i].summary);
    puts("\n`dotbias explain TOPIC RUN` prints one with the numbers of a run, without RUN\n"
         "with those of the lesson's run A.");
}

static void print_topics_json(void) {
    json_t *list = json_array();
    for (int i = 0; i < TOPIC_COUNT; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s}", "topic", TOPICS[i].name, "summary", TOPICS[i].summary));
    json_dumpf(list, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(list);
}

static const struct topic *find(const char *name, struct status *status) {
    const char *meant = NULL;
    unsigned best = NEAREST_FAR;
    for (int i = 0; i < TOPIC_COUNT; i++) {
        unsigned rank = nearest_rank(name, TOPICS[i].name);
        if (strcmp(name, TOPICS[i].name) == 0)
            return &TOPICS[i];
        meant = rank < best ? TOPICS[i].name : meant;
        best = rank < best ? rank : best;
    }
    if (meant != NULL)
        status_fail(status, STATUS_USAGE, "there is no page on '%.100s' (did you mean '%s'?)", name, meant);
    else
        status_fail(status, STATUS_USAGE, "there is no page on '%.100s': decay, momentum, pca, crosstab",
                    name);
    return NULL;
}

int command_explain(int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "decay|momentum|pca|crosstab [RUN]", DOC, NULL,
                                     NULL,    NULL};
    struct explain_arguments arguments = {0};
    struct status status = {0};
    argp_parse(&ARGP, argc, argv, 0, NULL, &arguments);
    if (arguments.topic == NULL) {
        arguments.json ? print_topics_json() : print_topics();
        return STATUS_OK;
    }
    const struct topic *topic = find(arguments.topic, &status);
    return topic != NULL && explain(&arguments, topic, &status) ? STATUS_OK : command_report(&status);
}
