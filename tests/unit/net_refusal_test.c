/* Can any peer hurt a loop? Garbage over ZeroMQ and over bare TCP is refused and counted while good traffic
 * goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "core/memory.h"
#include "core/rng.h"
#include "net/socket.h"
#include "net_echo.h"

struct scene {
    void *here, *there; /* contexts of the server and of all others */
    struct echo_server server;
    struct echo_client client;
    struct loop *client_loop;
    pthread_t client_thread;
    struct endpoint endpoint;
    void *dealers[2]; /* of raw_dealer, closed with the scene */
    int dealer_count;
};

static struct scene scene;

static void *run_client(void *unused) {
    struct status status;
    (void)unused;
    loop_run(scene.client_loop, &scene.client.engine, &status);
    return NULL;
}

/* A server, and a client that asks as fast as it can until the test is over. */
static int open_scene(void **state) {
    struct status status = {0};
    (void)state;
    scene = (struct scene){.here = context_new(1, &status), .there = context_new(1, &status)};
    if (!echo_server_start(&scene.server, scene.here, "tcp://127.0.0.1:*", &status) ||
        !endpoint_parse(&scene.endpoint, loop_endpoint(scene.server.loop), &status))
        return -1;
    struct loop_spec spec = {.zmq_context = scene.there, .coordinator = loop_endpoint(scene.server.loop)};
    scene.client_loop = loop_new(&spec, &status);
    echo_client_init(&scene.client, UINT64_MAX, 1);
    return pthread_create(&scene.client_thread, NULL, run_client, NULL);
}

static uint64_t answers(void) {
    return loop_counters(scene.client_loop).messages_in;
}

static bool good_traffic_goes_on(void) {
    uint64_t before = answers();
    for (int i = 0; i < 500 && answers() < before + 100; i++)
        usleep(10000);
    return answers() >= before + 100;
}

static int close_scene(void **state) {
    (void)state;
    bool alive = good_traffic_goes_on();
    loop_stop(scene.client_loop, &(struct status){STATUS_OK, ""});
    pthread_join(scene.client_thread, NULL);
    echo_server_stop(&scene.server);
    while (scene.dealer_count > 0)
        zmq_close(scene.dealers[--scene.dealer_count]);
    loop_free(scene.client_loop);
    loop_free(scene.server.loop);
    context_free(scene.there);
    context_free(scene.here);
    return alive && scene.client.wrong == 0 && memory_blocks_held() == 0 ? 0 : -1;
}

static bool refused_reaches(uint64_t wanted) {
    for (int i = 0; i < 500 && loop_counters(scene.server.loop).refused < wanted; i++)
        usleep(10000);
    return loop_counters(scene.server.loop).refused == wanted;
}

static void *raw_dealer(const char *identity) {
    int linger_ms = 1000;
    void *socket = zmq_socket(scene.there, ZMQ_DEALER);
    zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    if (identity != NULL)
        zmq_setsockopt(socket, ZMQ_ROUTING_ID, identity, strlen(identity));
    scene.dealers[scene.dealer_count++] = socket;
    assert_int_equal(zmq_connect(socket, loop_endpoint(scene.server.loop)), 0);
    return socket;
}

static void send_frames(void *socket, int count, const char *content) {
    for (int i = 0; i < count; i++)
        assert_true(zmq_send(socket, content, strlen(content), i + 1 < count ? ZMQ_SNDMORE : 0) >= 0);
}

static void frames_that_are_no_message_are_refused(void **state) {
    void *socket = raw_dealer(NULL), *named = raw_dealer("worker-7");
    unsigned char pulse[MESSAGE_HEADER_MAX];
    static char long_header[MESSAGE_HEADER_MAX + 2];
    size_t pulse_bytes = message_encode(&(struct message){.kind = MESSAGE_PULSE}, pulse, sizeof pulse);
    (void)state;
    send_frames(socket, 1, "");
    send_frames(socket, 1, "no MessagePack");
    send_frames(socket, 2, "\x93\x01\x02");
    send_frames(socket, 3, "three");
    send_frames(socket, 40, "forty");
    send_frames(socket, 1, memset(long_header, 'x', sizeof long_header - 1));
    zmq_send(socket, pulse, pulse_bytes, ZMQ_SNDMORE);
    send_frames(socket, 2, "a message and too much");
    zmq_send(named, pulse, pulse_bytes, 0);
    assert_true(refused_reaches(8));
    zmq_send(socket, pulse, pulse_bytes, 0);
    assert_true(good_traffic_goes_on());
    assert_true(refused_reaches(8));
}

