#include "cli/import_report.h"

#include <jansson.h>
#include <math.h>

#include "cli/amount.h"

enum { BAR_WIDTH = 40 };

static const char *file_name(const struct import_spec *spec, uint32_t file) {
    return file == 0 ? spec->ratings : spec->valid_file;
}

static const char *rule_name(enum duplicate_rule rule) {
    return rule == DUPLICATE_KEEP_LAST ? "last" : rule == DUPLICATE_TAKE_MEAN ? "mean" : "error";
}

static void print_histogram(const struct histogram *histogram, FILE *out) {
    uint64_t most = 1;
    char text[32], range[48];
    for (uint32_t i = 0; i < histogram->count; i++)
        most = histogram->bars[i].ratings > most ? histogram->bars[i].ratings : most;
    for (uint32_t i = 0; i < histogram->count; i++) {
        const struct histogram_bar *bar = &histogram->bars[i];
        int width = (int)((double)bar->ratings * BAR_WIDTH / (double)most + 0.5);
        if (histogram->is_binned)
            snprintf(range, sizeof range, "%g to %g", (double)bar->low, (double)bar->high);
        else
            snprintf(range, sizeof range, "%g", (double)bar->low);
        fprintf(out, "  %-12s %12s  %.*s\n", range, amount_show(text, bar->ratings), width,
                "########################################");
    }
}

static void print_parts(const struct packed_totals *totals, FILE *out) {
    char text[32];
    fprintf(out, "train       %s, mean %.6f\n", amount_show(text, totals->train), totals->train_mean);
    fprintf(out, "valid       %s", amount_show(text, totals->valid));
    if (totals->valid == 0) {
        fprintf(out, " (nothing to validate on)\n");
        return;
    }
    fprintf(out, ", mean %.6f; always predicting the training mean has MSE %.5f\n", totals->valid_mean,
            totals->baseline_mse);
    fprintf(out, "cold        %s of them have a movie without training rating",
            amount_show(text, totals->cold_movies));
    fprintf(out, ", %s a user without\n", amount_show(text, totals->cold_users));
}

void import_report_table(const struct import_spec *spec, const struct import_summary *summary, FILE *out) {
    char text[32];
    fprintf(out, "ratings     %s from %s\n", amount_show(text, summary->rows), spec->ratings);
    fprintf(out, "rejects     %s", amount_show(text, summary->rejects));
    fprintf(out, "%s\n", summary->rejects > 0 ? "  <- rows that could not be used, see stderr" : "");
    fprintf(out, "duplicates  %s", amount_show(text, summary->duplicates.count));
    fprintf(out, " (policy: %s)\n", rule_name(spec->duplicates));
    fprintf(out, "users       %s\n", amount_show(text, summary->users));
    fprintf(out, "movies      %s", amount_show(text, summary->movies));
    fprintf(out, ", %s with a title\n", amount_show(text, summary->titles));
    fprintf(out, "split       %s\n", split_name(spec->split.method));
    print_parts(&summary->totals, out);
    fprintf(out, "values\n");
    print_histogram(&summary->histogram, out);
    fprintf(out, "wrote       %s/" PACKED_SET_FILE "\n", spec->folder);
}

static json_t *histogram_json(const struct histogram *histogram) {
    json_t *bars = json_array();
    for (uint32_t i = 0; i < histogram->count; i++)
        json_array_append_new(bars, json_pack("{s:f, s:f, s:I}", "low", (double)histogram->bars[i].low,
                                              "high", (double)histogram->bars[i].high, "count",
                                              (json_int_t)histogram->bars[i].ratings));
    return bars;
}

/* A path may be any bytes; JSON takes UTF-8 only. */
static json_t *path_json(const char *path) {
    json_t *text = json_string(path);
    return text != NULL ? text : json_null();
}

static json_t *rejects_json(const struct import_spec *spec, const struct import_summary *summary) {
    json_t *rejects = json_array();
    for (uint32_t i = 0; i < summary->rejects_shown; i++) {
        const struct import_reject *reject = &summary->rejects_seen[i];
        json_array_append_new(rejects,
                              json_pack("{s:o, s:I, s:s}", "file", path_json(file_name(spec, reject->file)),
                                        "line", (json_int_t)reject->line, "reason", reject->reason));
    }
    return json_pack("{s:I, s:I, s:o}", "count", (json_int_t)summary->rejects, "out_of_range",
                     (json_int_t)summary->out_of_range, "first", rejects);
}

