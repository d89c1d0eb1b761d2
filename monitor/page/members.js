// The tables of shards and workers: every figure of docs/MONITORING.md, those that matter most first.

import { byId, make, setClass, setShare, setText } from './dom.js';
import { FLAGS, trouble } from './flags.js';
import { bytes, count, micros, percent, span, times, whole } from './format.js';
import { Table } from './table.js';

const pair = (one, other, format = count) => `${format(one)} / ${format(other)}`;

// The state, and what is wrong besides, as words in coloured boxes.
function stateCell(cell, { state, flags }) {
  const words = [[state, state], ...flags.map((flag) => [flag, 'flag'])];
  const signature = words.map(([word]) => word).join();
  if (cell.dataset.shown === signature) return;
  cell.dataset.shown = signature;
  cell.replaceChildren(...words.map(([word, kind]) => make('span', { class: `state ${kind}`, title: FLAGS[word] }, word)));
}

// A number with a bar that is half as long as its cell where the number is 1.
function ratioCell(cell, ratio) {
  if (!cell.firstChild) cell.append(make('span', { class: 'bar', 'aria-hidden': 'true' }), make('span', {}));
  setShare(cell.firstChild, ratio / 2);
  setText(cell.lastChild, times(ratio));
}

// How a worker's time is divided: a bar of four parts; their numbers are in the columns beside it.
const PARTS = ['compute', 'data', 'wait', 'gate'];

function timeCell(cell, worker) {
  if (!cell.firstChild) cell.append(make('span', { class: 'parts', 'aria-hidden': 'true' }, ...PARTS.map((part) => make('i', { class: part }))));
  PARTS.forEach((part, index) => setShare(cell.firstChild.children[index], worker[part]));
  cell.firstChild.title = PARTS.map((part) => `${part} ${percent(worker[part])}`).join(', ');
}

const STATE = { id: 'state', title: 'state', kind: 'text', value: trouble, cell: stateCell };
const TRAFFIC = [
  { id: 'bytes_in', title: 'in', help: 'body bytes received since its start', text: (row) => bytes(row.bytes_in) },
  { id: 'bytes_out', title: 'out', help: 'body bytes sent since its start', text: (row) => bytes(row.bytes_out) },
];
const PLACE = [
  { id: 'resident', title: 'memory', help: 'of the process', text: (row) => bytes(row.resident) },
  { id: 'joined', title: 'joined', help: 'how often a process has taken this place', text: (row) => count(row.joined) },
  { id: 'silent_s', title: 'heard', help: 'seconds since something came from it', text: (row) => span(row.silent_s) },
  { id: 'host', title: 'process', kind: 'text', value: (row) => `${row.host} ${row.pid}`, cell: processCell },
];

// Host and process id; its own figures are a link away.
function processCell(cell, { host, pid, page }) {
  const signature = `${host} ${pid} ${page}`;
  if (cell.dataset.shown === signature) return;
  cell.dataset.shown = signature;
  const place = host ? `${host}:${pid}` : '–';
  cell.replaceChildren(page ? make('a', { href: `http://${page}/metrics`, rel: 'noreferrer' }, place) : place);
}

const SHARDS = [
  { id: 'shard', title: 'shard', text: (row) => String(row.shard) },
  STATE,
  { id: 'load', title: 'load', help: 'pulls and pushes against the mean of all shards', cell: (cell, row) => ratioCell(cell, row.load) },
  { id: 'pulls_per_s', title: 'pulls/s', help: 'rows', text: (row) => count(row.pulls_per_s) },
  { id: 'pushes_per_s', title: 'pushes/s', help: 'rows', text: (row) => count(row.pushes_per_s) },
  { id: 'bytes_in_per_s', title: 'in/s', text: (row) => bytes(row.bytes_in_per_s) },
  { id: 'bytes_out_per_s', title: 'out/s', text: (row) => bytes(row.bytes_out_per_s) },
  { id: 'queue', title: 'queue / most', help: 'requests that wait for a step', text: (row) => pair(row.queue, row.queue_most) },
  { id: 'busy', title: 'busy', text: (row) => percent(row.busy) },
  { id: 'pull_p50_us', title: 'pull p50', text: (row) => micros(row.pull_p50_us) },
  { id: 'pull_p99_us', title: 'p99', text: (row) => micros(row.pull_p99_us) },
  { id: 'apply_p50_us', title: 'apply p50', text: (row) => micros(row.apply_p50_us) },
  { id: 'apply_p99_us', title: 'p99', text: (row) => micros(row.apply_p99_us) },
  { id: 'staleness_p50', title: 'stale p50 / most', help: 'steps', text: (row) => pair(row.staleness_p50, row.staleness_most) },
  { id: 'hot_share', title: 'hot', help: 'share of pulls of movies that went to the hottest hundredth of them',
    text: (row) => percent(row.hot_share) },
  { id: 'user_rows', title: 'users', help: 'user rows held', text: (row) => whole(row.user_rows) },
  { id: 'movie_rows', title: 'movies', help: 'movie rows held', text: (row) => whole(row.movie_rows) },
  { id: 'bytes', title: 'rows', help: 'bytes of rows and optimiser state', text: (row) => bytes(row.bytes) },
  { id: 'pulls', title: 'pulls', help: 'rows since its start', text: (row) => count(row.pulls) },
  { id: 'pushes', title: 'pushes', help: 'rows since its start', text: (row) => count(row.pushes) },
  ...TRAFFIC,
  { id: 'repeats', title: 'repeats', help: 'requests that came again', text: (row) => count(row.repeats) },
  { id: 'refused', title: 'refused', help: 'messages refused', text: (row) => count(row.refused) },
  { id: 'step', title: 'step', text: (row) => whole(row.step) },
  ...PLACE,
];

