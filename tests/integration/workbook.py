"""Reads and changes a workbook, and compares what it says with what it should.

  workbook.py same STORED RECALCULATED         every formula has the value that was stored with it, to 1e-5
  workbook.py predict RECALCULATED MODEL       Predictions are those of `dotbias predict`, to 1e-5
  workbook.py stepped RECALCULATED             New model is Trained, to 1e-5, and Model is not
  workbook.py change FILE OUT SHEET!CELL=VALUE...
  workbook.py show FILE SHEET!CELL...
"""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zipfile

SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
TOLERANCE = 1e-5


def sheet_files(book):
    """From a sheet's name to its file in the zip: both programs number them in order."""
    sheets = ElementTree.fromstring(book.read("xl/workbook.xml")).find(SPACE + "sheets")
    return {sheet.get("name"): f"xl/worksheets/sheet{i}.xml" for i, sheet in enumerate(sheets, 1)}


def texts(element):
    return "".join(text.text or "" for text in element.iter(SPACE + "t"))


def value_of(cell, shared):
    value = cell.find(SPACE + "v")
    if cell.get("t") == "inlineStr":
        return texts(cell)
    if value is None or value.text is None:
        return ""
    if cell.get("t") == "s":
        return shared[int(value.text)]
    return value.text if cell.get("t") in ("str", "e") else float(value.text)


def load(path):
    """{sheet: {cell: (value, has a formula)}}"""
    with zipfile.ZipFile(path) as book:
        shared = []
        if "xl/sharedStrings.xml" in book.namelist():
            shared = [texts(item) for item in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))]
        return {
            name: {
                cell.get("r"): (value_of(cell, shared), cell.find(SPACE + "f") is not None)
                for cell in ElementTree.fromstring(book.read(file)).iter(SPACE + "c")
            }
            for name, file in sheet_files(book).items()
        }


def is_near(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= TOLERANCE
    return a == b


def same(stored, recalculated):
    stored, recalculated = load(stored), load(recalculated)
    assert list(stored) == list(recalculated), (list(stored), list(recalculated))
    count = 0
    for name, cells in stored.items():
        for at, (value, has_formula) in cells.items():
            other = recalculated[name].get(at, ("", False))
            assert is_near(value, other[0]), (name, at, value, other[0])
            assert has_formula == other[1], (name, at, "a formula came or went")
            count += has_formula
    print(f"{count} formulas agree")


def rows(cells, column):
    """The numbers of the rows from 5 on that have a text in that column."""
    found = [int(at[len(column):]) for at in cells if re.fullmatch(column + r"\d+", at)]
    return sorted(row for row in found if row > 4)


def predict(recalculated, model):
    cells = load(recalculated)["Predictions"]
    columns = [at[:-1] for at in cells if re.fullmatch(r"[B-Z]4", at)]
    count = 0
    for row in rows(cells, "A")[::3]:
        for column in columns[::4]:
            pair = ["--user", cells[f"A{row}"][0], "--movie", cells[f"{column}4"][0]]
            said = json.loads(subprocess.check_output(["dotbias", "predict", model, *pair, "--json"]))
            value = cells[f"{column}{row}"][0]
            assert is_near(value, float(said["rating"])), (pair, value, said["rating"])
            count += 1
    print(f"{count} predictions agree")


def stepped(recalculated):
    book = load(recalculated)
    cells = [at for at, (value, _) in book["Trained"].items() if isinstance(value, float)]
    moved = 0
    for at in cells:
        old, new, trained = (book[name][at][0] for name in ("Model", "New model", "Trained"))
        assert is_near(new, trained), (at, new, trained)
        moved = max(moved, abs(new - old))
    assert moved > 100 * TOLERANCE, "the step is too small to be seen"
    print(f"{len(cells)} numbers took the trainer's step")


def change(path, out, *changes):
    with zipfile.ZipFile(path) as book, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as changed:
        files = {name: book.read(name).decode() for name in book.namelist()}
        for place in changes:
            name, at, value = re.fullmatch(r"(.*)!([A-Z]+\d+)=(.*)", place).groups()
            file = sheet_files(book)[name]

            def cell(found, value=value):
                is_text = 't="inlineStr"' in found[1]
                return found[1] + (f"<is><t>{value}</t></is></c>" if is_text else f"<v>{value}</v></c>")

            files[file], times = re.subn(rf'(<c r="{at}"[^>]*>).*?</c>', cell, files[file])
            assert times == 1, f"{place}: there is no such cell"
        for name, text in files.items():
            changed.writestr(name, text)


def show(path, *places):
    book = load(path)
    for place in places:
        name, at = place.rsplit("!", 1)
        print(book[name][at][0])


if __name__ == "__main__":
    {run.__name__: run for run in (same, predict, stepped, change, show)}[sys.argv[1]](*sys.argv[2:])
