/* dotbias explain momentum. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/explain.h"
#include "config/table.h"

struct moment {
    const char *when;
    double rate, momentum;
};

/* Momentum adds 1 + mom + mom^2 + ... of a gradient; a first moment is a mean, whose weights add up to 1. */
static double effective_rate(const struct moment *moment, bool is_mean) {
    return is_mean ? moment->rate : moment->rate / (1 - moment->momentum);
}

static void print_meaning(bool is_sgd, const char *optimiser) {
    printf("MOMENTUM\n\n");
    if (is_sgd)
        puts("sgd here: v = mom*v + g, then w -= lr*v (PyTorch's form). A gradient g acts at\n"
             "once with lr and again with lr*mom, lr*mom^2, ...: in the end with lr/(1-mom),\n"
             "the effective learning rate. The lesson's spreadsheets have\n"
             "v = mom*v + (1-mom)*g: their lr does what lr*(1-mom) does here.");
    else
        printf("%s keeps a running mean of gradients (beta1) and divides by their size: the\n"
               "weights of the mean add up to 1, so nothing is multiplied, and a step is about\n"
               "lr whatever the gradient. lr/(1-mom) is for sgd; what follows is the memory.\n",
               optimiser);
}

static void print_memory(double momentum, uint64_t steps_per_epoch) {
    double steps = 1 / (1 - momentum);
    printf("\nA gradient is remembered for about 1/(1-mom) = %.3g steps, %.2g %% of an epoch of\n"
           "%" PRIu64 " steps. A row that is rated once goes on moving for as long, unless decay is\n"
           "`touched`: then it stands still until it is rated again, and moves on then.\n",
           steps, 100 * steps / (double)steps_per_epoch, steps_per_epoch);
}

bool explain_momentum(const struct explain_subject *subject, const struct explain_page *page,
                      struct status *status) {
    struct decay_run run = explain_run(subject);
    (void)status;
    bool is_sgd = run.optimiser.kind == OPTIMISER_SGD;
    bool has_moment = is_sgd || run.optimiser.kind == OPTIMISER_ADAM || run.optimiser.kind == OPTIMISER_ADAMW;
    char optimiser[32];
    explain_choice(OPTION_train_optimiser, subject->config.train_optimiser, optimiser);
    json_object_set_new(page->numbers, "optimiser", json_string(optimiser));
    if (!has_moment || !explain_has_steps(subject)) {
        if (page->prints)
            printf("MOMENTUM\n\nThis run has none to speak of:\n%s.\n",
                   has_moment ? "it has no common steps (mode blocked, ssp, asp)"
                              : "adagrad's rules keep no velocity, and lr is the learning rate");
        return true;
    }
    struct decay_dose dose = decay_dose_of(&run);
    const struct moment moments[] = {{"first", dose.rate_first, dose.momentum_first},
                                     {"highest", dose.rate_most, dose.momentum_most_rate},
                                     {"last", dose.rate_last, dose.momentum_last}};
    json_t *list = json_array();
    if (page->prints) {
        print_meaning(is_sgd, optimiser);
        printf("\n  step            lr    momentum  effective lr\n");
    }
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        double effective = effective_rate(&moments[i], !is_sgd);
        json_array_append_new(list, json_pack("{s:s, s:f, s:f, s:f}", "step", moments[i].when,
                                              "learning_rate", moments[i].rate, "momentum",
                                              moments[i].momentum, "effective_rate", effective));
        if (page->prints)
            printf("  %-8s  %8.3g  %10.4g  %12.3g\n", moments[i].when, moments[i].rate, moments[i].momentum,
                   effective);
    }
    json_object_set_new(page->numbers, "rates", list);
    json_object_set_new(page->numbers, "memory_steps", json_real(1 / (1 - dose.momentum_most_rate)));
    if (page->prints)
        print_memory(dose.momentum_most_rate, run.steps_per_epoch);
    return true;
}
