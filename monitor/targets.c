#include "monitor/targets.h"

#include <stdio.h>

#include "monitor/json_put.h"

static void put_label(struct scroll *scroll, const char *name, const char *value) {
    json_put_key(scroll, name);
    json_put_text(scroll, value);
}

static void put_group(struct scroll *scroll, const struct board *board, const char *role, uint32_t index,
                      const char *address) {
    char number[16];
    if (address == NULL || address[0] == '\0')
        return;
    snprintf(number, sizeof number, "%u", index);
    json_put_open(scroll, '{');
    json_put_key(scroll, "targets");
    json_put_open(scroll, '[');
    json_put_text(scroll, address);
    json_put_close(scroll, ']');
    json_put_key(scroll, "labels");
    json_put_open(scroll, '{');
    put_label(scroll, "role", role);
    put_label(scroll, "index", number);
    put_label(scroll, "run", board->run.name);
    json_put_close(scroll, '}');
    json_put_close(scroll, '}');
}

void targets_put(struct scroll *scroll, const struct board *board, const char *address) {
    json_put_open(scroll, '[');
    put_group(scroll, board, "coordinator", 0, address);
    for (uint32_t i = 0; !board->over && i < board->shard_count; i++)
        if (board->shards[i].at.up)
            put_group(scroll, board, "pserver", i, board->shards[i].at.member.page);
    for (uint32_t i = 0; !board->over && i < board->worker_count; i++)
        if (board->workers[i].at.up)
            put_group(scroll, board, "worker", i, board->workers[i].at.member.page);
    json_put_close(scroll, ']');
    scroll_text(scroll, "\n");
}
