"""read_formats.py FOLDER: npy, safetensors, word2vec, csv and projector exports of one model in FOLDER hold the same
numbers, to the bit, and the same ids, read the way each format's own tools do."""
import csv
import json
import pathlib
import sys

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "docs" / "examples"))
import load_export  # noqa: E402


def same(what, one, other):
    if not numpy.array_equal(numpy.asarray(one), numpy.asarray(other)):
        sys.exit(f"{what} differs")


def word2vec(path):
    """As gensim's load_word2vec_format splits it."""
    with open(path, encoding="utf-8") as file:
        rows, factors = map(int, file.readline().split())
        parts = [line.rstrip().split(" ") for line in file]
    assert all(len(part) == factors + 1 for part in parts) and len(parts) == rows
    return [part[0] for part in parts], numpy.array([part[1:] for part in parts], dtype=numpy.float32)


def main():
    folder = pathlib.Path(sys.argv[1])
    model = load_export.load(folder / "npy")
    facts = json.loads((folder / "npy" / "model.json").read_text())
    assert model["users"].shape == (facts["users"], facts["factors"])
    assert model["movies"].dtype == numpy.float32 and not numpy.isnan(model["movies"]).any()
    tensors = load_export.load(folder / "model.safetensors")
    assert set(tensors) == set(model)
    for name, value in model.items():
        same(f"safetensors: {name}", value, tensors[name])
    ids, vectors = word2vec(folder / "vectors.txt")
    same("word2vec: ids", ids, model["movie_ids"])
    same("word2vec: vectors", vectors, model["movies"])
    for table in ("user", "movie"):
        with open(folder / "csv" / f"{table}s.csv", encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))
        same(f"csv: {table} ids", [line["id"] for line in lines], model[table + "_ids"])
        same(f"csv: {table} bias", numpy.array([line["bias"] for line in lines], numpy.float32), model[table + "_bias"])
        columns = [f"f{k}" for k in range(facts["factors"])]
        vectors = numpy.array([[line[column] for column in columns] for line in lines], numpy.float32)
        same(f"csv: {table}s", vectors, model[table + "s"])
    same("projector", numpy.loadtxt(folder / "projector" / "tensors.tsv", numpy.float32), model["movies"])
    with open(folder / "projector" / "metadata.tsv", encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file]
    assert lines[0] == ["title", "genres", "id", "ratings"]
    same("projector: ids", [line[2] for line in lines[1:]], model["movie_ids"])
    print("all formats agree")


if __name__ == "__main__":
    main()
