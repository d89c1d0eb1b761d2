#include "cli/completion.h"

#include <argp.h>
#include <ctype.h>
#include <string.h>

void completion_first_words(const char *arguments, void (*visit)(const char *word, int length)) {
    for (const char *line = arguments; line != NULL && *line != '\0';) {
        const char *end = line + strcspn(line, " \n");
        for (const char *word = line; word < end && islower((unsigned char)*word);) {
            size_t length = strcspn(word, "| \n");
            visit(word, (int)length);
            word += length + (word[length] == '|');
        }
        line = strchr(end, '\n');
        line = line != NULL ? line + 1 : NULL;
    }
}

bool completion_takes_setting(const struct argp_option *option) {
    return option->arg != NULL && strncmp(option->arg, "SECTION.OPTION", strlen("SECTION.OPTION")) == 0;
}
