/* What the board thinks of its members: states and flags. For board.c alone; docs/MONITORING.md says what they mean. */
#ifndef MONITOR_BOARD_JUDGE_H
#define MONITOR_BOARD_JUDGE_H

#include "monitor/board.h"

/* The state of a place as of a report, at `seconds`. True when it has just been taken again after a loss: back_at is now. */
bool board_judge_place(struct board_place *place, enum member_state *state,
                       const struct member_report *member, bool up, double seconds);

/* An event has told that the member of this place is lost. False when that is known already. */
bool board_judge_loss(struct board_place *place, enum member_state *state, const struct member_report *member,
                      double seconds);

/* Load, speed and flags of all members. scratch: [the larger of the counts]. */
void board_judge(struct board *board, double *scratch);

#endif
