"""neighbours.py EXPORT [RUN]: the nearest neighbours of every movie of an export, cosine and inner product, as FAISS
finds them, are those of docs/examples/load_export.py; with RUN, `dotbias similar` says the same. Ids may differ only
where scores are closer than single precision tells apart. Exits with the first disagreement."""
import importlib.util
import json
import pathlib
import subprocess
import sys

import faiss
import numpy

TOP = 10
CLOSE = 2e-6


def example():
    path = pathlib.Path(__file__).parents[2] / "docs" / "examples" / "load_export.py"
    spec = importlib.util.spec_from_file_location("load_export", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def agree(what, scores, ours, theirs):
    """Both are lists of rows, best first; scores are those of all rows."""
    if len(ours) != len(theirs) or len(set(theirs)) != len(theirs):
        sys.exit(f"{what}: {len(theirs)} neighbours instead of {len(ours)}")
    scale = max(1.0, numpy.abs(scores).max())
    for place, (one, other) in enumerate(zip(ours, theirs)):
        if one != other and abs(scores[one] - scores[other]) > CLOSE * scale:
            sys.exit(f"{what}: place {place + 1} is row {other} ({scores[other]}), not row {one} ({scores[one]})")


def widen(rows, metric):
    """In double precision, with length 1 for the cosine: that of a movie that nobody rated may be too small to be
    squared in single precision."""
    wide = rows.astype(numpy.float64)
    return wide / numpy.linalg.norm(wide, axis=1, keepdims=True) if metric == "cosine" else wide


def check_faiss(load_export, rows, metric):
    wide = widen(rows, metric)
    indexed = numpy.ascontiguousarray(wide, dtype=numpy.float32)
    index = faiss.IndexFlatIP(indexed.shape[1])
    index.add(indexed)
    _, found = index.search(indexed, TOP + 1)
    for row in range(len(rows)):
        ours, _ = load_export.nearest(rows, row, metric, TOP)
        # The row itself is its own nearest by cosine, but not always by inner product.
        theirs = [other for other in found[row] if other != row][:TOP]
        agree(f"FAISS, {metric}, row {row}", wide @ wide[row], list(ours), theirs)


def similar(run, raw_id, metric):
    """The raw ids that `dotbias similar` names, one JSON object a line."""
    command = ["dotbias", "similar", run, "--movie", raw_id, "--metric", metric, "--top", str(TOP)]
    said = subprocess.run(command + ["--min-ratings", "0", "--json"], check=True, capture_output=True, text=True)
    return [json.loads(line)["movie"] for line in said.stdout.splitlines()]


def check_similar(load_export, model, run, metric):
    rows, ids = model["movies"], model["movie_ids"]
    wide = widen(rows, metric)
    for row in range(0, len(rows), max(1, len(rows) // 20)):
        ours, _ = load_export.nearest(rows, row, metric, TOP)
        theirs = [ids.index(raw_id) for raw_id in similar(run, ids[row], metric)]
        agree(f"dotbias similar, {metric}, movie {ids[row]}", wide @ wide[row], list(ours), theirs)


def main():
    load_export = example()
    model = load_export.load(sys.argv[1])
    for metric in ("cosine", "dot"):
        check_faiss(load_export, model["movies"], metric)
        if len(sys.argv) > 2:
            check_similar(load_export, model, sys.argv[2], metric)
    print(f"{len(model['movies'])} movies agree")


if __name__ == "__main__":
    main()
