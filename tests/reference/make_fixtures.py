#!/usr/bin/python3
"""Makes torch_fixture.h and sklearn_fixture.h: what PyTorch and scikit-learn compute, for the C tests beside them.

Needs python3-torch, python3-sklearn and python3-numpy; run from anywhere, writes beside itself. Nothing else of the
project needs Python. Training runs in double, from the float starting values that model/start.h defines.
"""
import math
import pathlib

import numpy as np
import sklearn
import torch
from sklearn.decomposition import PCA

HERE = pathlib.Path(__file__).resolve().parent
USERS, MOVIES, FACTORS, RATINGS, BATCH, STEPS = 40, 30, 6, 400, 16, 300
# Half of the usual rating scale: adagrad's sums stay near 1, so that an absolute tolerance speaks of float rounding.
STEPS_PER_EPOCH, SEED, INIT_SCALE, LOW, HIGH = 25, 7, 0.25, 0.25, 2.5
MASK = (1 << 64) - 1


# -- the project's own generators (core/rng.h, model/start.h) ---------------------------------------------------------
def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def unit(seed, stream, counter):
    return (mix(mix(mix(seed) ^ stream) ^ counter) >> 11) * 2.0**-53


def start_table(table, rows, columns):
    scale = float(np.float32(INIT_SCALE))
    return np.array([[np.float32(scale * (2 * unit(SEED, table << 32 | row, column) - 1)) for column in range(columns)]
                     for row in range(rows)])


# -- ratings and minibatches -------------------------------------------------------------------------------------------
def make_ratings(rng):
    """400 pairs; the last user and the last movie have no rating, and are never touched."""
    pairs = rng.permutation((USERS - 1) * (MOVIES - 1))[:RATINGS]
    return pairs // (MOVIES - 1), pairs % (MOVIES - 1), rng.integers(1, 11, RATINGS) / 4


def make_batches(rng, users, movies):
    """300 x 16 ratings. Users and movies below 10 rest between steps 20 and 280: gaps of hundreds of steps."""
    everyone = np.arange(RATINGS)
    awake = everyone[(users >= 10) & (movies >= 10)]
    return np.stack([rng.choice(everyone if t < 20 or t >= 280 else awake, BATCH, replace=False) for t in range(STEPS)])


# -- the model, trained by PyTorch -------------------------------------------------------------------------------------
class DotBias(torch.nn.Module):
    """Each table is one matrix, the bias its last column, as in a row of the project."""

    def __init__(self, ranged, biased):
        super().__init__()
        columns = FACTORS + (1 if biased else 0)
        self.ranged, self.biased = ranged, biased
        self.tables = torch.nn.ParameterList(
            torch.nn.Parameter(torch.tensor(start_table(t, rows, columns), dtype=torch.float64))
            for t, rows in ((0, USERS), (1, MOVIES)))

    def forward(self, users, movies):
        p, q = self.tables[0][users], self.tables[1][movies]
        z = (p[:, :FACTORS] * q[:, :FACTORS]).sum(1)
        if self.biased:
            z = z + p[:, FACTORS] + q[:, FACTORS]
        return LOW + (HIGH - LOW) * torch.sigmoid(z) if self.ranged else z


def cosine(lr, step):
    """2 cycles, cycle_len 4, cycle_mult 2: 4 + 8 epochs of 25 steps."""
    first = 4 * STEPS_PER_EPOCH
    if step < first / 20:
        return lr / 100
    into, length = (step, first) if step < first else (step - first, 2 * first)
    return lr / 2 * (1 + math.cos(math.pi * into / length))


def make_optimiser(kind, parameters, lr, wd):
    if kind in ("sgd", "nesterov"):
        return torch.optim.SGD(parameters, lr, momentum=0.9, nesterov=kind == "nesterov", weight_decay=wd)
    if kind == "adagrad":
        return torch.optim.Adagrad(parameters, lr, weight_decay=wd, eps=1e-8)
    rule = torch.optim.Adam if kind == "adam" else torch.optim.AdamW
    return rule(parameters, lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=wd)


STATE = {"sgd": ("momentum_buffer", None), "nesterov": ("momentum_buffer", None), "adagrad": (None, "sum"),
         "adam": ("exp_avg", "exp_avg_sq"), "adamw": ("exp_avg", "exp_avg_sq")}


def train(kind, lr, wd, use_cosine, ranged, biased, ratings, batches):
    users, movies, values = (torch.tensor(a) for a in ratings)
    model = DotBias(ranged, biased)
    optimiser = make_optimiser(kind, model.parameters(), lr, wd)
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = cosine(lr, step) if use_cosine else lr
        batch = batches[step]
        loss = ((model(users[batch], movies[batch]) - values[batch])**2).mean()
        optimiser.zero_grad(set_to_none=False)
        loss.backward()
        optimiser.step()
    arrays = [torch.cat([table.detach() for table in model.tables])]
    for name in STATE[kind]:
        arrays.append(torch.cat([optimiser.state[table][name] for table in model.tables]) if name else None)
    return [None if a is None else a.numpy() for a in arrays]


# -- writing C ---------------------------------------------------------------------------------------------------------
def c_array(kind, name, values, form):
    text, line = [f"static const {kind} {name}[{len(values)}] = {{"], "   "
    for value in values:
        word = f" {form % value},"
        if len(line) + len(word) > 118:
            text.append(line)
            line = "   "
        line += word
    return "\n".join(text + [line, "};"])


