#include "monitor/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { COLUMNS_DEFAULT = 80, LINES_DEFAULT = 24 };

static bool set_in_environment(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0';
}

bool terminal_can_redraw(FILE *stream) {
    const char *terminal = getenv("TERM");
    return isatty(fileno(stream)) && terminal != NULL && terminal[0] != '\0' && strcmp(terminal, "dumb") != 0;
}

/* The first of the three that is set decides, as in setlocale(3). */
static bool speaks_utf8(void) {
    static const char *const NAMES[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (set_in_environment(NAMES[i]))
            return strcasestr(getenv(NAMES[i]), "utf-8") != NULL ||
                   strcasestr(getenv(NAMES[i]), "utf8") != NULL;
    return false;
}

void terminal_measure(FILE *stream, struct live_style *style) {
    struct winsize size = {0};
    bool known = ioctl(fileno(stream), TIOCGWINSZ, &size) == 0;
    style->columns = known && size.ws_col > 0 ? size.ws_col : COLUMNS_DEFAULT;
    style->lines = known && size.ws_row > 0 ? size.ws_row : LINES_DEFAULT;
}

struct live_style terminal_style(FILE *stream) {
    struct live_style style = {.colour = terminal_can_redraw(stream) && !set_in_environment("NO_COLOR"),
                               .unicode = speaks_utf8()};
    terminal_measure(stream, &style);
    return style;
}
