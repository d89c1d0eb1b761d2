#include "monitor/process_figures.h"

#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Descriptors in use, without the one that this look needs. */
static uint64_t count_descriptors(void) {
    uint64_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    const struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        count += entry->d_name[0] != '.';
    if (folder != NULL)
        closedir(folder);
    return count > 0 ? count - 1 : 0;
}

/* When the machine was started, seconds since 1970. */
static double boot_time(void) {
    struct timespec real, boot;
    clock_gettime(CLOCK_REALTIME, &real);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    return (double)(real.tv_sec - boot.tv_sec) + (double)(real.tv_nsec - boot.tv_nsec) / 1e9;
}

/* Fields 14, 15, 22, 23 and 24 of proc(5); the name before them may hold anything, even brackets. */
static bool read_stat(struct process_figures *figures, const char *text) {
    uint64_t user, system, start, pages;
    const char *behind_name = strrchr(text, ')');
    if (behind_name == NULL || sscanf(behind_name + 1,
                                      " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
                                      " %*d %*d %*d %*d %*d %*d %" SCNu64 " %" SCNu64 " %" SCNu64,
                                      &user, &system, &start, &figures->virtual_bytes, &pages) != 5)
        return false;
    double ticks = (double)sysconf(_SC_CLK_TCK);
    figures->cpu_seconds = (double)(user + system) / ticks;
    figures->start_time_seconds = floor((boot_time() + (double)start / ticks) * 100 + 0.5) / 100;
    figures->resident_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
    return true;
}

bool process_figures_read(struct process_figures *figures) {
    char text[1024];
    *figures = (struct process_figures){0};
    FILE *file = fopen("/proc/self/stat", "re");
    if (file == NULL)
        return false;
    bool good = fgets(text, sizeof text, file) != NULL && read_stat(figures, text);
    fclose(file);
    figures->open_fds = count_descriptors();
    return good;
}
