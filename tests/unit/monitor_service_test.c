/* Does the monitor's thread record and show what it was told, survive what fails, and leave nothing behind? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "core/memory.h"
#include "monitor/service.h"
#include "tests/scratch.h"

enum { SHARDS = 2, WORKERS = 2 };

struct scene {
    struct scratch scratch;
    char folder[100], history[100], said[2000];
    struct service_spec spec;
    struct service *service;
    struct shard_progress shards[SHARDS];
    struct worker_progress workers[WORKERS];
    struct progress_report report;
};

static void hear(void *context, const char *sentence) {
    struct scene *scene = context;
    strncat(scene->said, sentence, sizeof scene->said - strlen(scene->said) - 2);
    strcat(scene->said, "\n");
}

static int enter(void **state) {
    static struct scene scene;
    scene = (struct scene){.spec = {.pservers = SHARDS,
                                    .workers = WORKERS,
                                    .folder = scene.folder,
                                    .history = scene.history,
                                    .logs = scene.folder,
                                    .listen = "127.0.0.1:*",
                                    .words = -1,
                                    .say = hear,
                                    .context = &scene},
                           .report = {.stage = RUN_TRAINING,
                                      .epoch = 1,
                                      .pserver_count = SHARDS,
                                      .worker_count = WORKERS,
                                      .shards = scene.shards,
                                      .workers = scene.workers}};
    scratch_make(&scene.scratch);
    snprintf(scene.folder, sizeof scene.folder, "%s/monitor", scene.scratch.folder);
    snprintf(scene.history, sizeof scene.history, "%s/history.csv", scene.scratch.folder);
    snprintf(scene.spec.run.name, sizeof scene.spec.run.name, "test");
    for (int i = 0; i < SHARDS; i++)
        scene.shards[i] = (struct shard_progress){.up = true, .member = {.page = "", .joined = 1}};
    for (int i = 0; i < WORKERS; i++)
        scene.workers[i] = (struct worker_progress){.up = true, .member = {.page = "", .joined = 1}};
    *state = &scene;
    return 0;
}

static int leave(void **state) {
    struct scene *scene = *state;
    scratch_remove(scene->scratch.folder);
    return 0;
}

static void start(struct scene *scene) {
    struct status status;
    scene->said[0] = '\0';
    scene->service = service_start(&scene->spec, &status);
    if (scene->service == NULL)
        fail_msg("%s", status.text);
}

/* The file in the monitor's folder, to be freed; NULL when there is none. */
static char *content(struct scene *scene, const char *name) {
    char path[64];
    size_t length;
    snprintf(path, sizeof path, "monitor/%s", name);
    if (access(scratch_path(&scene->scratch, path), F_OK) != 0)
        return NULL;
    char *bytes = (char *)scratch_read(scene->scratch.path, &length);
    bytes[length] = '\0';
    return bytes;
}

static bool contains(struct scene *scene, const char *name, const char *text) {
    char *bytes = content(scene, name);
    bool found = bytes != NULL && strstr(bytes, text) != NULL;
    free(bytes);
    return found;
}

/* What another thread does soon. */
static void await(struct scene *scene, const char *name, const char *text) {
    for (int i = 0; i < 1000 && !contains(scene, name, text); i++)
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    if (!contains(scene, name, text)) {
        char *bytes = content(scene, name);
        fail_msg("%s lacks \"%s\": %s", name, text, bytes);
    }
}

