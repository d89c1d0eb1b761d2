#include <stdio.h>

#include "cli/completion.h"
#include "cli/describe.h"
#include "config/table.h"

static void print_word(const char *word, int length) {
    printf("%.*s ", length, word);
}

static void print_long(const struct argp_option *option, void *context) {
    (void)context;
    printf("--%s ", option->name);
}

static void print_taker(const struct argp_option *option) {
    printf("--%s ", option->name);
    if (describe_has_letter(option))
        printf("-%c ", option->key);
}

static void print_with_argument(const struct argp_option *option, void *context) {
    (void)context;
    if (option->arg != NULL && !completion_takes_setting(option))
        print_taker(option);
}

static void print_setter(const struct argp_option *option, void *context) {
    (void)context;
    if (completion_takes_setting(option))
        print_taker(option);
}

/* A branch of the script: the command's options, which of them take a file or another value, which a setting, and what
 * may stand first. */
static void print_branch(FILE *out, struct argp_state *state) {
    fprintf(out, "    %s)\n        options='", describe_command(state)->name);
    describe_options(state, print_long, NULL);
    fputs("' takers=' ", out);
    describe_options(state, print_with_argument, NULL);
    fputs("' setters=' ", out);
    describe_options(state, print_setter, NULL);
    fputs("' first='", out);
    completion_first_words(describe_tables(state)->args_doc, print_word);
    fputs("' ;;\n", out);
}

/* What may stand behind train.optimiser= . */
static void print_choices(void) {
    char word[CHOICE_BYTES];
    puts("_dotbias_values() {\n    case $1 in");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct config_option *option = &CONFIG_OPTIONS[i];
        if (option->type != OPTION_TYPE_CHOICE && option->type != OPTION_TYPE_BOOL)
            continue;
        printf("    %s.%s) echo '", option->section, option->name);
        if (option->type == OPTION_TYPE_BOOL)
            fputs("true false", stdout);
        else
            for (unsigned k = 0; option_choice(option, k, word); k++)
                printf("%s ", word);
        puts("' ;;");
    }
    puts("    esac\n}\n");
}

/* The words of a command line end at '=', as bash has them, so a setting is a word, '=', and a word. */
static const char BODY[] =
    "    esac\n"
    "    if [[ $setters == *\" $before \"* ]]; then\n"
    "        compopt -o nospace\n"
    "        words=$(_dotbias_settings)\n"
    "    elif [[ $before == = && $setters == *\" ${COMP_WORDS[COMP_CWORD - 3]} \"* ]]; then\n"
    "        words=$(_dotbias_values \"${COMP_WORDS[COMP_CWORD - 2]}\")\n"
    "    elif [[ $current == = && $setters == *\" ${COMP_WORDS[COMP_CWORD - 2]} \"* ]]; then\n"
    "        current= words=$(_dotbias_values \"$before\")\n"
    "    elif [[ $takers == *\" $before \"* ]]; then\n"
    "        return\n"
    "    elif [[ $current == -* ]]; then\n"
    "        words=$options\n"
    "    elif [ \"$COMP_CWORD\" -eq 2 ]; then\n"
    "        words=$first\n"
    "    fi\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
    "}\n"
    "complete -o default -F _dotbias dotbias\n";

bool completion_bash(struct status *status) {
    puts("# Completion of dotbias for bash, made by `dotbias completion bash`.\n"
         "_dotbias_settings() {\n    echo '");
    for (size_t i = 0; i < OPTION_COUNT; i++)
        printf("%s.%s=\n", CONFIG_OPTIONS[i].section, CONFIG_OPTIONS[i].name);
    puts("'\n}\n");
    print_choices();
    fputs("_dotbias() {\n"
          "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
          "    local options='' takers='' setters='' first='' words='' commands='help ",
          stdout);
    for (size_t i = 0; i < COMMANDS_COUNT; i++)
        printf("%s ", COMMANDS[i].name);
    puts("'\n    COMPREPLY=()\n"
         "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "        mapfile -t COMPREPLY < <(compgen -W \"$commands --help --version\" -- \"$current\")\n"
         "        return\n"
         "    fi\n"
         "    case ${COMP_WORDS[1]} in\n"
         "    help | man) first=$commands ;;");
    if (!describe_all(print_branch, status))
        return false;
    fputs(BODY, stdout);
    return true;
}
