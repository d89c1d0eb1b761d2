"""page_server.py [--shards N] [--workers N] [--port N]: the page with invented figures, as docs/MONITORING.md says they
come; for tests of what a real run can't be made to show, and for working on the page. Prints its address, then serves
until it is killed. The paths below /pretend change what it invents: lost/2, recovered/2, straggler/1, over, waiting, empty, run.
"""
import argparse
import http.server
import json
import math
import pathlib
import random
import time

PAGE = pathlib.Path(__file__).parents[2] / "monitor" / "page"
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".svg": "image/svg+xml"}
TITLES = ["Lantern", "The Long Field", "Harbour of Glass", "Nine Winters", "A Quiet Theorem", "Paper Moons", "Salt Road",
          "The Clockmaker's Debt", "Blue Hour", "Orchard Street"]
EPOCHS, PER_EPOCH_S, BEFORE_S = 10, 40, 130


class Run:
    """A run that began a while ago: its figures at any second since."""

    def __init__(self, shards, workers, pid):
        self.shards, self.workers, self.pid = shards, workers, pid
        self.begun = time.time() - BEFORE_S
        self.lost, self.recovered, self.stragglers = set(), {}, set()
        self.stage, self.extra = "training", []
        self.chance = random.Random(7)

    def now(self):
        return time.time() - self.begun

    def epochs_done(self):
        return 0 if self.stage in ("waiting", "empty") else min(EPOCHS, int(self.now() / PER_EPOCH_S))

    def loss(self, seconds):
        return 0.55 + 1.1 * math.exp(-seconds / 45) + 0.01 * math.sin(seconds * 1.7)

    def rate(self, seconds):
        return 0.005 * math.sin(math.pi * min(1, seconds / EPOCHS / PER_EPOCH_S)) + 1e-5

    def speed(self, worker, seconds):
        slow = 0.3 if worker in self.stragglers else 1
        return slow * (450_000 + 20_000 * math.sin(seconds / 7 + worker) + 3000 * (worker % 5))

    def pulls(self, shard, seconds):
        return 0 if shard in self.lost else (1.4 if shard == 1 else 1) * (310_000 + 15_000 * math.sin(seconds / 5 + shard * 2))

    def slowest(self, shard, seconds):
        return 180 + 60 * math.sin(seconds / 3 + shard) + (900 if shard == 1 and int(seconds) % 31 == 0 else 0)


def member(run, index, up, recovered):
    state = "lost" if not up else "recovered" if recovered else "up"
    if run.stage in ("waiting", "empty"):
        state = "absent" if index else "up"
    return {"state": state, "host": "node-a", "pid": 4000 + index, "page": "127.0.0.1:9", "joined": 2 if recovered else 1,
            "silent_s": 0.2 if up else 4.1, "resident": 81_000_000 + index * 1000}


def shard(run, index, seconds):
    flags = ["skew"] if index == 1 and run.stage == "training" else []
    return {"shard": index, **member(run, index, index not in run.lost, index in run.recovered), "user_rows": 168, "movie_rows": 2267,
            "bytes": 1_980_000, "step": int(seconds * 230), "pulls": int(seconds * 310_000), "pushes": int(seconds * 300_000),
            "reads": 90_000, "pulls_per_s": run.pulls(index, seconds), "pushes_per_s": run.pulls(index, seconds) * 0.97,
            "bytes_in": int(seconds * 9e6), "bytes_out": int(seconds * 9.2e6), "bytes_in_per_s": 9e6, "bytes_out_per_s": 9.2e6,
            "queue": index % 3, "queue_most": 4 + index % 3, "busy": 0.31 + 0.1 * (index == 1), "hot_share": 0.12,
            "pull_p50_us": 92, "pull_p99_us": run.slowest(index, seconds), "apply_p50_us": 31, "apply_p99_us": 77,
            "staleness_p50": 1, "staleness_most": 2, "refused": 0, "repeats": index % 2,
            "load": 1.38 if index == 1 else 0.9 + 0.02 * (index % 5), "flags": flags}


