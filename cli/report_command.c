/* dotbias report: a run looked back at, as one HTML file. */
#include <argp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/command.h"
#include "cli/output_file.h"
#include "cli/report_page.h"

enum { KEY_FORCE = 0x100 };

struct report_arguments {
    const char *run, *out;
    bool force;
};

static const char DOC[] = "Examples:\n"
                          "  dotbias report runs/demo-1 -o report.html\n"
                          "  dotbias report runs/demo-1 -o report.html --force   over any file\n"
                          "\v"
                          "Writes one HTML file that needs no network and no script: losses, learning rate, "
                          "speed, every pserver's pulls, the "
                          "tables of epochs, members and events, the best and the worst movies, and the "
                          "resolved configuration. The run may "
                          "be finished, failed, or still running. An earlier report is replaced, another "
                          "file only with --force; it "
                          "appears whole or not at all.\n\n"
                          "The same numbers as files: RUN/history.csv, RUN/monitor/run.csv, shards.csv, "
                          "workers.csv and events.csv, "
                          "RUN/summary.json.";

static const struct argp_option OPTIONS[] = {
    {"out", 'o', "FILE", 0, "The .html to make", 0},
    {"force", KEY_FORCE, NULL, 0, "Replace the file, whatever it is", 0},
    {0},
};

static error_t parse(int key, char *value, struct argp_state *state) {
    struct report_arguments *arguments = state->input;
    switch (key) {
    case 'o':
        arguments->out = value;
        return 0;
    case KEY_FORCE:
        arguments->force = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->run != NULL)
            argp_error(state, "one run at a time: what is '%s'?", value);
        arguments->run = value;
        return 0;
    case ARGP_KEY_END:
        if (arguments->run == NULL)
            argp_error(state, "which run? name its folder");
        if (arguments->out == NULL || arguments->out[0] == '\0')
            argp_error(state, "--out is needed: the .html to make");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Whether what lies there was made here. */
static bool is_report(const char *path) {
    char bytes[256] = "";
    FILE *file = fopen(path, "re");
    size_t got = file != NULL ? fread(bytes, 1, sizeof bytes - 1, file) : 0;
    if (file != NULL)
        fclose(file);
    bytes[got] = '\0';
    return strstr(bytes, REPORT_GENERATOR) != NULL;
}

static bool may_write(const struct report_arguments *arguments, struct status *status) {
    struct stat found;
    return arguments->force || stat(arguments->out, &found) != 0 || is_report(arguments->out) ||
           status_fail(status, STATUS_CANT_CREATE, "%s exists, and is no report; --force replaces it",
                       arguments->out);
}

static bool write_page(const char *path, const struct scroll *page, struct status *status) {
    struct output_file out;
    return output_file_open(&out, path, status) &&
           output_file_end(&out, output_file_write(&out, page->bytes, page->length, status), status);
}

static bool report(const struct report_arguments *arguments, struct status *status) {
    struct report_facts facts;
    struct scroll page = {0};
    if (!may_write(arguments, status))
        return false;
    bool good = report_facts_read(&facts, arguments->run, status) && report_page_put(&page, &facts, status) &&
                write_page(arguments->out, &page, status);
    report_facts_close(&facts);
    scroll_free(&page);
    if (good)
        fprintf(stderr, "written: %s\n", arguments->out);
    return good;
}

int command_report_run(int argc, char **argv) {
    static const struct argp ARGP = {OPTIONS, parse, "RUN", DOC, NULL, NULL, NULL};
    struct report_arguments arguments = {0};
    struct status status = {0};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    return report(&arguments, &status) ? STATUS_OK : command_report(&status);
}