static void random_frames_are_refused_and_reported_once_a_second(void **state) {
    enum { MESSAGES = 3000 };
    void *socket = raw_dealer(NULL);
    (void)state;
    for (uint64_t i = 0; i < MESSAGES; i++) {
        uint64_t content[8];
        for (uint64_t word = 0; word < 8; word++)
            content[word] = rng_bits(42, i, word);
        uint64_t shape = rng_bits(43, i, 0);
        for (uint64_t more = shape % 3 + 1; more-- > 0;)
            assert_true(zmq_send(socket, content, shape >> 8 & 63, more > 0 ? ZMQ_SNDMORE : 0) >= 0);
    }
    assert_true(refused_reaches(MESSAGES));
    assert_true(good_traffic_goes_on());
    assert_in_range(atomic_load(&scene.server.lines), 1, 5);
}

/* ---- bare TCP ---- */

static int raw_tcp(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)scene.endpoint.port)};
    struct timeval patience = {8, 0};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(descriptor, (struct sockaddr *)&address, sizeof address), 0);
    return descriptor;
}

/* Reads until the other side closes; false when it has not done so in 8 seconds. */
static bool is_cut_off(int descriptor) {
    char bytes[512];
    ssize_t got;
    do
        got = recv(descriptor, bytes, sizeof bytes, 0);
    while (got > 0);
    bool closed = got == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
    close(descriptor);
    return closed;
}

static const char GREETING[64] = "\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL";
static const char READY[] = "\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06"
                            "DEALER";

static void bytes_that_are_not_zeromq_are_cut_off_and_counted(void **state) {
    unsigned char noise[4096];
    (void)state;
    int wrong_mechanism = raw_tcp(), wrong_command = raw_tcp(), silent = raw_tcp(), noisy = raw_tcp();
    char greeting[64];
    memcpy(greeting, GREETING, sizeof greeting);
    memcpy(greeting + 12, "EVIL", 4);
    send(wrong_mechanism, greeting, sizeof greeting, MSG_NOSIGNAL);
    send(wrong_command, GREETING, sizeof GREETING, MSG_NOSIGNAL);
    send(wrong_command, "\x04\x06\x05STEAL", 8, MSG_NOSIGNAL);
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (unsigned char)rng_bits(44, 0, i);
    noise[0] = 0xff;
    noise[9] = 0x7f;
    send(noisy, noise, sizeof noise, MSG_NOSIGNAL);
    assert_true(is_cut_off(wrong_mechanism));
    assert_true(is_cut_off(wrong_command));
    assert_true(is_cut_off(noisy));
    for (int i = 0; i < 500 && loop_counters(scene.server.loop).handshakes_failed < 2; i++)
        usleep(10000);
    assert_true(loop_counters(scene.server.loop).handshakes_failed >= 2);
    assert_true(good_traffic_goes_on());
    close(silent);
}

static void a_frame_beyond_the_limit_is_cut_off_at_its_announcement(void **state) {
    static const char TERABYTE[] = "\x02\0\0\x01\0\0\0\0\0";
    (void)state;
    int descriptor = raw_tcp();
    send(descriptor, GREETING, sizeof GREETING, MSG_NOSIGNAL);
    send(descriptor, READY, sizeof READY - 1, MSG_NOSIGNAL);
    send(descriptor, TERABYTE, sizeof TERABYTE - 1, MSG_NOSIGNAL);
    assert_true(is_cut_off(descriptor));
    assert_true(good_traffic_goes_on());
}

static void a_web_browser_at_the_door_harms_nobody(void **state) {
    static const char REQUEST[] =
        "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: somebody with a very long name\r\n\r\n";
    (void)state;
    for (int i = 0; i < 50; i++) {
        int descriptor = raw_tcp();
        send(descriptor, REQUEST, sizeof REQUEST - 1, MSG_NOSIGNAL);
        close(descriptor);
    }
    assert_true(good_traffic_goes_on());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_that_are_no_message_are_refused, open_scene, close_scene),
        cmocka_unit_test_setup_teardown(random_frames_are_refused_and_reported_once_a_second, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(bytes_that_are_not_zeromq_are_cut_off_and_counted, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(a_frame_beyond_the_limit_is_cut_off_at_its_announcement, open_scene,
                                        close_scene),
        cmocka_unit_test_setup_teardown(a_web_browser_at_the_door_harms_nobody, open_scene, close_scene),
    };
    return cmocka_run_group_tests_name("net/refusal", tests, NULL, NULL);
}