def worker(run, index, seconds):
    slow = index in run.stragglers
    return {"worker": index, **member(run, index, True, False), "ratings": int(seconds * 450_000),
            "ratings_per_s": run.speed(index, seconds), "of_median": 0.31 if slow else 1 + 0.01 * (index % 4), "lanes": 1,
            "step": int(seconds * 230), "lag": 14 if slow else index % 2, "compute": 0.18 if slow else 0.61, "wait": 0.05 if slow else 0.22,
            "gate": 0.7 if slow else 0.1, "data": 0.04, "answer_p50_us": 140, "answer_p99_us": 410, "queue": 2, "queue_most": 4,
            "pulls": int(seconds * 310_000), "pushes": int(seconds * 300_000), "reads": 80_000, "bytes_in": int(seconds * 9e6),
            "bytes_out": int(seconds * 9.2e6), "refused": 0, "repeats": 0, "flags": ["straggler"] if slow else []}


def epochs(run):
    return [{"epoch": number, "seconds_at": number * PER_EPOCH_S, "train_loss": run.loss((number - 0.5) * PER_EPOCH_S),
             "valid_loss": run.loss(number * PER_EPOCH_S) + 0.09, "valid_rmse": math.sqrt(run.loss(number * PER_EPOCH_S) + 0.09),
             "valid_mae": 0.66, "learning_rate": run.rate(number * PER_EPOCH_S), "seconds": PER_EPOCH_S - 0.2,
             "ratings_per_s": 1_810_000} for number in range(1, run.epochs_done() + 1)]


def events(run):
    found = [(0.1 * index, "joined", "pserver", index, f"127.0.0.1 pid {4000 + index}") for index in range(min(run.shards, 20))]
    found += [(1 + 0.1 * index, "joined", "worker", index, "lanes 1") for index in range(min(run.workers, 20))]
    found += [(second, "checkpoint", "", -1, f"checkpoint {second // 15} counts") for second in range(15, int(run.now()), 15)]
    found += [(row["seconds_at"], "epoch", "", -1, f"epoch {row['epoch']} valid_loss={row['valid_loss']:.4f}") for row in epochs(run)]
    found += [(61, "lost", "pserver", 3, "silent for 2.0 s"), (63.5, "restarted", "pserver", 3, "after signal 9"),
              (65, "recovered", "pserver", 3, "from checkpoint 4")] if run.stage != "waiting" else []
    found = sorted(found + run.extra)
    keys = ("seconds", "event", "role", "index", "text")
    return [{"serial": serial, **dict(zip(keys, event))} for serial, event in enumerate(found, 1)][-200:]


def status(run):
    seconds, idle = run.now(), run.stage in ("waiting", "empty")
    done = run.epochs_done()
    over = run.stage == "over"
    return {
        "run": {"name": "lesson-a", "folder": "/home/someone/runs/lesson-a", "version": "0.1.0", "mode": "minibatch", "transport": "ipc",
                "stage": "waiting" if idle else run.stage, "started_unix": run.begun, "seconds": seconds, "pid": run.pid,
                "resumed": False, "exit_code": 0 if over else None, "reason": "" if over else None},
        "progress": {"epoch": 0 if idle else min(EPOCHS, done + 1), "epochs": EPOCHS, "fraction": 0 if idle else seconds / PER_EPOCH_S % 1,
                     "step": int(seconds * 230), "steps_per_epoch": 9200, "train_ratings": 80_003,
                     "loss": None if idle else run.loss(seconds), "valid_rmse": epochs(run)[-1]["valid_rmse"] if done else None,
                     "learning_rate": None if idle else run.rate(seconds), "momentum": 0.9,
                     "ratings_per_s": None if idle else sum(run.speed(index, seconds) for index in range(run.workers)),
                     "eta_s": None if idle else max(0, EPOCHS * PER_EPOCH_S - seconds), "pservers": run.shards,
                     "pservers_up": 1 if idle else run.shards - len(run.lost), "workers": run.workers, "workers_up": 1 if idle else run.workers,
                     "checkpoint": 0 if idle else int(seconds / 15), "checkpoint_age_s": None if idle else seconds % 15},
        "shards": [shard(run, index, seconds) for index in range(run.shards)],
        "workers": [worker(run, index, seconds) for index in range(run.workers)],
        "epochs": epochs(run), "events": events(run)}


