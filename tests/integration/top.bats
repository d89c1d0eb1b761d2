# Does `dotbias top` show a run that lives, and `dotbias report` look back at it?
load helpers
load training
load kill_lib

setup_file() {
    pack_lesson
}

setup() {
    require_ratings
    fresh_folder
}

teardown() {
    [ ! -e run.pid ] || kill "$(cat run.pid)" 2>/dev/null || true
    no_process_left
}

# A run that lives until it is ended: 2 pservers, 2 workers.
start_run() {
    dotbias train "$packed" --set train.batch=512 --set run.components=0 --set monitor.interval=0.05 --quiet \
        --set run.dir=runs/one --set cluster.pservers=2 --set cluster.workers=2 "$@" >/dev/null 2>complaints &
    echo $! >run.pid
    soon 10 test -s runs/one/monitor/url
}

is_training() {
    dotbias top --json | grep -q '"stage":"training"'
}

# holds_numbers PAGE RUN: the page is whole, and shows what the run's summary and history say.
holds_numbers() {
    python3 - "$@" <<'END'
import csv, html.parser, json, sys
page, run = sys.argv[1:]
VOID = {"meta", "path", "circle"}
class Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.words = [], []
    def handle_starttag(self, tag, attributes):
        assert tag not in ("script", "link", "img", "iframe"), tag
        if tag not in VOID:
            self.open.append(tag)
    def handle_startendtag(self, tag, attributes):
        pass
    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open.pop() == tag, (tag, self.getpos())
    def handle_data(self, data):
        if data.strip():
            self.words.append(data.strip())
reader = Reader()
reader.feed(open(page, encoding="utf-8").read())
reader.close()
assert reader.open == [], reader.open
words = reader.words
def before(label):
    return words[words.index(label) - 1]
epochs = list(csv.DictReader(open(run + "/history.csv")))
assert before("epochs") == str(len(epochs)), before("epochs")
for epoch in epochs:
    assert "%.5f" % float(epoch["train_loss"]) in words, epoch
try:
    summary = json.load(open(run + "/summary.json"))
except FileNotFoundError:
    sys.exit()
assert before("validation RMSE") == "%.5f" % summary["valid_rmse"]
assert before("validation MAE") == "%.5f" % summary["valid_mae"]
assert before("digest of the model") == summary["digest"]
for member in summary["shards"] + summary["worker_counts"]:
    assert f"{member['pulls']:,}" in words, member
END
}

@test "top shows a run that lives, piped: a table, JSON, a table per interval" {
    start_run --set schedule.epochs=100000
    soon 10 is_training
    expect_exit 0 dotbias top
    [[ $output =~ ^one\ \ [a-z]+\ \ epoch\ [0-9]+/100000 ]]
    expect_text "pservers 2/2   workers 2/2"
    expect_text "rating/s   median"
    expect_exit 0 dotbias top "$(cat runs/one/monitor/url)" --sort load
    expect_text "load*"
    dotbias top runs/one --json | python3 -c 'import json, sys; assert len(json.load(sys.stdin)["shards"]) == 2'
    dotbias top runs/one --interval 0.1 >tables &
    looker=$!
    soon 10 eval '[ "$(grep -c "^one " tables)" -ge 3 ]'
    kill "$(cat run.pid)"
    ends_within 30 $looker
    [ "$status" -eq 0 ]
}

@test "top takes a terminal over and gives it back, by key and by signal" {
    start_run --set schedule.epochs=100000
    soon 10 is_training
    for way in q $'\003'; do
        (sleep 1.5; printf 's'; sleep 0.3; printf '%s' "$way"; sleep 1) |
            TERM=xterm script -qec 'trap : INT; stty rows 30 cols 100; dotbias top; echo "code $?"; stty -a' typed >/dev/null
        grep -q $'\033\[?1049h' typed
        grep -q "sort: state" typed
        grep -q "code 0" typed
        [ "$(grep -o $'\033\[?1049.' typed | tail -n 1)" = $'\033[?1049l' ]
        grep -q " echo " typed
        grep -q " icanon" typed
    done
}

