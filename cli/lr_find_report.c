#include "cli/lr_find_report.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output_file.h"
#include "monitor/quantity.h"

enum { ROWS = 32, BAR = 40 };

/* Between the lowest smoothed loss and twice that, or the highest if it lies below. */
static int bar_length(const struct lr_find *curve, double smoothed) {
    double top = curve->lowest;
    for (uint32_t i = 0; i < curve->count; i++)
        top = curve->points[i].smoothed > top ? curve->points[i].smoothed : top;
    top = top > 2 * curve->lowest ? 2 * curve->lowest : top;
    double share = top > curve->lowest ? (smoothed - curve->lowest) / (top - curve->lowest) : 0;
    return 1 + (int)((share > 1 ? 1 : share) * (BAR - 1));
}

static void print_point(const struct lr_find *curve, const struct lr_find_point *point, const char *mark) {
    static const char HASHES[BAR + 1] = "########################################";
    quantity rate, loss, smoothed;
    printf("%8llu  %8s  %10s  %10s  %.*s%s\n", (unsigned long long)point->step,
           quantity_rate(rate, point->learning_rate), quantity_fixed(loss, point->loss, 5),
           quantity_fixed(smoothed, point->smoothed, 5), bar_length(curve, point->smoothed), HASHES, mark);
}

static void print_advice(const struct lr_find *curve) {
    struct lr_find_advice advice;
    quantity steepest, tenth, lowest;
    if (!lr_find_advise(curve, &advice)) {
        puts("\nno suggestion: the loss does not fall anywhere on this curve");
        return;
    }
    printf("\nsuggestion: --set train.learning_rate=%s, where the smoothed loss falls fastest\n",
           quantity_rate(steepest, advice.steepest));
    printf("another:    --set train.learning_rate=%s, a tenth of the rate at its lowest (%s)\n",
           quantity_rate(tenth, advice.tenth), quantity_rate(lowest, advice.lowest_rate));
}

void lr_find_report_text(const struct lr_find *curve) {
    struct lr_find_advice advice = {0};
    uint32_t every = (curve->count + ROWS - 1) / ROWS;
    bool has_advice = lr_find_advise(curve, &advice);
    puts("    step      rate        loss    smoothed");
    for (uint32_t i = 0; i < curve->count; i++) {
        double rate = curve->points[i].learning_rate;
        const char *mark = has_advice && rate == advice.steepest      ? "  falls fastest"
                           : has_advice && rate == advice.lowest_rate ? "  lowest"
                                                                      : "";
        if (i % every == 0 || i + 1 == curve->count || mark[0] != '\0')
            print_point(curve, &curve->points[i], mark);
    }
    print_advice(curve);
    puts(curve->diverged ? "it ended where the loss exceeded four times its lowest value, or was no number"
                         : "it ended with the epoch; the loss never exceeded four times its lowest value");
}

static json_t *points(const struct lr_find *curve) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < curve->count; i++) {
        const struct lr_find_point *point = &curve->points[i];
        json_array_append_new(list, json_pack("{s:I, s:f, s:f, s:f}", "step", (json_int_t)point->step,
                                              "learning_rate", point->learning_rate, "loss", point->loss,
                                              "smoothed", point->smoothed));
    }
    return list;
}

bool lr_find_report_json(const struct lr_find *curve, struct status *status) {
    struct lr_find_advice advice;
    bool has_advice = lr_find_advise(curve, &advice);
    json_t *object = json_pack("{s:b, s:o, s:o}", "diverged", (int)curve->diverged, "suggestion",
                               has_advice ? json_pack("{s:f, s:f, s:f, s:f}", "steepest", advice.steepest,
                                                      "tenth_of_lowest", advice.tenth, "lowest_rate",
                                                      advice.lowest_rate, "lowest_loss", advice.lowest_loss)
                                          : json_null(),
                               "points", points(curve));
    if (object == NULL)
        return status_fail(status, STATUS_NO_MEMORY, "cannot make the JSON of a curve");
    bool good = json_dumpf(object, stdout, JSON_INDENT(2)) == 0 && puts("") >= 0;
    json_decref(object);
    return good || status_fail_errno(status, STATUS_IO, "cannot write the curve");
}

static bool write_rows(struct output_file *file, const struct lr_find *curve, struct status *status) {
    static const char HEAD[] = "step,learning_rate,loss,smoothed\n";
    char row[128];
    bool good = output_file_write(file, HEAD, sizeof HEAD - 1, status);
    for (uint32_t i = 0; good && i < curve->count; i++) {
        const struct lr_find_point *point = &curve->points[i];
        quantity rate, loss, smoothed;
        int length = snprintf(row, sizeof row, "%llu,%s,%s,%s\n", (unsigned long long)point->step,
                              quantity_exact(rate, point->learning_rate), quantity_exact(loss, point->loss),
                              quantity_exact(smoothed, point->smoothed));
        good = output_file_write(file, row, (size_t)length, status);
    }
    return good;
}

bool lr_find_report_csv(const struct lr_find *curve, const char *path, struct status *status) {
    struct output_file file;
    return output_file_open(&file, path, status) &&
           output_file_end(&file, write_rows(&file, curve, status), status);
}