def with_zero_bias(array, biased):
    return array if biased else np.hstack([array, np.zeros((len(array), 1))])


def torch_fixture():
    rng = np.random.default_rng(5)
    ratings = make_ratings(rng)
    batches = make_batches(rng, ratings[0], ratings[1])
    rates = {"sgd": 0.1, "nesterov": 0.1, "adam": 0.01, "adamw": 0.01, "adagrad": 0.05}
    runs = [(kind, wd, use_cosine, True, True) for kind in rates
            for wd, use_cosine in ((0.0, 0), (0.002, 0), (0.002, 1))] + [("sgd", 0.002, 0, False, False)]
    parts, table = [], []
    for number, (kind, wd, use_cosine, ranged, biased) in enumerate(runs):
        arrays = train(kind, rates[kind], wd, use_cosine, ranged, biased, ratings, batches)
        names = []
        for suffix, array in zip(("VALUE", "FIRST", "SECOND"), arrays):
            names.append("NULL" if array is None else f"RUN_{number}_{suffix}")
            if array is not None:
                parts.append(c_array("double", names[-1], with_zero_bias(array, biased).ravel(), "%.9g"))
        enum = "OPTIMISER_" + ("SGD" if kind == "nesterov" else kind.upper())
        title = " ".join([kind, "with decay" if wd else "without decay", "cosine" if use_cosine else "constant"]
                         + ([] if biased else ["dot only, raw"]))
        table.append(f'    {{"{title}", {enum}, {int(kind == "nesterov")}, {rates[kind]}, {wd}, {use_cosine}, '
                     f"{int(ranged)}, {int(biased)}, {', '.join(names)}}},")
    interleaved = [x for row in zip(*ratings) for x in row]
    head = f"""/* Made by make_fixtures.py with PyTorch {torch.__version__}; not edited by hand. */\n/* clang-format off */
#ifndef TESTS_REFERENCE_TORCH_FIXTURE_H
#define TESTS_REFERENCE_TORCH_FIXTURE_H

#include <stddef.h>

#include "model/spec.h"

enum {{ FIXTURE_USERS = {USERS}, FIXTURE_MOVIES = {MOVIES}, FIXTURE_FACTORS = {FACTORS}, FIXTURE_RATINGS = {RATINGS} }};
enum {{ FIXTURE_BATCH = {BATCH}, FIXTURE_STEPS = {STEPS}, FIXTURE_STEPS_PER_EPOCH = {STEPS_PER_EPOCH}, FIXTURE_SEED = {SEED} }};
static const float FIXTURE_INIT_SCALE = {INIT_SCALE}f, FIXTURE_LOW = {LOW}f, FIXTURE_HIGH = {HIGH}f;

/* user, movie, rating. */
"""
    tail = """
/* What a run ends with: rows of FIXTURE_FACTORS + 1 numbers, users first. */
struct torch_run {
    const char *name;
    enum optimiser_kind kind;
    int nesterov;
    double learning_rate, weight_decay;
    int cosine, has_range, has_bias;
    const double *value, *first, *second;
};

static const struct torch_run TORCH_RUNS[] = {
""" + "\n".join(table) + "\n};\n\n#endif\n"
    body = [c_array("double", "FIXTURE_TRIPLES", interleaved, "%g"),
            "\n/* The ratings of each step. */",
            c_array("unsigned short", "FIXTURE_BATCHES", batches.ravel(), "%d")] + parts
    (HERE / "torch_fixture.h").write_text(head + "\n".join(body) + "\n" + tail)


def sklearn_fixture():
    rows, factors, components = 60, 8, 3
    rng = np.random.default_rng(11)
    table = (rng.normal(size=(rows, factors)) @ rng.normal(size=(factors, factors)) + rng.normal(size=factors))
    table = table.astype(np.float32).astype(np.float64)
    plain = PCA(components, svd_solver="full").fit(table)
    lesson = PCA(components, svd_solver="full").fit(table.T)
    head = f"""/* Made by make_fixtures.py with scikit-learn {sklearn.__version__}; not edited by hand. */\n/* clang-format off */
#ifndef TESTS_REFERENCE_SKLEARN_FIXTURE_H
#define TESTS_REFERENCE_SKLEARN_FIXTURE_H

enum {{ PCA_ROWS = {rows}, PCA_FACTORS = {factors}, PCA_COMPONENTS = {components} }};

"""
    body = [c_array("float", "PCA_TABLE", table.ravel(), "%.9gf"),
            "\n/* PCA(3).fit_transform(E), its variances and shares. */",
            c_array("double", "PCA_SCORES", plain.transform(table).ravel(), "%.15g"),
            c_array("double", "PCA_VARIANCE", plain.explained_variance_, "%.15g"),
            c_array("double", "PCA_SHARE", plain.explained_variance_ratio_, "%.15g"),
            "\n/* PCA(3).fit(E.T).components_, a row per component, and its shares. */",
            c_array("double", "PCA_LESSON", lesson.components_.ravel(), "%.15g"),
            c_array("double", "PCA_LESSON_SHARE", lesson.explained_variance_ratio_, "%.15g")]
    text = "\n".join(body)
    (HERE / "sklearn_fixture.h").write_text(head + text + "\n\n#endif\n")


if __name__ == "__main__":
    torch_fixture()
    sklearn_fixture()
