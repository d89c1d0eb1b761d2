/* Letters from a run's thread to the monitor's: deep copies, posted without a lock and without waiting.
 *
 * One thread posts, one takes. What is only of use when it is new (progress, the model) waits in one place each, where a newer
 * letter takes it, and so does the run's end; everything else keeps its order, POST_LETTERS of them at most. A letter for which there is no room or no
 * memory is dropped and counted: a run must not wait for those who watch it. */
#ifndef MONITOR_POST_H
#define MONITOR_POST_H

#include <stdbool.h>
#include <stdint.h>

#include "core/reports.h"
#include "core/status.h"

enum { POST_LETTERS = 1024 };

enum letter_kind { LETTER_LINE, LETTER_EPOCH, LETTER_MODEL, LETTER_PROGRESS, LETTER_OVER };

struct letter {
    enum letter_kind kind;
    double seconds; /* when it was posted, as the poster counts */
    union {
        const char *line;
        struct epoch_report epoch;
        struct progress_report progress;
        struct model_report model;
        struct status over;
    };
};

struct post;

/* NULL and STATUS_NO_MEMORY on failure. */
struct post *post_new(struct status *status);

/* With what nobody has taken; after both threads' last call. NULL is allowed. */
void post_free(struct post *post);

/* ---- the one who posts ---- */

void post_line(struct post *post, double seconds, const char *line);
void post_epoch(struct post *post, double seconds, const struct epoch_report *report);
void post_model(struct post *post, double seconds, const struct model_report *report);
void post_progress(struct post *post, double seconds, const struct progress_report *report);
void post_over(struct post *post, double seconds, const struct status *outcome);

/* Makes post_fd readable without a letter. From any thread. */
void post_knock(struct post *post);

/* ---- the one who takes ---- */

/* Readable when a letter may be there. */
int post_fd(const struct post *post);

/* The next letter, which lives until the next call: first all that keep their order, then the newest model, then the newest
 * progress, the end of the run last. NULL when there is none; then post_fd is not readable until the next one comes. */
const struct letter *post_take(struct post *post);

/* Letters dropped so far. From either thread. */
uint64_t post_dropped(const struct post *post);

#endif
