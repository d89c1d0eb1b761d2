#include <stdio.h>
#include <string.h>

#include "cli/completion.h"
#include "cli/describe.h"
#include "config/table.h"

/* Text inside '...[text]': what would end the quotes, the brackets or a field is left out or escaped. */
static void print_text(const char *text) {
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (strchr("[]:\\", *text) != NULL)
            printf("\\%c", *text);
        else if (*text != '`')
            putchar(*text == '\n' ? ' ' : *text);
    }
}

/* '(-r --resume)'{-r,--resume=}'[sentence]:RUN:_files' */
static void print_option(const struct argp_option *option, void *context) {
    const char *assign = option->arg != NULL ? "=" : "";
    (void)context;
    fputs("            ", stdout);
    if (describe_has_letter(option))
        printf("'*'{-%c,--%s%s}'[", option->key, option->name, assign);
    else
        printf("'*--%s%s[", option->name, assign);
    print_text(option->doc != NULL ? option->doc : "");
    fputs("]", stdout);
    if (option->arg != NULL) {
        putchar(':');
        print_text(option->arg);
        fputs(completion_takes_setting(option) ? ":_dotbias_settings" : ":_files", stdout);
    }
    fputs("' \\\n", stdout);
}

static void print_word(const char *word, int length) {
    printf("%.*s ", length, word);
}

static void print_branch(FILE *out, struct argp_state *state) {
    const char *arguments = describe_tables(state)->args_doc;
    fprintf(out, "    %s)\n        _arguments -s \\\n", describe_command(state)->name);
    describe_options(state, print_option, NULL);
    if (arguments != NULL && arguments[0] >= 'a' && arguments[0] <= 'z') {
        fputs("            '1:what:(", out);
        completion_first_words(arguments, print_word);
        fputs(")' \\\n", out);
    }
    fputs("            '*:file:_files' ;;\n", out);
}

static const char TAIL[] = "    esac\n"
                           "}\n\n"
                           "if [ \"$funcstack[1]\" = _dotbias ]; then\n"
                           "    _dotbias \"$@\"\n"
                           "else\n"
                           "    compdef _dotbias dotbias\n"
                           "fi\n";

bool completion_zsh(struct status *status) {
    puts("#compdef dotbias\n"
         "# Completion of dotbias for zsh, made by `dotbias completion zsh`.\n"
         "_dotbias_settings() {\n    compadd -S '' -- \\");
    for (size_t i = 0; i < OPTION_COUNT; i++)
        printf("%s        %s.%s=", i > 0 ? " \\\n" : "", CONFIG_OPTIONS[i].section, CONFIG_OPTIONS[i].name);
    puts("\n}\n\n_dotbias() {\n    local -a commands\n    commands=(");
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        printf("        '%s:", COMMANDS[i].name);
        print_text(COMMANDS[i].summary);
        puts("'");
    }
    puts("    )\n"
         "    if (( CURRENT == 2 )); then\n"
         "        _describe command commands\n"
         "        return\n"
         "    fi\n"
         "    shift words\n"
         "    (( CURRENT-- ))\n"
         "    case $words[1] in\n"
         "    help|man) _describe command commands ;;");
    if (!describe_all(print_branch, status))
        return false;
    fputs(TAIL, stdout);
    return true;
}
