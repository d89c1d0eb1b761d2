/* Can a peer's bytes hurt an engine? While a small cluster trains, forged copies of its own messages (fields set to
 * anything within the protocol's bounds, bytes of the header or body changed, bodies cut and stretched) reach one role.
 * The run may end badly, but it ends, and nobody crashes; that nothing is read or written out of place is seen under
 * the sanitizers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cluster.h"
#include "core/memory.h"
#include "core/rng.h"
#include "proto/table.h"

enum { DELAY_US = 400, PATIENCE_US = 200 * 1000000, RUNS = 600, BODY_MORE = 256, SANE_ROWS = 1 << 16 };

struct forger {
    uint64_t seed, drawn;
    enum role victim;
    uint64_t one_in; /* messages to the victim, of which one is forged */
    uint64_t forged, unread;
};

static uint64_t draw(struct forger *forger, uint64_t bound) {
    return rng_bits(forger->seed, 55, forger->drawn++) % bound;
}

static enum role role_of(const struct sim_cluster *cluster, const struct node *node) {
    if (node == cluster->lead)
        return ROLE_COORDINATOR;
    return node->endpoint[0] != '\0' ? ROLE_PSERVER : ROLE_WORKER;
}

static uint64_t draw_number(struct forger *forger, uint64_t largest, uint64_t now) {
    switch (draw(forger, 6)) {
    case 0:
        return 0;
    case 1:
        return largest;
    case 2:
        return now == largest ? now : now + 1;
    case 3:
        return now == 0 ? 0 : now - 1;
    case 4:
        return largest < 8 ? largest : draw(forger, 8);
    default:
        return largest == UINT64_MAX ? draw(forger, largest) : draw(forger, largest + 1);
    }
}

static void forge_field(struct forger *forger, struct message *message) {
    const struct message_type *type = message_type_of(message->kind);
    if (type->field_count == 0)
        return;
    const struct message_field *field = &type->fields[draw(forger, type->field_count)];
    char *at = (char *)message + field->offset;
    if (field->type == FIELD_U32)
        *(uint32_t *)at = (uint32_t)draw_number(forger, field->largest, *(uint32_t *)at);
    else if (field->type == FIELD_U64)
        *(uint64_t *)at = draw_number(forger, field->largest, *(uint64_t *)at);
    else if (field->type == FIELD_REAL)
        *(double *)at = (double)draw(forger, 3) / (double)draw(forger, 3);
    else
        at[draw(forger, field->largest)] = '\0';
}

/* Bytes of the body from which to read: the message's own, cut, or stretched by zeros. */
static size_t forge_length(struct forger *forger, size_t bytes) {
    switch (draw(forger, 6)) {
    case 0:
        return draw(forger, bytes + 1);
    case 1:
        return bytes + draw(forger, BODY_MORE);
    case 2:
        return 0;
    default:
        return bytes;
    }
}

static void change_bytes(struct forger *forger, unsigned char *bytes, size_t length) {
    for (uint64_t times = length == 0 ? 0 : draw(forger, 4); times > 0; times--)
        bytes[draw(forger, length)] ^= (unsigned char)(1 + draw(forger, 255));
}

/* Sizes of a model that does not fit into this machine are the coordinator's to keep. */
static bool is_bearable(const struct message *message) {
    return message->kind != MESSAGE_WELCOME ||
           (message->welcome.users <= SANE_ROWS && message->welcome.movies <= SANE_ROWS);
}

static void forge(struct forger *forger, struct world *world, const struct node *from, const struct node *to,
                  const struct message *true_one) {
    unsigned char header[MESSAGE_HEADER_MAX];
    struct message message = *true_one, forged;
    struct status status;
    for (uint64_t fields = draw(forger, 3); fields > 0; fields--)
        forge_field(forger, &message);
    size_t header_bytes = message_encode(&message, header, sizeof header);
    if (draw(forger, 4) == 0)
        change_bytes(forger, header, header_bytes);
    size_t body_bytes = forge_length(forger, true_one->body_bytes);
    size_t kept_bytes = body_bytes < true_one->body_bytes ? body_bytes : true_one->body_bytes;
    unsigned char *body = memory_take(body_bytes, "a forged body", &status);
    if (kept_bytes != 0)
        memcpy(body, true_one->body, kept_bytes);
    change_bytes(forger, body, body_bytes);
    if (message_decode(&forged, header, header_bytes, body, body_bytes, &status) && is_bearable(&forged)) {
        forger->forged++;
        world_forge(world, from, to, &forged);
    } else {
        forger->unread++;
    }
    memory_release(body);
}

