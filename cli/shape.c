#include "cli/shape.h"

#include <string.h>

/* Digits up to `end`; 0 when they are no number of sides. */
static uint32_t sides(const char *text, const char *end) {
    uint32_t number = 0;
    for (; text < end && *text >= '0' && *text <= '9' && number <= BLOCKS_SIDES_MAX; text++)
        number = number * 10 + (uint32_t)(*text - '0');
    return text == end && number <= BLOCKS_SIDES_MAX ? number : 0;
}

bool shape_parse(const char *text, struct blocks_shape *shape) {
    *shape = (struct blocks_shape){0};
    if (strcmp(text, "auto") == 0)
        return true;
    const char *x = strchr(text, 'x');
    if (x == NULL)
        return false;
    *shape = (struct blocks_shape){sides(text, x), sides(x + 1, text + strlen(text))};
    return shape->parts > 0 && shape->strata > 0;
}