const WORKERS = [
  { id: 'worker', title: 'worker', text: (row) => String(row.worker) },
  STATE,
  { id: 'ratings_per_s', title: 'ratings/s', text: (row) => count(row.ratings_per_s) },
  { id: 'of_median', title: 'of median', help: 'speed against the median of all workers',
    cell: (cell, row) => ratioCell(cell, row.of_median) },
  { id: 'time', title: 'time', kind: 'text', help: 'compute, data, wait, gate', value: (row) => row.compute, cell: timeCell },
  { id: 'compute', title: 'compute', help: 'share of its time spent on gradients', text: (row) => percent(row.compute) },
  { id: 'data', title: 'data', help: 'share of its time spent on fetching ratings', text: (row) => percent(row.data) },
  { id: 'wait', title: 'wait', help: 'share of its time in which every lane waited for a pserver', text: (row) => percent(row.wait) },
  { id: 'gate', title: 'gate', help: 'share of its time with nothing to compute', text: (row) => percent(row.gate) },
  { id: 'lanes', title: 'lanes', text: (row) => count(row.lanes) },
  { id: 'lag', title: 'lag', help: 'steps behind the worker that is furthest', text: (row) => count(row.lag) },
  { id: 'answer_p50_us', title: 'answer p50', help: 'from a request to its answer', text: (row) => micros(row.answer_p50_us) },
  { id: 'answer_p99_us', title: 'p99', text: (row) => micros(row.answer_p99_us) },
  { id: 'queue', title: 'open / most', help: 'requests without an answer', text: (row) => pair(row.queue, row.queue_most) },
  { id: 'ratings', title: 'ratings', help: 'since its start', text: (row) => count(row.ratings) },
  { id: 'pulls', title: 'pulls', help: 'rows since its start', text: (row) => count(row.pulls) },
  { id: 'pushes', title: 'pushes', help: 'rows since its start', text: (row) => count(row.pushes) },
  ...TRAFFIC,
  { id: 'repeats', title: 'retries', help: 'requests sent again', text: (row) => count(row.repeats) },
  { id: 'refused', title: 'refused', help: 'messages refused', text: (row) => count(row.refused) },
  { id: 'step', title: 'step', text: (row) => whole(row.step) },
  ...PLACE,
];

// A place that no process has taken yet has no figures, rather than zeros.
function onlyOfProcesses(column, name) {
  if (column.id === name || !column.text) return column;
  return { ...column, text: (row) => (row.pid ? column.text(row) : '–') };
}

// name: 'shard' or 'worker'.
export class Members {
  constructor(name) {
    this.name = name;
    const columns = (name === 'shard' ? SHARDS : WORKERS).map((column) => onlyOfProcesses(column, name));
    const parent = byId(`${name}s`);
    if (name === 'worker') parent.append(legend());
    this.table = new Table(parent, {
      caption: name === 'shard' ? 'Shards, one pserver each' : 'Workers', name, columns, key: (row) => row[name],
      sort: [name, 'ascending'], nothing: `No ${name} is known yet.`, row: (element, row) => {
        setClass(element, 'bad', row.state === 'lost');
        setClass(element, 'warn', row.state !== 'lost' && row.flags.length > 0);
        setClass(element, 'away', row.state === 'absent');
      },
    });
  }

  show({ status }) {
    this.table.show(status[`${this.name}s`]);
  }
}

function legend() {
  const meaning = { compute: 'gradients', data: 'fetching ratings', wait: 'for a pserver', gate: 'nothing to compute' };
  return make('p', { class: 'legend' }, ...PARTS.map((part) => make('span', {}, make('i', { class: part }), `${part} (${meaning[part]})`)));
}
