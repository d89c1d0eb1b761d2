#include "cli/evaluate_report.h"

#include <jansson.h>
#include <stdio.h>

static void print_line(const char *name, const struct loss_sum *sum) {
    struct metrics metrics;
    if (evaluation_metrics(sum, &metrics))
        printf("  %-12s %12llu  %9.5f  %9.5f  %9.5f\n", name, (unsigned long long)sum->count, metrics.mse,
               metrics.rmse, metrics.mae);
    else
        printf("  %-12s   no ratings\n", name);
}

/* Which movies are popular, by their training ratings. */
static void print_extents(const struct popularity_extent *extents) {
    for (int bucket = 0; bucket < POPULARITY_COLD; bucket++)
        if (extents[bucket].movies > 0)
            printf("%s: %u movies with %u to %u training ratings\n",
                   popularity_name((enum popularity_bucket)bucket), extents[bucket].movies,
                   extents[bucket].least, extents[bucket].most);
}

/* Recall of one bucket, pooled; "-" where no relevant movie is in it. */
static void print_pooled(uint64_t hits, uint64_t relevant) {
    if (relevant > 0)
        printf("  %9.5f", (double)hits / (double)relevant);
    else
        printf("  %9s", "-");
}

static void print_group(const char *name, const struct evaluate_result *result,
                        const struct ranking_group *group) {
    struct ranking_score mean;
    if (group->users == 0) {
        printf("\n  %s users: none to measure\n", name);
        return;
    }
    printf("\n  %s users %llu", name, (unsigned long long)group->users);
    if (group->auc_users > 0)
        printf(", auc %.5f", group->auc / (double)group->auc_users);
    printf("\n  %5s  %9s  %9s  %9s  %9s  %9s  %9s  %9s  %9s  %9s  %9s\n", "k", "precision", "recall", "ndcg",
           "map", "mrr", "coverage", "head", "torso", "tail", "cold");
    for (uint32_t i = 0; i < result->ranking_spec.cut_count; i++) {
        const struct ranking_sums *at = &group->at[i];
        ranking_mean(group, i, &mean);
        printf("  %5u  %9.5f  %9.5f  %9.5f  %9.5f  %9.5f  %9.5f", result->ranking_spec.cuts[i],
               mean.precision, mean.recall, mean.ndcg, mean.map, mean.mrr,
               (double)at->shown / result->ranking.catalogue);
        for (int bucket = 0; bucket < POPULARITY_COUNT; bucket++)
            print_pooled(at->hits[bucket], group->relevant[bucket]);
        putchar('\n');
    }
}

static void print_ranking(const struct evaluate_result *result) {
    const struct ranking *ranking = &result->ranking;
    printf("\nranking of the whole catalogue, %u movies, without what the user rated in training; relevant: "
           "validation ratings of at least %g\n",
           ranking->catalogue, (double)result->ranking_spec.threshold);
    print_group("warm", result, &ranking->warm);
    if (ranking->cold.users > 0)
        print_group("cold", result, &ranking->cold);
    printf("\nleft out: %llu users without a relevant movie", (unsigned long long)ranking->users_left_out);
    if (ranking->unknown_relevant > 0)
        printf(", %llu relevant ratings of movies that the model does not know",
               (unsigned long long)ranking->unknown_relevant);
    puts("\nhead, torso, tail, cold: recall among the relevant movies of that popularity, over all users");
}

void evaluate_report_text(const struct evaluate_result *result) {
    const struct evaluation *evaluation = &result->evaluation;
    printf("model  %s\ndata   %s (validation)\n\n", result->model, result->data);
    printf("  %-12s %12s  %9s  %9s  %9s\n", "", "ratings", "mse", "rmse", "mae");
    print_line("all", &evaluation->all);
    print_line("  warm", &evaluation->warm);
    for (int bucket = 0; bucket < POPULARITY_COLD; bucket++) {
        char name[16];
        snprintf(name, sizeof name, "    %s", popularity_name((enum popularity_bucket)bucket));
        print_line(name, &evaluation->by_popularity[bucket]);
    }
    print_line("  cold", &evaluation->cold);
    print_line("global mean", &evaluation->baseline);
    if (evaluation->baseline.count > 0)
        printf("\nglobal mean: every rating guessed as %.6f, the mean training rating\n",
               evaluation->baseline_mean);
    if (evaluation->cold.count > 0)
        printf("cold: the user or the movie has no training rating; of these, %llu have one the model does "
               "not know\n",
               (unsigned long long)evaluation->unknown_count);
    if (result->truth_rmse == result->truth_rmse)
        printf("truth: the planted model itself reaches rmse %.5f\n", result->truth_rmse);
    print_extents(result->extents);
    if (result->has_ranking)
        print_ranking(result);
}