static json_t *duplicates_json(const struct import_spec *spec, const struct duplicates *found) {
    json_t *examples = json_array();
    for (uint32_t i = 0; i < found->shown; i++) {
        const struct duplicate *example = &found->examples[i];
        json_array_append_new(examples, json_pack("{s:o, s:I, s:o, s:I}", "file",
                                                  path_json(file_name(spec, example->file)), "line",
                                                  (json_int_t)example->line, "earlier_file",
                                                  path_json(file_name(spec, example->earlier_file)),
                                                  "earlier_line", (json_int_t)example->earlier_line));
    }
    return json_pack("{s:I, s:s, s:o}", "count", (json_int_t)found->count, "policy",
                     rule_name(spec->duplicates), "first", examples);
}

static json_t *split_json(const struct split_spec *split) {
    return json_pack("{s:s, s:f, s:I}", "method", split_name(split->method), "fraction", split->fraction,
                     "seed", (json_int_t)split->seed);
}

static json_t *parts_json(const struct packed_totals *totals) {
    return json_pack("{s:I, s:f, s:I, s:f, s:f, s:I, s:I, s:I}", "train", (json_int_t)totals->train,
                     "train_mean", totals->train_mean, "valid", (json_int_t)totals->valid, "valid_mean",
                     totals->valid_mean, "baseline_mse", totals->baseline_mse, "valid_cold",
                     (json_int_t)totals->cold, "valid_cold_movies", (json_int_t)totals->cold_movies,
                     "valid_cold_users", (json_int_t)totals->cold_users);
}

bool import_report_json(const struct import_spec *spec, const struct import_summary *summary, FILE *out) {
    json_t *root = json_pack(
        "{s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "source", path_json(spec->ratings), "out",
        path_json(spec->folder), "ratings", (json_int_t)summary->rows, "users", (json_int_t)summary->users,
        "movies", (json_int_t)summary->movies, "titles", (json_int_t)summary->titles, "split",
        split_json(&spec->split), "histogram", histogram_json(&summary->histogram), "rejects",
        rejects_json(spec, summary), "duplicates", duplicates_json(spec, &summary->duplicates));
    json_t *parts = parts_json(&summary->totals);
    bool done = root != NULL && parts != NULL && json_object_update(root, parts) == 0 &&
                json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) == 0 &&
                fputc('\n', out) != EOF;
    json_decref(root);
    json_decref(parts);
    return done;
}

static void print_rejects(const struct import_spec *spec, const struct import_summary *summary, FILE *out) {
    char text[32];
    if (summary->rejects == 0)
        return;
    fprintf(out, "dotbias: warning: %s row%s could not be used and %s left out:\n",
            amount_show(text, summary->rejects), summary->rejects == 1 ? "" : "s",
            summary->rejects == 1 ? "was" : "were");
    for (uint32_t i = 0; i < summary->rejects_shown; i++)
        fprintf(out, "  %s:%llu: %s\n", file_name(spec, summary->rejects_seen[i].file),
                (unsigned long long)summary->rejects_seen[i].line, summary->rejects_seen[i].reason);
    if (summary->rejects > summary->rejects_shown)
        fprintf(out, "  and %s more\n", amount_show(text, summary->rejects - summary->rejects_shown));
}

static void print_duplicates(const struct import_spec *spec, const struct duplicates *found, FILE *out) {
    char text[32];
    if (found->count == 0)
        return;
    fprintf(out, "dotbias: warning: %s rating%s a (user, movie) pair that was rated before (policy: %s):\n",
            amount_show(text, found->count), found->count == 1 ? " repeats" : "s repeat",
            rule_name(spec->duplicates));
    for (uint32_t i = 0; i < found->shown; i++) {
        const struct duplicate *example = &found->examples[i];
        fprintf(out, "  %s:%llu repeats %s:%llu\n", file_name(spec, example->file),
                (unsigned long long)example->line, file_name(spec, example->earlier_file),
                (unsigned long long)example->earlier_line);
    }
    if (found->count > found->shown)
        fprintf(out, "  and %s more\n", amount_show(text, found->count - found->shown));
}

void import_report_warnings(const struct import_spec *spec, const struct import_summary *summary, FILE *out) {
    print_rejects(spec, summary, out);
    print_duplicates(spec, &summary->duplicates, out);
    if (summary->movie_rejects > 0)
        fprintf(out,
                "dotbias: warning: %llu lines of the movies file could not be read, the first is line %llu\n",
                (unsigned long long)summary->movie_rejects,
                (unsigned long long)summary->first_movie_reject_line);
}
