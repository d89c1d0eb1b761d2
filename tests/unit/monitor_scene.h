/* A run made up for those who show it: a board and a series of any size, every number its own. */
#ifndef TESTS_MONITOR_SCENE_H
#define TESTS_MONITOR_SCENE_H

#include "monitor/board.h"
#include "monitor/http.h"
#include "monitor/series.h"

struct scene {
    struct board board;
    struct series series;
    struct http_source source;
};

/* Shards and workers of which all but the last worker are up; `samples` reports were taken. Failures stop the test. */
void scene_make(struct scene *scene, uint32_t shards, uint32_t workers, uint32_t samples);

/* One more report, and a sample of it. */
void scene_report(struct scene *scene);

/* A model of that many movies after an epoch: movie i has i ratings, bias i / 100 and the title "Movie i". */
void scene_model(struct scene *scene, uint32_t epoch, uint32_t movies);

void scene_free(struct scene *scene);

#endif