def series(run, after):
    newest = 0 if run.stage == "empty" else int(run.now())
    seconds = range(after or 0, newest)
    columns = {"pulls_per_s": run.pulls, "pushes_per_s": run.pulls, "pull_p99_us": run.slowest, "apply_p99_us": run.slowest,
               "staleness_p50": lambda shard, second: 1 + shard % 2 * (second % 40 > 30), "queue": lambda shard, second: (second * (shard + 3)) % 5,
               "busy": lambda shard, second: 0.3}
    return {"serial": newest, "seconds": list(seconds), "epoch": [1 + second // PER_EPOCH_S for second in seconds],
            "loss": [run.loss(second) for second in seconds], "valid_rmse": [None for _ in seconds],
            "learning_rate": [run.rate(second) for second in seconds], "ratings_per_s": [run.workers * 450_000 for _ in seconds],
            "shards": [{name: [value(index, second) for second in seconds] for name, value in columns.items()} for index in range(run.shards)],
            "workers": [{"ratings_per_s": [run.speed(index, second) for second in seconds]} for index in range(run.workers)]}


def model(run):
    chance = random.Random(3)
    points = [{"id": number, "title": f"{TITLES[number % 10]} {number // 10 or ''}".strip() + f" ({1950 + number % 60})",
               "ratings": int(3000 / (1 + number)) + 20, "bias": chance.gauss(0.1, 0.35),
               "scores": [chance.gauss(0, 1 / (axis + 1)) for axis in range(5)]} for number in range(300)]
    ranked = sorted(points, key=lambda point: -point["bias"])
    return {"epoch": run.epochs_done(), "components": [{"share": 0.21 / (axis + 1)} for axis in range(5)],
            "points": points, "best": ranked[:10], "worst": ranked[:-11:-1]}


def pretend(run, what):
    kind, _, number = what.partition("/")
    index = int(number or 0)
    if kind == "lost":
        run.lost.add(index)
        run.extra.append((run.now(), "lost", "pserver", index, "silent for 2.0 s"))
    elif kind == "recovered":
        run.lost.discard(index)
        run.recovered[index] = run.now()
        run.extra.append((run.now(), "recovered", "pserver", index, "from checkpoint 7"))
    elif kind == "straggler":
        run.stragglers.add(index)
    else:
        run.stage = {"run": "training"}.get(kind, kind)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, query = self.path.partition("?")
        run = self.server.run
        answers = {"/api/v1/status": status, "/api/v1/model": model, "/api/v1/logs": lambda run: ["coordinator.log", "pserver-0.log"]}
        if path in answers:
            self.answer(json.dumps(answers[path](run)).encode(), "application/json")
        elif path == "/api/v1/series":
            after = int(query.removeprefix("after=")) if query else None
            self.answer(json.dumps(series(run, after)).encode(), "application/json")
        elif path.startswith("/api/v1/logs/"):
            lines = (f"time=12:00:{second:02d} level=info event=checkpoint number={second}" for second in range(60))
            self.answer("\n".join(lines).encode(), "text/plain; charset=utf-8")
        elif path.startswith("/pretend/"):
            pretend(run, path.removeprefix("/pretend/"))
            self.answer(b"", "text/plain")
        else:
            self.asset(path)

    def asset(self, path):
        file = PAGE / ("index.html" if path == "/" else path.removeprefix("/assets/"))
        if file.suffix in TYPES and file.is_file() and PAGE in file.resolve().parents:
            self.answer(file.read_bytes(), TYPES[file.suffix])
        else:
            self.send_error(404)

    def answer(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", "default-src 'self'")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shards", type=int, default=4)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--pid", type=int, default=100)
    wanted = parser.parse_args()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", wanted.port), Handler)
    server.run = Run(wanted.shards, wanted.workers, wanted.pid)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