static void what_was_told_is_recorded_and_the_address_is_taken_back(void **state) {
    struct scene *scene = *state;
    size_t held = memory_blocks_held();
    char url[64];
    start(scene);
    assert_non_null(service_url(scene->service));
    snprintf(url, sizeof url, "%s\n", service_url(scene->service));
    assert_true(contains(scene, "url", url));
    assert_true(contains(scene, "targets.json", "\"coordinator\""));
    scene->workers[1].member.page = "127.0.0.1:4711";
    scene->report.loss = 0.25;
    service_line(scene->service, "event=joined role=worker index=1 pid=4");
    service_progress(scene->service, &scene->report);
    await(scene, "targets.json", "127.0.0.1:4711");
    service_epoch(scene->service, &(struct epoch_report){.epoch = 1, .train_loss = 0.5});
    service_model(scene->service, &(struct model_report){.epoch = 1});
    service_over(scene->service, &(struct status){STATUS_OK, ""});
    await(scene, "events.csv",
          ",finished,,,"); /* its page stays until it is stopped, those of members do not */
    assert_true(contains(scene, "targets.json", "\"coordinator\""));
    assert_false(contains(scene, "targets.json", "127.0.0.1:4711"));
    service_stop(scene->service);
    assert_true(contains(scene, "run.csv", ",0.25,"));
    assert_true(contains(scene, "events.csv", ",joined,worker,1,\"pid=4\""));
    assert_true(contains(scene, "events.csv", ",epoch,,,\"epoch=1 train_loss=0.50000\""));
    assert_true(contains(scene, "events.csv", ",finished,,,"));
    assert_null(content(scene, "url"));
    assert_true(contains(scene, "targets.json", "[]"));
    assert_string_equal(scene->said, "");
    assert_int_equal(memory_blocks_held(), held);
}

