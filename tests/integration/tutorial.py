"""Runs the commands of a page and compares what they print with what the page says.

A block ```console holds commands, each after "$ ", and below each what it prints (standard output and error). There
"…" stands for anything within a line, and alone on a line for any number of lines. A block ```yaml NAME or ```csv NAME
is a file. Progress lines ("epoch=2/3 58% ...") come when they come and are not compared. Everything happens in the folder where this is started, in one shell.

  tutorial.py PAGE           says what differs, and ends with 1
  tutorial.py PAGE --print   prints the commands with what they print today
"""
import re
import subprocess
import sys

MARK = "@@tutorial@@"


def read(page):
    """The commands of the page, files among them, each with the lines that it prints."""
    commands = []
    for head, body in re.findall(r"^```(\w+[^\n]*)\n(.*?)^```$", page, re.M | re.S):
        kind, _, name = head.partition(" ")
        if kind == "console":
            for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
                command, _, output = part.partition("\n")
                commands.append((command, output.splitlines()))
        elif name:
            commands.append((f"cat >{name} <<'END_OF_FILE'\n{body}END_OF_FILE", []))
    return commands


def run(commands):
    """What each prints, and its exit code."""
    script = "".join(f"{command}\necho \"{MARK}$?\"\n" for command, _ in commands)
    done = subprocess.run(["bash"], input="exec 2>&1\n" + script, stdout=subprocess.PIPE, text=True, timeout=300)
    parts = done.stdout.split(MARK)
    outputs, codes = [parts[0]], []
    for part in parts[1:]:
        code, _, rest = part.partition("\n")
        codes.append(int(code))
        outputs.append(rest)
    return list(zip(outputs, codes))


def fits(expected, line):
    pattern = ".*".join(re.escape(piece) for piece in expected.split("…"))
    return re.fullmatch(pattern, line.rstrip()) is not None


def first_difference(expected, printed):
    """None, or the line of the page that is not there."""
    at, may_skip = 0, False
    for line in expected:
        if line == "…":
            may_skip = True
            continue
        while may_skip and at < len(printed) and not fits(line.rstrip(), printed[at]):
            at += 1
        if at == len(printed) or not fits(line.rstrip(), printed[at]):
            return line
        at, may_skip = at + 1, False
    return None if may_skip or at == len(printed) else f"nothing more, but there is: {printed[at]}"


def main():
    with open(sys.argv[1], encoding="utf-8") as page:
        commands = read(page.read())
    differ = 0
    for (command, expected), (output, code) in zip(commands, run(commands), strict=True):
        printed = [line for line in output.splitlines() if not line.startswith("epoch=")]
        if "--print" in sys.argv:
            print(f"$ {command}\n{output}", end="")
            continue
        missing = first_difference(expected, printed)
        refused = code != 0 and not any("error:" in line for line in expected)
        if missing is not None or refused:
            differ += 1
            print(f"$ {command}\nexit code {code}; the page says: {missing}\nprinted was:\n{output}")
    if "--print" not in sys.argv:
        print(f"{len(commands)} commands, {differ} differ from the page")
    return differ > 0 or not commands


sys.exit(main())