static json_t *json_metrics(const struct loss_sum *sum) {
    struct metrics metrics;
    json_t *object = json_object();
    bool any = evaluation_metrics(sum, &metrics);
    json_object_set_new(object, "ratings", json_integer((json_int_t)sum->count));
    json_object_set_new(object, "mse", any ? json_real(metrics.mse) : json_null());
    json_object_set_new(object, "rmse", any ? json_real(metrics.rmse) : json_null());
    json_object_set_new(object, "mae", any ? json_real(metrics.mae) : json_null());
    return object;
}

static json_t *json_ratio(uint64_t part, uint64_t whole) {
    return whole > 0 ? json_real((double)part / (double)whole) : json_null();
}

/* Errors by popularity. */
static json_t *json_buckets(const struct evaluate_result *result) {
    json_t *buckets = json_array();
    for (int bucket = 0; bucket < POPULARITY_COLD; bucket++) {
        const struct popularity_extent *extent = &result->extents[bucket];
        json_t *object = json_metrics(&result->evaluation.by_popularity[bucket]);
        json_object_set_new(object, "bucket", json_string(popularity_name((enum popularity_bucket)bucket)));
        json_object_set_new(object, "movies", json_integer(extent->movies));
        json_object_set_new(object, "least_training_ratings", json_integer(extent->least));
        json_object_set_new(object, "most_training_ratings", json_integer(extent->most));
        json_array_append_new(buckets, object);
    }
    return buckets;
}

static json_t *json_cut(const struct evaluate_result *result, const struct ranking_group *group, uint32_t i) {
    const struct ranking_sums *at = &group->at[i];
    struct ranking_score mean;
    json_t *object = json_object(), *recalls = json_object();
    bool any = ranking_mean(group, i, &mean);
    json_object_set_new(object, "k", json_integer(result->ranking_spec.cuts[i]));
    json_object_set_new(object, "precision", any ? json_real(mean.precision) : json_null());
    json_object_set_new(object, "recall", any ? json_real(mean.recall) : json_null());
    json_object_set_new(object, "ndcg", any ? json_real(mean.ndcg) : json_null());
    json_object_set_new(object, "map", any ? json_real(mean.map) : json_null());
    json_object_set_new(object, "mrr", any ? json_real(mean.mrr) : json_null());
    json_object_set_new(object, "coverage",
                        any ? json_ratio(at->shown, result->ranking.catalogue) : json_null());
    for (int bucket = 0; bucket < POPULARITY_COUNT; bucket++)
        json_object_set_new(recalls, popularity_name((enum popularity_bucket)bucket),
                            json_ratio(at->hits[bucket], group->relevant[bucket]));
    json_object_set_new(object, "recall_by_popularity", recalls);
    return object;
}

static json_t *json_group(const struct evaluate_result *result, const struct ranking_group *group) {
    json_t *object = json_object(), *cuts = json_array();
    json_object_set_new(object, "users", json_integer((json_int_t)group->users));
    json_object_set_new(
        object, "auc", group->auc_users > 0 ? json_real(group->auc / (double)group->auc_users) : json_null());
    for (uint32_t i = 0; i < result->ranking_spec.cut_count; i++)
        json_array_append_new(cuts, json_cut(result, group, i));
    json_object_set_new(object, "at", cuts);
    return object;
}

static json_t *json_ranking(const struct evaluate_result *result) {
    const struct ranking *ranking = &result->ranking;
    json_t *object = json_object();
    json_object_set_new(object, "threshold", json_real((double)result->ranking_spec.threshold));
    json_object_set_new(object, "catalogue", json_integer(ranking->catalogue));
    json_object_set_new(object, "users_left_out", json_integer((json_int_t)ranking->users_left_out));
    json_object_set_new(object, "unknown_relevant", json_integer((json_int_t)ranking->unknown_relevant));
    json_object_set_new(object, "warm", json_group(result, &ranking->warm));
    json_object_set_new(object, "cold", json_group(result, &ranking->cold));
    return object;
}

/* The metrics of all ratings stand at the top, the others in objects of their own. */
void evaluate_report_json(const struct evaluate_result *result) {
    const struct evaluation *evaluation = &result->evaluation;
    json_t *object = json_metrics(&evaluation->all), *baseline = json_metrics(&evaluation->baseline);
    if (evaluation->baseline.count > 0)
        json_object_set_new(baseline, "mean", json_real(evaluation->baseline_mean));
    json_object_set_new(object, "warm", json_metrics(&evaluation->warm));
    json_object_set_new(object, "cold", json_metrics(&evaluation->cold));
    json_object_set_new(object, "by_popularity", json_buckets(result));
    json_object_set_new(object, "unknown_ratings", json_integer((json_int_t)evaluation->unknown_count));
    json_object_set_new(object, "global_mean", baseline);
    if (result->truth_rmse == result->truth_rmse)
        json_object_set_new(object, "truth_rmse", json_real(result->truth_rmse));
    if (result->has_ranking)
        json_object_set_new(object, "ranking", json_ranking(result));
    json_object_set_new(object, "model", json_string(result->model));
    json_object_set_new(object, "data", json_string(result->data));
    json_dumpf(object, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    putchar('\n');
    json_decref(object);
}
