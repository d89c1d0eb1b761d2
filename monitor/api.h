/* The run as JSON: the three documents of docs/MONITORING.md, written from the board and the series. */
#ifndef MONITOR_API_H
#define MONITOR_API_H

#include "monitor/board.h"
#include "monitor/http.h"
#include "monitor/scroll.h"
#include "monitor/series.h"

enum {
    API_NEWEST = 64, /* samples that an answer with `after` has at most */
    API_POINTS = 300,
    API_EXTREMES = 10
};

/* Everything but the history. A board that has had no report yet has no shards and workers. */
void api_status(struct scroll *scroll, const struct board *board);

/* Where a request for what came after a sample is answered from: a sample of the series, or 0 for all of them because what
 * came since is more than API_NEWEST samples, or the series has been thinned since, or begun anew. */
uint32_t api_series_first(const struct series *series, uint64_t after);

/* The samples from `first` on. */
void api_series(struct scroll *scroll, const struct series *series, uint32_t first);

/* Components and biases after the last epoch; the movies named by the source. False when memory is short. */
bool api_model(struct scroll *scroll, const struct http_source *source);

#endif