/* A listener of our own on a port that the system gives; its descriptor. */
static int occupy(int *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0 && listen(fd, 1) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void write_in_folder(struct scene *scene, const char *name, const char *text) {
    char path[64];
    snprintf(path, sizeof path, "monitor/%s", name);
    mkdir(scene->folder, 0777);
    scratch_text(&scene->scratch, path, text);
}

static void a_port_in_use_is_said_and_records_go_on(void **state) {
    struct scene *scene = *state;
    char listen[32];
    int port, fd = occupy(&port);
    snprintf(listen, sizeof listen, "127.0.0.1:%d", port);
    scene->spec.listen = listen;
    start(scene);
    assert_null(service_url(scene->service));
    assert_non_null(strstr(scene->said, "the run has no page: cannot listen on 127.0.0.1:"));
    assert_null(content(scene, "url"));
    service_progress(scene->service, &scene->report);
    service_linger(scene->service, 0);
    service_stop(scene->service);
    assert_true(contains(scene, "run.csv", "\n1,"));
    close(fd);
}

/* A page that is open in a browser finds the next process of the run. */
static void the_port_of_a_dead_process_is_taken_again(void **state) {
    struct scene *scene = *state;
    char url[64];
    int port, fd = occupy(&port);
    close(fd);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    write_in_folder(scene, "url", url);
    start(scene);
    assert_string_equal(service_url(scene->service), url);
    service_stop(scene->service);

    fd = occupy(&port);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    write_in_folder(scene, "url", url);
    start(scene);
    assert_non_null(service_url(scene->service));
    assert_string_not_equal(service_url(scene->service), url);
    service_stop(scene->service);
    write_in_folder(scene, "url", "what is this?\n");
    start(scene);
    assert_non_null(service_url(scene->service));
    service_stop(scene->service);
    close(fd);
}

static void a_folder_that_cannot_be_had_is_said_and_the_page_goes_on(void **state) {
    struct scene *scene = *state;
    scratch_text(&scene->scratch, "monitor", "a file");
    start(scene);
    assert_non_null(strstr(scene->said, "nothing is recorded for the page: "));
    assert_non_null(service_url(scene->service));
    service_progress(scene->service, &scene->report);
    service_line(scene->service, "event=joined");
    service_stop(scene->service);
}

static void a_disk_that_fills_up_is_said_once(void **state) {
    struct scene *scene = *state;
    struct rlimit former, none;
    getrlimit(RLIMIT_FSIZE, &former);
    none = (struct rlimit){0, former.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    start(scene);
    setrlimit(RLIMIT_FSIZE, &none);
    for (int i = 0; i < 1000 && scene->said[0] == '\0'; i++) {
        service_progress(scene->service, &scene->report);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    setrlimit(RLIMIT_FSIZE, &former);
    service_line(scene->service, "event=joined");
    service_stop(scene->service);
    assert_non_null(strstr(scene->said, "the run is recorded no further for the page: cannot write '"));
    assert_null(strchr(strchr(scene->said, '\n') + 1, '\n'));
}

/* What the supervisor has seen while no coordinator lived. */
static void words_of_the_supervisor_become_events(void **state) {
    struct scene *scene = *state;
    struct timespec now;
    char line[256];
    int ends[2];
    clock_gettime(CLOCK_REALTIME, &now);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    int length = snprintf(line, sizeof line,
                          "nonsense\ntime=x event=lost\n"
                          "time=%lld.5 event=lost role=pserver index=1 reason=\"killed by signal 9\"\n"
                          "time=%lld.7 event=lost role=coordinator index=0 reason=\"with it\"\ntime=1",
                          (long long)now.tv_sec - 2, (long long)now.tv_sec - 2);
    assert_int_equal(write(ends[0], line, (size_t)length), length);
    scene->spec.words = ends[1];
    scene->spec.run.checkpoint = 3;
    write_in_folder(scene, "events.csv", "time,seconds,event,role,index,text\n");
    snprintf(line, sizeof line, "time,seconds,event,role,index,text\n%lld.000,10.000,joined,pserver,1,\"\"\n",
             (long long)now.tv_sec - 3);
    write_in_folder(scene, "events.csv", line);
    start(scene);
    await(scene, "events.csv", ",lost,coordinator,0,\"with it\"");
    assert_true(contains(scene, "events.csv", ",lost,pserver,1,\"killed by signal 9\""));
    service_progress(scene->service, &scene->report);
    await(scene, "events.csv", ",recovered,pserver,1,\"seconds=");
    assert_true(contains(scene, "events.csv", "checkpoint=3"));
    assert_true(contains(scene, "events.csv", ",recovered,coordinator,0,\"seconds="));
    service_stop(scene->service);
    close(ends[0]);
    close(ends[1]);
}

static void *hurry(void *context) {
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    service_hurry(context);
    return NULL;
}

static void a_page_that_lingers_can_be_hurried(void **state) {
    struct scene *scene = *state;
    struct timespec before, after;
    pthread_t thread;
    start(scene);
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_int_equal(pthread_create(&thread, NULL, hurry, scene->service), 0);
    service_linger(scene->service, 60);
    clock_gettime(CLOCK_MONOTONIC, &after);
    pthread_join(thread, NULL);
    assert_true(after.tv_sec - before.tv_sec < 10);
    service_stop(scene->service);
}

static void without_memory_there_is_no_monitor(void **state) {
    struct scene *scene = *state;
    struct status status;
    size_t held = memory_blocks_held();
    for (size_t nth = 1; nth <= 7; nth++) {
        memory_fail_after(nth);
        struct service *service = service_start(&scene->spec, &status);
        memory_fail_after(0);
        service_stop(service);
        assert_int_equal(memory_blocks_held(), held);
    }
    service_line(NULL, "");
    service_progress(NULL, NULL);
    service_hurry(NULL);
    service_linger(NULL, 100);
    assert_null(service_url(NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_told_is_recorded_and_the_address_is_taken_back, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(a_port_in_use_is_said_and_records_go_on, enter, leave),
        cmocka_unit_test_setup_teardown(the_port_of_a_dead_process_is_taken_again, enter, leave),
        cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_had_is_said_and_the_page_goes_on, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(a_disk_that_fills_up_is_said_once, enter, leave),
        cmocka_unit_test_setup_teardown(words_of_the_supervisor_become_events, enter, leave),
        cmocka_unit_test_setup_teardown(a_page_that_lingers_can_be_hurried, enter, leave),
        cmocka_unit_test_setup_teardown(without_memory_there_is_no_monitor, enter, leave),
    };
    return cmocka_run_group_tests_name("monitor_service", tests, NULL, NULL);
}
