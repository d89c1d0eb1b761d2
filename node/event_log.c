#include "node/event_log.h"

#include <time.h>

void event_log_line(FILE *file, const char *sentence) {
    struct timespec now;
    struct tm parts;
    char when[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &parts);
    fprintf(file, "time=%s.%03ldZ %s\n", when, now.tv_nsec / 1000000, sentence);
    fflush(file);
}
