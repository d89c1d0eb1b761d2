/* An epoch's end, once its validation ratings are measured: it is reported; its rows are kept when they are the best so far;
 * their components are shown when somebody is to see them; then the next epoch begins, or the model is saved. After the
 * last epoch the best epoch's rows may take the place of the last ones, to be measured again (coordinator/best.h). Each
 * function is one move of the coordinator's table of states. */
#ifndef COORDINATOR_CLOSING_H
#define COORDINATOR_CLOSING_H

#include "coordinator/state.h"

/* Every slice is measured: puts out the epoch's report. */
void closing_report(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* The report has been recorded, and may be written over: decides whether this was the last epoch, and what to keep. */
void closing_after_report(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* Every shard has kept its rows, or has taken back those that it kept. */
void closing_after_keeping(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* SCORES: the moments of all shards are here. Without components to be had an epoch goes without; the end does not. */
void closing_ask_scores(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* The components are here: puts them out, if anybody is to see them, or goes on. */
void closing_show_model(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* They have been shown: begins the next epoch, or the end. */
void closing_after_model(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

/* SAVING: asks for the next chunk of rows; after the last one, FINISHING. */
void closing_save_rows(struct coordinator *coordinator, uint64_t now_us, struct outbox *out);

#endif
