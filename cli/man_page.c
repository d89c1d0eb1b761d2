#include "cli/man_page.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/* The exit codes that commands may end with, in the order of the page. */
static const enum status_code CODES[] = {
    STATUS_USAGE,     STATUS_BAD_DATA,  STATUS_NO_INPUT,    STATUS_UNAVAILABLE,
    STATUS_BUG,       STATUS_NO_MEMORY, STATUS_CANT_CREATE, STATUS_IO,
    STATUS_TRY_AGAIN, STATUS_PROTOCOL,  STATUS_DENIED,      STATUS_CONFIG,
};

/* One character of a line; dashes stay dashes, and nothing is taken for a request. */
static void put_character(FILE *out, char character, bool is_first) {
    if (is_first && (character == '.' || character == '\''))
        fputs("\\&", out);
    if (character == '\\')
        fputs("\\e", out);
    else if (character == '-')
        fputs("\\-", out);
    else
        fputc(character, out);
}

static void put_name(FILE *out, const char *name) {
    for (const char *at = name; *at != '\0'; at++)
        put_character(out, *at, false);
}

/* Text as it is, up to `end`: in examples a line is a line. */
static void put_lines(FILE *out, const char *text, const char *end) {
    for (const char *at = text; at < end; at++)
        put_character(out, *at, at == text || at[-1] == '\n');
    if (end > text && end[-1] != '\n')
        fputc('\n', out);
}

/* Running text up to `end`: `words` in backticks are set in bold, an empty line begins a paragraph. */
static void put_text_until(FILE *out, const char *text, const char *end) {
    bool is_bold = false, is_first = true;
    for (; text < end; text++) {
        if (text[0] == '\n' && text[1] == '\n') {
            while (text + 1 < end && text[1] == '\n')
                text++;
            if (text + 1 < end)
                fputs("\n.PP\n", out);
            is_first = true;
            continue;
        }
        if (*text == '`')
            fputs((is_bold = !is_bold) ? "\\fB" : "\\fP", out);
        else
            put_character(out, *text, is_first);
        is_first = *text == '\n';
    }
    fputc('\n', out);
}

static void put_text(FILE *out, const char *text) {
    put_text_until(out, text, text + strlen(text));
}

/* The head of a page: its name in capitals, as troff wants it, and what it is in a line. */
static void begin(FILE *out, const char *name, const char *summary) {
    fputs(".\\\" Made by `dotbias man`.\n.TH \"", out);
    for (const char *at = name; *at != '\0'; at++)
        put_character(out, (char)toupper(*at), false);
    fprintf(out, "\" 1 \"\" \"dotbias %s\" \"dotbias\"\n.SH NAME\n", DOTBIAS_VERSION);
    put_name(out, name);
    fputs(" \\- ", out);
    put_text(out, summary);
}

/* argp's text: what stands before the options, which ends in the examples, and behind a border what follows them. */
static const char EXAMPLES[] = "Examples:\n", BORDER = '\v';

/* All of the text but the examples. */
static void put_description(FILE *out, const char *doc) {
    const char *examples = strstr(doc, EXAMPLES), *border = strchr(doc, BORDER);
    if (examples == doc && border == NULL)
        return;
    fputs(".SH DESCRIPTION\n", out);
    if (examples != NULL && examples > doc)
        put_text_until(out, doc, examples);
    if (examples != NULL && examples > doc && border != NULL)
        fputs(".PP\n", out);
    if (border != NULL)
        put_text(out, border + 1);
}

static void put_examples(FILE *out, const char *doc) {
    const char *examples = strstr(doc, EXAMPLES);
    if (examples == NULL)
        return;
    fputs(".SH EXAMPLES\n.nf\n", out);
    put_lines(out, examples + strlen(EXAMPLES), strchrnul(examples, BORDER));
    fputs(".fi\n", out);
}

static void put_option(const struct argp_option *option, void *context) {
    FILE *out = context;
    const char *argument = option->arg;
    bool is_optional = (option->flags & OPTION_ARG_OPTIONAL) != 0;
    fputs(".TP\n", out);
    if (describe_has_letter(option))
        fprintf(out, "\\fB\\-%c\\fP, ", option->key);
    fputs("\\fB\\-\\-", out);
    put_name(out, option->name);
    fputs("\\fP", out);
    if (argument != NULL)
        fprintf(out, "%s=\\fI%s\\fP%s", is_optional ? "[" : "", argument, is_optional ? "]" : "");
    fputc('\n', out);
    put_text(out, option->doc != NULL ? option->doc : "");
}

static void put_codes(FILE *out) {
    fputs(".SH EXIT STATUS\n.TP\n0\nall is well\n", out);
    for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++)
        fprintf(out, ".TP\n%d\n%s\n", CODES[i], status_name(CODES[i]));
}

/* The ways to call a command: the lines of argp's description of its arguments. */
static void put_synopsis(FILE *out, const char *command, const char *arguments) {
    fputs(".SH SYNOPSIS\n", out);
    for (const char *line = arguments != NULL ? arguments : ""; line != NULL;) {
        const char *end = strchrnul(line, '\n');
        fputs(".B dotbias ", out);
        put_name(out, command);
        fputs("\n[\\fIOPTION\\fP...] ", out);
        put_lines(out, line, end);
        fputs(end == line ? "\n" : "", out);
        line = *end != '\0' ? end + 1 : NULL;
        if (line != NULL)
            fputs(".br\n", out);
    }
}

void man_page_of_command(FILE *out, struct argp_state *state) {
    const struct command *command = describe_command(state);
    const struct argp *tables = describe_tables(state);
    const char *doc = tables->doc != NULL ? tables->doc : "";
    char name[64];
    snprintf(name, sizeof name, "dotbias-%s", command->name);
    begin(out, name, command->summary);
    put_synopsis(out, command->name, tables->args_doc);
    put_description(out, doc);
    fputs(".SH OPTIONS\n", out);
    describe_options(state, put_option, out);
    put_examples(out, doc);
    put_codes(out);
    fputs(".SH SEE ALSO\n.BR dotbias (1)\n", out);
}

void man_page_of_program(FILE *out) {
    begin(out, "dotbias", "train embeddings with biases for users and movies on parameter servers");
    fputs(".SH SYNOPSIS\n.B dotbias\n.I COMMAND\n[\\fIARGUMENT\\fP...]\n.SH DESCRIPTION\n", out);
    put_text(out, "A distributed trainer for models of ratings, z = p.q + b + c, and the tools that ask a "
                  "model what it has "
                  "learnt. Each command has a page of its own and prints it, shorter, with `--help`.");
    fputs(".SH COMMANDS\n", out);
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        fputs(".TP\n.BR dotbias\\-", out);
        put_name(out, COMMANDS[i].name);
        fputs(" (1)\n", out);
        put_text(out, COMMANDS[i].summary);
    }
    fputs(".SH OPTIONS\n.TP\n\\fB\\-h\\fP, \\fB\\-\\-help\\fP\nprint a list of the commands\n"
          ".TP\n\\fB\\-V\\fP, \\fB\\-\\-version\\fP\nprint the version\n"
          ".SH ENVIRONMENT\n.TP\n.B DOTBIAS_SECTION__OPTION\n",
          out);
    put_text(out, "an option of the configuration, as in DOTBIAS_TRAIN__LEARNING_RATE=0.01; `dotbias config "
                  "docs` lists them all");
    fputs(".TP\n.B NO_COLOR\nno colours on a terminal\n", out);
    put_codes(out);
}
