#!/usr/bin/env python3
"""Loads what `dotbias export` wrote, with NumPy alone, and prints a row's nearest neighbours.

Examples:
  dotbias export runs/lesson-a-001 --format npy --out exported
  load_export.py exported --movie 318
  load_export.py model.safetensors --movie 318 --metric dot --top 5 --min-ratings 20
  load_export.py exported --user 15

A line for each neighbour, separated by tabs: its score, raw id and title.
"""
import argparse
import json
import pathlib
import struct
import sys

import numpy


def text(raw):
    """Raw ids may be any bytes; those that are not UTF-8 survive the way through Python."""
    return raw.decode("utf-8", "surrogateescape")


def load_npy(folder):
    """A dictionary of arrays, and of lists of strings: line i of a .txt is row i."""
    model = {path.stem: numpy.load(path) for path in folder.glob("*.npy")}
    for path in folder.glob("*.txt"):
        model[path.stem] = [text(line) for line in path.read_bytes().split(b"\n")[:-1]]
    return model


def load_safetensors(path):
    """The same from one file: a length of 8 bytes, that much JSON, then the tensors' bytes."""
    types = {"F32": "<f4", "I64": "<i8", "I32": "<i4", "U8": "u1"}
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    head = json.loads(content[8 : 8 + length])
    head.pop("__metadata__", None)
    tensors = {}
    for name, tensor in head.items():
        begin, end = tensor["data_offsets"]
        data = content[8 + length + begin : 8 + length + end]
        tensors[name] = numpy.frombuffer(data, types[tensor["dtype"]]).reshape(tensor["shape"])
    return join_strings(tensors)


def join_strings(tensors):
    """String i of `movie_ids` is the bytes movie_id_offsets[i] to movie_id_offsets[i + 1]."""
    model = {}
    for name, tensor in tensors.items():
        if name.endswith("_offsets"):
            continue
        offsets = tensors.get(name[:-1] + "_offsets")
        if offsets is not None:
            data = tensor.tobytes()
            tensor = [text(data[begin:end]) for begin, end in zip(offsets[:-1], offsets[1:])]
        model[name] = tensor
    return model


def load(path):
    path = pathlib.Path(path)
    return load_npy(path) if path.is_dir() else load_safetensors(path)


def nearest(rows, row, metric, top, allowed=None):
    """The `top` rows with the largest cosine or dot product with `row`, itself left out; of equals the smaller row.
    `allowed` says which rows may be among them."""
    rows = rows.astype(numpy.float64)
    if metric == "cosine":
        lengths = numpy.linalg.norm(rows, axis=1, keepdims=True)
        rows = numpy.divide(rows, lengths, out=numpy.zeros_like(rows), where=lengths > 0)
    scores = rows @ rows[row]
    allowed = numpy.ones(len(rows), bool) if allowed is None else allowed.copy()
    allowed[row] = False
    scores[~allowed] = -numpy.inf
    order = numpy.argsort(-scores, kind="stable")[: min(top, allowed.sum())]
    return order, scores[order]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", help="a folder of --format npy, or a file of --format safetensors")
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("--movie", metavar="ID", help="movies near this one")
    whose.add_argument("--user", metavar="ID", help="users near this one")
    parser.add_argument("--metric", choices=["cosine", "dot"], default="cosine")
    parser.add_argument("--top", type=int, default=10, metavar="N")
    parser.add_argument("--min-ratings", type=int, default=1, metavar="N",
                        help="only those with so many training ratings: of others the model knows little")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    model = load(arguments.path)
    table, raw_id = ("movie", arguments.movie) if arguments.movie is not None else ("user", arguments.user)
    if table + "s" not in model:
        sys.exit(f"{arguments.path} has no {table}s")
    ids, titles = model[table + "_ids"], model.get(table + "_titles")
    if raw_id not in ids:
        sys.exit(f"there is no {table} {raw_id!r} in {arguments.path}")
    allowed = model[table + "_ratings"] >= arguments.min_ratings
    order, scores = nearest(model[table + "s"], ids.index(raw_id), arguments.metric, arguments.top, allowed)
    for row, score in zip(order, scores):
        line = f"{score:.6f}\t{ids[row]}\t{titles[row] if titles else ''}"
        sys.stdout.buffer.write(line.rstrip("\t").encode("utf-8", "surrogateescape") + b"\n")


if __name__ == "__main__":
    main()
