/* dotbias recommend: the movies that a model expects its users to rate best. */
#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "analysis/id_list.h"
#include "analysis/recommend.h"
#include "cli/command.h"
#include "cli/filter_options.h"
#include "cli/finished.h"
#include "cli/ranked_list.h"
#include "core/memory.h"

enum { USERS_MAX = 1024, KEY_USERS = 2001, KEY_ALL_USERS, KEY_SEEN, KEY_DATA };

struct recommend_arguments {
    const char *path, *users_file, *out, *data;
    const char *users[USERS_MAX];
    size_t user_count;
    bool all_users, with_seen, json;
    struct filter_options filter;
};

static const char DOC[] =
    "Examples:\n"
    "  dotbias recommend runs/lesson-a-001 --user 15\n"
    "  dotbias recommend runs/lesson-a-001 --user 15 --user 30 --genre Comedy --min-ratings 20\n"
    "  dotbias recommend runs/lesson-a-001 --all-users --top 20 --out recommended.tsv\n"
    "\v"
    "Prints a table of user, rank, movie, title and predicted rating, separated by tabs, or with --json one "
    "object a line. Ids are the raw ids of the ratings file. Of equal scores the movie that came first in "
    "the "
    "ratings file goes first.\n\n"
    "What a user has rated in the run's own data set, to train or to validate, is left out, unless --seen is "
    "given. A user that the model does not know can be folded in: dotbias fold-in.";

static const struct argp_option OPTIONS[] = {
    {"user", 'u', "ID", 0, "A user's raw id; may be repeated", 0},
    {"users", KEY_USERS, "FILE", 0, "Users of this file: raw ids, one a line; - is standard input", 0},
    {"all-users", KEY_ALL_USERS, NULL, 0, "All users of the model, in its order", 0},
    {"seen", KEY_SEEN, NULL, 0, "Recommend also what the user has rated", 0},
    {"data", KEY_DATA, "SET", 0,
     "The ratings to leave out, in place of the run's own: a folder made by "
     "dotbias import, or a ratings.dotbias",
     0},
    {"out", 'o', "FILE", 0, "Write to this file, whole or not at all, in place of standard output", 0},
    {"json", 'j', NULL, 0, "Print one JSON object a line", 0},
    {0},
};

static void check_arguments(const struct recommend_arguments *arguments, struct argp_state *state) {
    int ways = (arguments->user_count > 0) + (arguments->users_file != NULL) + arguments->all_users;
    if (ways != 1)
        argp_error(state, "for whom? name one of --user, --users and --all-users");
    if (arguments->with_seen && arguments->data != NULL)
        argp_error(state, "--seen leaves nothing out: what is --data for?");
}

static error_t parse(int key, char *value, struct argp_state *state) {
    struct recommend_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->filter;
        return 0;
    case 'u':
        if (arguments->user_count == USERS_MAX)
            argp_error(state, "more than %d users: put them into a file, --users FILE", USERS_MAX);
        arguments->users[arguments->user_count++] = value;
        return 0;
    case KEY_USERS:
        arguments->users_file = value;
        return 0;
    case KEY_ALL_USERS:
        arguments->all_users = true;
        return 0;
    case KEY_SEEN:
        arguments->with_seen = true;
        return 0;
    case KEY_DATA:
        arguments->data = value;
        return 0;
    case 'o':
        arguments->out = value;
        return 0;
    case 'j':
        arguments->json = true;
        return 0;
    case ARGP_KEY_END:
        check_arguments(arguments, state);
        /* fall through */
    default:
        return finished_argument(key, value, state, &arguments->path);
    }
}

/* For whom, as rows of the model. */
struct audience {
    uint32_t *users; /* owned */
    size_t count;
};

static bool unknown_user(const char *where, const char *id, struct status *status) {
    return status_fail(status, STATUS_BAD_DATA,
                       "%sunknown user '%.60s': the model was not trained with it; if its ratings are known, "
                       "`dotbias fold-in` recommends from them",
                       where, id);
}

static bool named_users(struct audience *audience, const struct recommend_arguments *arguments,
                        const struct id_index *ids, struct status *status) {
    for (size_t i = 0; i < arguments->user_count; i++) {
        const char *id = arguments->users[i];
        audience->users[i] = id_index_find(ids, id, strlen(id));
        if (audience->users[i] == ID_UNKNOWN)
            return unknown_user("", id, status);
    }
    audience->count = arguments->user_count;
    return true;
}

