load helpers

# plant FILE: a source file with the content of standard input, in a repository of its own.
plant() {
    mkdir -p "$(dirname "house/$1")"
    cat >"house/$1"
}

@test "this repository keeps its floor plan" {
    expect_exit 0 "$repository/scripts/check_floors"
    [ "$output" = "" ]
}

@test "an include that points up or sideways is found" {
    plant model/upward.c <<<'#include "proto/message.h"'
    plant worker/sideways.c <<<'#include "pserver/shard.h"'
    plant worker/socket.c <<<'#include "net/loop.h"'
    plant cli/downward.c <<<'#include "model/spec.h"'
    plant worker/own.c <<<'#include "worker/lane.h"'
    expect_exit 1 "$repository/scripts/check_floors" house
    expect_text "model/upward.c:1: model must not include proto/message.h"
    expect_text "worker/sideways.c:1: worker must not include pserver/shard.h"
    expect_text "worker/socket.c:1: worker must not include net/loop.h"
    [ "${#lines[@]}" -eq 3 ]
}

@test "a foreign header outside its room is found" {
    plant worker/wire.c <<<'#include <zmq.h>'
    plant net/wire.c <<<'#include <zmq.h>'
    plant pserver/fast.c <<<'#include <cblas.h>'
    plant tests/unit/fast_test.c <<<'#include <cblas.h>'
    expect_exit 1 "$repository/scripts/check_floors" house
    expect_text "worker/wire.c:1: <zmq.h> does not live in worker"
    expect_text "pserver/fast.c:1: <cblas.h> does not live in pserver"
    [ "${#lines[@]}" -eq 2 ]
}

@test "memory and the end of the process are found where they do not belong, and only in code" {
    plant data/greedy.c <<'END'
/* Here free(x) is a word of a comment, and so is
   exit(1) on its second line. */
void greedy(struct world *w) { w->exit(w); say("exit(1) is text"); memory_free(w); }
void *grab(void) { return malloc(7); }
void give(void *x) { if (x) free (x); else exit(1); } // free(x)
END
    plant cli/end.c <<<'void end(void) { exit(64); }'
    expect_exit 1 "$repository/scripts/check_floors" house
    expect_text "data/greedy.c:4: malloc() may only be called in core/memory.c"
    expect_text "data/greedy.c:5: free() may only be called in"
    expect_text "data/greedy.c:5: exit() may only be called in cli"
    [ "${#lines[@]}" -eq 3 ]
}

@test "a file of 601 lines and a room without a place are found" {
    yes '' | head -n 600 | plant core/full.c
    yes '' | head -n 601 | plant core/overfull.c
    plant attic/box.h <<<'struct box;'
    expect_exit 1 "$repository/scripts/check_floors" house
    expect_text "core/overfull.c:601: more than 600 lines"
    expect_text "attic/box.h:1: the room attic is not on the floor plan"
    [ "${#lines[@]}" -eq 2 ]
}
