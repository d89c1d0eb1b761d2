// Small multiples: one tile per shard with the course of its pulls, slowest pulls and queue. All tiles share their scales,
// so that heights can be compared. With many shards, those that need attention come first.

import { byId, draw, fill, Keyed, make, setClass, setText } from './dom.js';
import { count, micros, times } from './format.js';
import { thin } from './history.js';
import { trouble } from './flags.js';

const POINTS = 120;
const WIDTH = 120, HEIGHT = 22;
const LINES = [
  { id: 'pulls_per_s', title: 'pulls/s', format: count },
  { id: 'pull_p99_us', title: 'pull p99', format: micros },
  { id: 'queue', title: 'queue', format: count },
];
const ORDERS = {
  attention: { title: 'attention', value: trouble },
  shard: { title: 'number', value: () => 0 },
  load: { title: 'load', value: (shard) => shard.load },
  slow: { title: 'pull p99', value: (shard) => shard.pull_p99_us },
  queue: { title: 'queue', value: (shard) => shard.queue },
};

export class Tiles {
  constructor() {
    this.count = byId('tiles-count');
    this.order = byId('tiles-order');
    fill(this.count, [['12', '12'], ['32', '32'], ['all', 'all']], '12');
    fill(this.order, Object.entries(ORDERS).map(([id, { title }]) => [id, title]), 'attention');
    for (const select of [this.count, this.order]) select.addEventListener('change', () => this.show(...this.last));
    this.tiles = new Keyed(byId('tiles'), (shard) => shard.shard, createTile, (tile, shard) => this.update(tile, shard));
  }

  show(shards, columns) {
    this.last = [shards, columns];
    const { value } = ORDERS[this.order.value];
    const most = this.count.value === 'all' ? shards.length : Number(this.count.value);
    const mostFirst = (one, other) => (value(other) || 0) - (value(one) || 0) || one.shard - other.shard;
    const chosen = shards.filter((shard) => columns.shards[shard.shard]).sort(mostFirst).slice(0, most);
    if (this.order.value === 'attention') chosen.sort((one, other) => one.shard - other.shard);
    this.columns = columns;
    this.scales = LINES.map(({ id }) => greatest(chosen.map((shard) => columns.shards[shard.shard][id])));
    this.tiles.show(chosen);
  }

  update(tile, shard) {
    const bad = shard.state === 'lost' || shard.state === 'absent';
    setClass(tile, 'bad', bad);
    setClass(tile, 'warn', !bad && shard.flags.length > 0);
    const [title, state, ...rows] = tile.parts;
    setText(title, `shard ${shard.shard}`);
    setText(state, bad || shard.state === 'recovered' ? shard.state : shard.flags.join(', ') || times(shard.load));
    LINES.forEach(({ id, format }, index) => {
      const column = thin(this.columns.shards[shard.shard][id], POINTS);
      rows[index].path.setAttribute('d', path(column, this.scales[index]));
      setText(rows[index].value, format(shard[id]));
    });
  }
}

function createTile() {
  const title = make('span', { class: 'tile-name' }), state = make('span', { class: 'tile-state', title: 'load: 1.00× is its fair share' });
  const rows = LINES.map(({ id, title: name }) => {
    const line = draw('path', { 'vector-effect': 'non-scaling-stroke', class: `spark ${id}` });
    const value = make('span', { class: 'value' });
    const row = make('div', { class: 'tile-row' }, make('span', { class: 'tile-label' }, name),
      draw('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, line), value);
    return { row, path: line, value };
  });
  const tile = make('div', { class: 'tile' }, make('div', { class: 'tile-head' }, title, state), ...rows.map(({ row }) => row));
  tile.parts = [title, state, ...rows];
  return tile;
}

function greatest(columns) {
  let most = 0;
  for (const column of columns) for (const value of column) if (value > most) most = value;
  return most || 1;
}

// A line that is broken where nothing is known.
function path(column, most) {
  const step = WIDTH / Math.max(1, column.length - 1);
  let text = '', pen = 'M';
  column.forEach((value, index) => {
    if (value === null) {
      pen = 'M';
    } else {
      text += `${pen}${(index * step).toFixed(1)} ${(HEIGHT - 1 - (value / most) * (HEIGHT - 2)).toFixed(1)}`;
      pen = 'L';
    }
  });
  return text;
}
