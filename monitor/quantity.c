#include "monitor/quantity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *unknown(quantity out) {
    return strcpy(out, "-");
}

const char *quantity_short(quantity out, double value) {
    static const char *const UNITS[] = {"", "k", "M", "G", "T"};
    enum { UNIT_COUNT = sizeof UNITS / sizeof UNITS[0] };
    if (!isfinite(value))
        return unknown(out);
    size_t unit = 0;
    /* 999.5 would print as a four-digit 1000. */
    for (; unit + 1 < UNIT_COUNT && fabs(value) >= 999.5; unit++)
        value /= 1000;
    int decimals = unit > 0 && fabs(value) < 99.95 ? 1 : 0;
    snprintf(out, QUANTITY_BYTES, "%.*f%s", decimals, value, UNITS[unit]);
    return out;
}

const char *quantity_significant(quantity out, double value, int digits) {
    if (!isfinite(value))
        return unknown(out);
    snprintf(out, QUANTITY_BYTES, "%.*g", digits, value);
    return out;
}

const char *quantity_fixed(quantity out, double value, int decimals) {
    if (!isfinite(value))
        return unknown(out);
    /* Beyond a million the decimals say nothing, and the digits would burst the column. */
    snprintf(out, QUANTITY_BYTES, fabs(value) < 1e6 ? "%.*f" : "%.*g", decimals, value);
    return out;
}

const char *quantity_rate(quantity out, double value) {
    if (!isfinite(value))
        return unknown(out);
    if (value == 0)
        return strcpy(out, "0");
    snprintf(out, QUANTITY_BYTES, "%.1e", value);
    char mantissa[QUANTITY_BYTES];
    char *e = strchr(out, 'e');
    int exponent = atoi(e + 1);
    *e = '\0';
    snprintf(mantissa, sizeof mantissa, "%s", out);
    char *point_zero = strstr(mantissa, ".0");
    if (point_zero != NULL)
        *point_zero = '\0';
    snprintf(out, QUANTITY_BYTES, "%.16se%d", mantissa, exponent);
    return out;
}

const char *quantity_clock(quantity out, double seconds) {
    if (!isfinite(seconds) || seconds < 0 || seconds > 1e9)
        return unknown(out);
    uint64_t whole = (uint64_t)(seconds + 0.5);
    unsigned minutes = (unsigned)(whole / 60 % 60), rest = (unsigned)(whole % 60);
    if (whole < 3600)
        snprintf(out, QUANTITY_BYTES, "%02u:%02u", minutes, rest);
    else
        snprintf(out, QUANTITY_BYTES, "%llu:%02u:%02u", (unsigned long long)(whole / 3600), minutes, rest);
    return out;
}

const char *quantity_duration(quantity out, double seconds) {
    if (!isfinite(seconds) || seconds < 0 || seconds >= 59.95)
        return quantity_clock(out, seconds);
    snprintf(out, QUANTITY_BYTES, "%.*fs", seconds < 0.95 ? 2 : 1, seconds);
    return out;
}

const char *quantity_micros(quantity out, double us) {
    if (!isfinite(us))
        return unknown(out);
    double value = us < 999.5 ? us : us < 999500 ? us / 1e3 : us / 1e6;
    const char *unit = us < 999.5 ? "us" : us < 999500 ? "ms" : "s";
    snprintf(out, QUANTITY_BYTES, "%.*f%s", us >= 999.5 && value < 9.95 ? 1 : 0, value, unit);
    return out;
}

const char *quantity_memory(quantity out, uint64_t bytes) {
    static const char *const UNITS[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; unit + 1 < sizeof UNITS / sizeof UNITS[0] && value >= 1023.5; unit++)
        value /= 1024;
    snprintf(out, QUANTITY_BYTES, "%.*f %s", unit > 0 && value < 99.95 ? 1 : 0, value, UNITS[unit]);
    return out;
}

const char *quantity_count(quantity out, uint64_t value) {
    char digits[QUANTITY_BYTES];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    char *to = out;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return out;
}

const char *quantity_exact(quantity out, double value) {
    if (!isfinite(value))
        return strcpy(out, "");
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, QUANTITY_BYTES, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    return out;
}
