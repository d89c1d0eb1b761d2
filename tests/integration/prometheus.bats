# Does a real Prometheus understand a run: its text, its targets, its counts, and the rules that come with the program?
load helpers
load training
load kill_lib

setup_file() {
    pack_lesson
}

setup() {
    fresh_folder
    command -v prometheus >/dev/null && command -v promtool >/dev/null && return
    [ "${CI:-}" = true ] || skip "no prometheus here"
    echo "no prometheus here"
    return 1
}

teardown() {
    [ ! -e prometheus.pid ] || end_prometheus
    [ ! -e run.pid ] || kill "$(cat run.pid)" 2>/dev/null || true
    no_process_left
}

# start_prometheus: on a free port, with its data in this folder, looking at the run's targets; $server is its address.
start_prometheus() {
    server=127.0.0.1:$(free_port)
    cat >prometheus.yml <<END
global: {scrape_interval: 100ms, scrape_timeout: 100ms}
rule_files: ["$repository/dashboards/alerts.yml"]
scrape_configs:
  - job_name: dotbias
    file_sd_configs: [{files: ["$PWD/run/monitor/targets.json"], refresh_interval: 100ms}]
END
    prometheus --config.file=prometheus.yml --storage.tsdb.path=data --web.listen-address="$server" \
        --log.level=error >prometheus.log 2>&1 3>&- &
    echo $! >prometheus.pid
    soon 20 curl -sf "http://$server/-/ready" -o ready
}

end_prometheus() {
    local pid
    pid=$(cat prometheus.pid)
    rm prometheus.pid
    kill "$pid"
    wait "$pid" || true
}

# query EXPRESSION: its values, one a line, as "label value" in the order of the label named first.
query() {
    curl -sfG "http://$server/api/v1/query" --data-urlencode "query=$1" |
        python3 -c '
import json, sys
for series in sorted(json.load(sys.stdin)["data"]["result"], key=lambda one: sorted(one["metric"].items())):
    name = series["metric"].get("shard") or series["metric"].get("worker") or series["metric"].get("role") or "-"
    print(name, series["value"][1])'
}

# counts GROUP NAME: what summary.json says of each member, as query prints it.
counts() {
    python3 - "$1" "$2" <<'END'
import json, sys
for member in json.load(open("run/summary.json"))[sys.argv[1]]:
    print(member.get("shard", member.get("worker")), member[sys.argv[2]])
END
}

# agrees EXPRESSION GROUP NAME: Prometheus has counted what the run has.
agrees() {
    [ -n "$(counts "$2" "$3")" ] && [ "$(query "$1")" = "$(counts "$2" "$3")" ]
}

is_trained() {
    [ -e run/summary.json ]
}

# has_targets COUNT: so many processes are named to Prometheus.
has_targets() {
    [ "$(grep -o '"127.0.0.1:[0-9]*"' run/monitor/targets.json 2>/dev/null | sort -u | wc -l)" -eq "$1" ]
}

# has_rows EXPRESSION COUNT: Prometheus finds so many.
has_rows() {
    [ "$(query "$1" | wc -l)" -eq "$2" ]
}

members_of_targets() {
    grep -o '127.0.0.1:[0-9]*' run/monitor/targets.json
}

@test "the rules for alerts are sound, and each fires when it should" {
    expect_exit 0 promtool check rules "$repository/dashboards/alerts.yml"
    expect_text "11 rules found"
    expect_exit 0 promtool test rules "$repository/dashboards/alerts_test.yml"
}

@test "the dashboard is JSON, and its panels have places of their own" {
    python3 - "$repository/dashboards/grafana.json" <<'END'
import json, sys
dashboard = json.load(open(sys.argv[1]))
panels = dashboard["panels"]
assert len({panel["id"] for panel in panels}) == len(panels) > 30
taken = set()
for panel in panels:
    place = panel["gridPos"]
    assert place["x"] + place["w"] <= 24, panel["title"]
    for x in range(place["x"], place["x"] + place["w"]):
        for y in range(place["y"], place["y"] + place["h"]):
            assert (x, y) not in taken, panel["title"]
            taken.add((x, y))
    for target in panel.get("targets", []):
        assert "$run" in target["expr"], panel["title"]
END
}

# Prometheus takes up to 5 seconds to take new targets in, whatever its interval: the run makes many small steps.
@test "Prometheus counts what the run counts, exactly" {
    require_ratings
    start_prometheus
    dotbias train "$packed" --set run.dir=run --set cluster.transport=ipc --set cluster.pservers=4 \
        --set cluster.workers=2 --set train.lanes=2 --set train.batch=16 --set schedule.epochs=12 \
        --set monitor.linger=120 --set run.progress_interval=0.1 >/dev/null 2>complaints &
    run=$!
    echo $run >run.pid
    soon 20 has_targets 7
    for page in $(members_of_targets); do
        soon 10 curl -sf "http://$page/readyz" -o ready
        curl -sf "http://$page/healthz" -o healthy
        curl -sf "http://$page/metrics" >metrics
        expect_exit 0 promtool check metrics <metrics
        [ "$output" = "" ]
    done
    soon 30 has_rows 'count by (role) (up == 1)' 3
    soon 100 is_trained
    soon 20 agrees dotbias_shard_pulls_total shards pulls
    soon 20 agrees dotbias_shard_pushes_total shards pushes
    soon 20 agrees dotbias_shard_reads_total shards reads
    soon 20 agrees dotbias_shard_received_bytes_total shards bytes_in
    soon 20 agrees dotbias_shard_sent_bytes_total shards bytes_out
    soon 20 agrees dotbias_worker_ratings_total worker_counts ratings
    soon 20 agrees 'sum by (shard) (dotbias_shard_pulls_total)' shards pulls
    [ "$(query dotbias_run_stage)" = "coordinator 6" ]
    [ "$(query dotbias_run_failed)" = "coordinator 0" ]
    [ "$(query 'count(ALERTS{alertstate="firing"})')" = "" ]
    has_rows 'dotbias_shard_staleness_steps_count > 0' 4
    has_rows 'histogram_quantile(0.99, sum by (shard, le) (dotbias_shard_pull_seconds_bucket)) < 10' 4
    has_rows 'max_over_time(process_resident_memory_bytes{role="worker"}[10m]) > 1e6' 2
    has_rows 'max_over_time(dotbias_process_pulls_total{role="pserver"}[10m]) > 0' 4
    kill -TERM $run
    ends_within 10 $run
}