static bool listed_users(struct audience *audience, const char *path, const struct id_index *ids,
                         struct status *status) {
    struct id_list list;
    char where[1100];
    if (!id_list_read(&list, ids, path, status))
        return false;
    audience->users = list.rows;
    audience->count = list.count;
    snprintf(where, sizeof where, "%s:%llu:1: ", path, (unsigned long long)list.first_unknown_line);
    if (list.unknown_count > 0)
        return unknown_user(where, list.first_unknown, status);
    return list.count > 0 || status_fail(status, STATUS_BAD_DATA, "%s: there is no user in it", path);
}

/* The caller gives audience->users back in every case. */
static bool find_audience(struct audience *audience, const struct recommend_arguments *arguments,
                          const struct predictor *predictor, struct status *status) {
    const struct id_index *ids = &predictor->indexes[TABLE_USERS];
    *audience = (struct audience){0};
    if (arguments->users_file != NULL)
        return listed_users(audience, arguments->users_file, ids, status);
    size_t count = arguments->all_users ? predictor->model->users : arguments->user_count;
    audience->users = memory_take_array(count, sizeof *audience->users, "a list of users", status);
    if (audience->users == NULL)
        return false;
    if (!arguments->all_users)
        return named_users(audience, arguments, ids, status);
    for (uint32_t user = 0; user < count; user++)
        audience->users[user] = user;
    audience->count = count;
    return true;
}

static bool find_seen(struct seen *seen, const struct audience *audience,
                      const struct recommend_arguments *arguments, const struct finished *opened,
                      struct status *status) {
    char data[PATH_MAX];
    if (arguments->data == NULL && !run_folder_data(&opened->run, data, status))
        return status_context(status, "what the users have seen is not known (--seen recommends that, too)");
    bool *wanted = memory_take_array(opened->model.users, sizeof *wanted, "a list of users", status);
    if (wanted == NULL)
        return false;
    for (size_t i = 0; i < audience->count; i++)
        wanted[audience->users[i]] = true;
    bool well =
        seen_read(seen, &opened->predictor, wanted, arguments->data != NULL ? arguments->data : data, status);
    memory_release(wanted);
    return well;
}

static bool write_user(void *context, uint32_t user, const struct recommendation *best, uint32_t count,
                       struct status *status) {
    const struct ranked_list *ranking = context;
    for (uint32_t i = 0; i < count; i++)
        if (!ranked_list_write(ranking, user, i + 1, best[i].movie, (double)best[i].rating, status))
            return false;
    return true;
}

static bool run(const struct recommend_arguments *arguments, const struct recommend_request *request,
                struct status *status) {
    struct output_file out;
    struct ranked_list ranking = {.model = request->catalogue->model,
                                  .table = TABLE_MOVIES,
                                  .value = "rating",
                                  .names_user = true,
                                  .json = arguments->json,
                                  .out = &out};
    if (!output_file_open(&out, arguments->out, status))
        return false;
    bool well = ranked_list_begin(&ranking, status) && recommend_run(request, write_user, &ranking, status);
    return output_file_end(&out, well, status);
}

static bool recommend_for(const struct recommend_arguments *arguments, const struct finished *opened,
                          const struct audience *audience, struct status *status) {
    struct catalogue catalogue;
    struct seen seen = {0};
    if (!filter_options_open(&arguments->filter, &opened->model, &opened->predictor.indexes[TABLE_MOVIES],
                             &catalogue, status))
        return false;
    bool well = arguments->with_seen || find_seen(&seen, audience, arguments, opened, status);
    struct recommend_request request = {
        .catalogue = &catalogue,
        .rows = opened->model.user_rows,
        .users = audience->users,
        .user_count = audience->count,
        .seen = arguments->with_seen ? NULL : &seen,
        .top = arguments->filter.top,
    };
    well = well && run(arguments, &request, status);
    seen_free(&seen);
    catalogue_close(&catalogue);
    return well;
}

static bool recommend(const struct recommend_arguments *arguments, struct status *status) {
    struct finished opened;
    struct audience audience;
    if (!finished_open(&opened, arguments->path, NULL, RATINGS_NOT_NEEDED, status))
        return false;
    bool well = find_audience(&audience, arguments, &opened.predictor, status) &&
                recommend_for(arguments, &opened, &audience, status);
    memory_release(audience.users);
    finished_close(&opened);
    return well;
}

int command_recommend(int argc, char **argv) {
    static const struct argp_child CHILDREN[] = {{&FILTER_OPTIONS_ARGP, 0, NULL, 0}, {0}};
    static const struct argp ARGP = {OPTIONS, parse, "RUN_OR_MODEL", DOC, CHILDREN, NULL, NULL};
    struct recommend_arguments arguments = {.filter = FILTER_OPTIONS_DEFAULTS};
    struct status status = {0};
    if (argp_parse(&ARGP, argc, argv, 0, NULL, &arguments) != 0)
        return STATUS_USAGE;
    return recommend(&arguments, &status) ? STATUS_OK : command_report(&status);
}
