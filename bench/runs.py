"""What the benchmarks share: running dotbias, taking turns, and saying under which conditions it was measured."""
import json
import os
import pathlib
import platform
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
LESSON_C = ROOT / "config" / "lesson-c.yaml"
EX_NOINPUT, EX_UNAVAILABLE = 66, 69


def fail(code, sentence):
    print(sentence, file=sys.stderr)
    sys.exit(code)


def call(command):
    """What a program prints; its failure is ours."""
    run = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if run.returncode != 0:
        fail(run.returncode, f"{pathlib.Path(command[0]).name} failed: {run.stderr.strip()[-500:]}")
    return run.stdout


def sections(path):
    """The named sections of one of dotbias's files (data/container.h)."""
    whole = path.read_bytes()
    table, count = struct.unpack_from("<QI", whole, 16)
    for entry in range(table, table + 48 * count, 48):
        name, offset, size = struct.unpack_from("<24sQQ", whole, entry)
        yield name.rstrip(b"\0").decode(), memoryview(whole)[offset:offset + size]


def data_folder():
    """ml-latest-small: where DOTBIAS_DATA says, else beside the repository."""
    folder = pathlib.Path(os.environ.get("DOTBIAS_DATA", ROOT.parent / "shared" / "data" / "ml-latest-small"))
    if not (folder / "ratings.csv").is_file():
        fail(EX_NOINPUT, f"no ratings.csv in {folder}; name the folder of ml-latest-small in DOTBIAS_DATA")
    return folder


def program(build):
    path = pathlib.Path(build) / "bin" / "dotbias"
    if not path.is_file():
        fail(EX_NOINPUT, f"{path} is not there; run scripts/build release, or name the build folder with --build")
    return path


class Dotbias:
    """Trains run C in a folder of its own, again and again; each call gives the summary."""

    def __init__(self, build, data, *options):
        self.program, self.data, self.options = program(build), data, options

    def __call__(self):
        with tempfile.TemporaryDirectory(prefix="dotbias-bench-") as folder:
            sets = [f"--set={option}" for option in (*self.options, f"run.dir={folder}/run")]
            run = subprocess.run([self.program, "train", "--json", "--quiet", *sets, LESSON_C], capture_output=True,
                                 env={**os.environ, "DOTBIAS_DATA": str(self.data)}, text=True)
        if run.returncode != 0:
            fail(run.returncode, f"dotbias train failed: {run.stderr.strip()}")
        return json.loads(run.stdout)


def take_turns(contestants, repetitions, show):
    """Runs all contestants in turn, A B C A B C ..., so that a slow minute of the machine hits each; a list per name."""
    results = {name: [] for name in contestants}
    for repetition in range(repetitions):
        for name, run in contestants.items():
            results[name].append(run())
            show(f"{repetition + 1}/{repetitions} {name}: {results[name][-1]['train_seconds']:.3f} s")
    return results


def seconds(results):
    return [result["train_seconds"] for result in results]


def ratios(slow, fast):
    """Slow over fast in each round, in which both ran one after the other: median, least, most."""
    rounds = [a / b for a, b in zip(seconds(slow), seconds(fast))]
    return statistics.median(rounds), min(rounds), max(rounds)


def processor():
    with open("/proc/cpuinfo", encoding="ascii") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def conditions(repetitions, *more):
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    load = os.getloadavg()[0]
    commit = "unknown"
    if shutil.which("git"):
        commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True,
                                text=True).stdout.strip() or commit
    return "; ".join([f"{processor()}, {len(os.sched_getaffinity(0))} cores, {system}", f"dotbias at {commit}", *more,
                      f"{repetitions} interleaved repetitions, medians [least - most]", f"load {load:.1f} at the end"])