struct scene {
    struct sim_cluster cluster;
    struct forger forger;
    bool spoken_to[WORLD_NODES_MAX]; /* by the coordinator */
};

static enum fate forge_some(void *context, const struct node *from, const struct node *to,
                            const struct message *message) {
    struct scene *scene = context;
    if (from == scene->cluster.lead)
        scene->spoken_to[to->index] = true;
    if (role_of(&scene->cluster, to) == scene->forger.victim &&
        draw(&scene->forger, scene->forger.one_in) == 0)
        forge(&scene->forger, scene->cluster.world, from, to, message);
    return FATE_ARRIVES;
}

static void draw_config(uint64_t seed, struct config *config) {
    sim_config(config);
    config->cluster_pservers = 1 + seed % 3;
    config->cluster_workers = 1 + seed % 2;
    config->train_lanes = 1 + seed % 4;
    config->train_batch = 60;
    config->train_staleness = seed % 3;
    config->train_sync = (enum sync_kind)(seed / 3 % 3);
    config->train_optimiser = seed % 5 == 0 ? OPTIMISER_ADAM : OPTIMISER_SGD;
    config->schedule_epochs = 2;
    config->train_wire = (enum wire_format)(seed / 2 % WIRE_FORMATS);
    if (seed % 4 != 3)
        return;
    config->train_mode = MODE_BLOCKED;
    config->train_sync = SYNC_SYNCHRONOUS;
    config->train_staleness = 0;
    config->train_optimiser = seed % 8 == 3 ? OPTIMISER_ADAGRAD_ROW : OPTIMISER_SGD;
    config->train_learning_rate = 0.02;
    config->train_parts = 3;
    config->train_strata = 4;
}

/* All have ended, but for those who have never heard of the coordinator: they look for one as long as they live. */
static bool ends(const struct scene *scene, struct world *world) {
    if (world_run(world, PATIENCE_US))
        return true;
    bool ended = scene->cluster.lead->ended;
    for (uint32_t i = 0; i < world->places; i++)
        ended = ended && (world->nodes[i].ended || !scene->spoken_to[i]);
    return ended;
}

static uint64_t run_with_forger(uint64_t seed, enum role victim, struct sim_set *data) {
    static struct scene scene;
    struct config config;
    scene.forger = (struct forger){.seed = seed, .victim = victim, .one_in = 1 + seed % 12};
    draw_config(seed, &config);
    struct world *world = world_new(seed, DELAY_US);
    sim_cluster_start(&scene.cluster, world, &config, data, 0);
    world->watch = forge_some;
    world->watch_context = &scene;
    memset(scene.spoken_to, 0, sizeof scene.spoken_to);
    if (!ends(&scene, world))
        fail_msg("seed %llu: forged messages to a %s: the run does not end; %s", (unsigned long long)seed,
                 role_name(victim), world->last_log);
    sim_cluster_free(&scene.cluster);
    world_free(world);
    return scene.forger.forged;
}

static void forge_for(enum role victim) {
    static struct sim_set data;
    uint64_t forged = 0;
    sim_set_make(&data, 4);
    for (uint64_t seed = 1; seed <= RUNS; seed++)
        forged += run_with_forger(seed, victim, &data);
    assert_in_range(forged, 3000, UINT64_MAX);
}

static void a_coordinator_survives_its_members(void **state) {
    (void)state;
    forge_for(ROLE_COORDINATOR);
}

static void a_pserver_survives_its_workers_and_coordinator(void **state) {
    (void)state;
    forge_for(ROLE_PSERVER);
}

static void a_worker_survives_its_pservers_and_coordinator(void **state) {
    (void)state;
    forge_for(ROLE_WORKER);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_coordinator_survives_its_members),
        cmocka_unit_test(a_pserver_survives_its_workers_and_coordinator),
        cmocka_unit_test(a_worker_survives_its_pservers_and_coordinator),
    };
    return cmocka_run_group_tests_name("sim/forgery", tests, NULL, NULL);
}