@test "top says what is wrong: no run, one that is over, one that does not answer" {
    expect_exit 66 dotbias top
    expect_text "no run lives in ./runs"
    expect_exit 66 dotbias top nowhere
    expect_text "nowhere is no run's folder"
    mkdir -p over/monitor
    touch over/config.yaml
    expect_exit 66 dotbias top over/
    expect_text "dotbias report over"
    echo "http://127.0.0.1:$(free_port)/" >over/monitor/url
    expect_exit 69 dotbias top over
    expect_text "does not answer: Connection refused"
    expect_exit 64 dotbias top --sort lod
    expect_text "did you mean 'load'?"
    expect_exit 64 dotbias top --interval 0
}

@test "report: one page of a finished run, with its numbers, over its own kind alone" {
    start_run --set schedule.epochs=3 --set checkpoint.interval=0.1
    ends_within 60 "$(cat run.pid)"
    [ "$status" -eq 0 ]
    rm run.pid
    expect_exit 0 dotbias report runs/one -o report.html
    holds_numbers report.html runs/one
    grep -q '>finished</span>' report.html
    grep -q "Loss over time" report.html
    grep -q "Best, by bias" report.html
    grep -q "pservers: 2" report.html
    expect_exit 0 dotbias report runs/one/ -o report.html
    echo mine >other.html
    expect_exit 73 dotbias report runs/one -o other.html
    [ "$(cat other.html)" = mine ]
    expect_exit 0 dotbias report runs/one -o other.html --force
    expect_exit 73 dotbias report runs/one -o nowhere/report.html
    expect_exit 66 dotbias report nowhere -o x.html
    expect_exit 64 dotbias report runs/one
    [ -z "$(find . -name '*.tmp.*')" ]
    rm -r runs/one/monitor
    expect_exit 0 dotbias report runs/one -o report.html
    holds_numbers report.html runs/one
    grep -q "has no monitor folder" report.html
}

@test "report: a run that lives, and one that was stopped" {
    start_run --set schedule.epochs=100000
    soon 10 eval '[ "$(wc -l <runs/one/history.csv)" -ge 3 ]'
    expect_exit 0 dotbias report runs/one -o report.html
    grep -q '>running</span>' report.html
    kill "$(cat run.pid)"
    ends_within 30 "$(cat run.pid)"
    [ "$status" -eq 75 ]
    expect_exit 0 dotbias report runs/one -o report.html
    holds_numbers report.html runs/one
    grep -q '>stopped</span>' report.html
}

@test "logs are lines of JSON when monitor.log says so" {
    start_run --set schedule.epochs=2 --set cluster.transport=ipc --set monitor.log=json
    ends_within 60 "$(cat run.pid)"
    [ "$status" -eq 0 ]
    python3 - runs/one/logs/*.log <<'END'
import json, sys
events = set()
for name in sys.argv[1:]:
    for line in open(name):
        entry = json.loads(line)
        assert entry["time"].endswith("Z") and entry["process"], entry
        events.add(entry["event"])
assert {"joined", "started"} <= events, events
END
}

@test "every event that the sources say is in the reference, and no other" {
    cd "$repository"
    grep -rhoE 'event=[a-z_]+' --include='*.c' coordinator pserver worker proto net node cli monitor |
        cut -d= -f2 | { cat; printf '%s\n' finished stopped failed; } | sort -u >"$BATS_TEST_TMPDIR/said"
    sed -n '/^### Events/,/^## /s/^| `\([a-z_]*\)` .*/\1/p' docs/MONITORING.md | sort >"$BATS_TEST_TMPDIR/listed"
    diff "$BATS_TEST_TMPDIR/said" "$BATS_TEST_TMPDIR/listed"
}
