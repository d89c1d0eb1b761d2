// The first view: the run's curves, one tile per shard, the lesson's table of epochs.
/* global uPlot */

import { Chart, showWhole } from './chart.js';
import { byId } from './dom.js';
import { clock, count, loss, rate, span, whole } from './format.js';
import { spread, thin } from './history.js';
import { Marks } from './marks.js';
import { Table } from './table.js';
import { Tiles } from './tiles.js';

const POINTS = 700; // of a line
const DOTS = 60; // more epochs than these are a line without dots
const LINES = 8; // more members than these are shown as slowest, mean and fastest

export class Overview {
  constructor() {
    const charts = byId('charts');
    this.marks = new Marks(byId('marks'), showWhole);
    this.loss = new Chart(charts, { title: 'Loss', unit: 'mean squared error', format: loss, axis: short });
    this.speed = new Chart(charts, { title: 'Speed of workers', unit: 'ratings/s', format: count, zero: true });
    this.rate = new Chart(charts, { title: 'Learning rate', format: rate, zero: true });
    this.staleness = new Chart(charts, { title: 'Staleness of shards', unit: 'steps, median', format: count, zero: true, whole: true });
    this.tiles = new Tiles();
    this.epochs = new Table(byId('epochs'), { caption: 'Finished epochs', name: 'epoch', columns: EPOCHS,
      key: (epoch) => epoch.epoch, sort: ['epoch', 'descending'], nothing: 'The first epoch is not over yet.' });
  }

  show({ status, history, events }) {
    const columns = history.columns;
    const seconds = thin(columns.seconds, POINTS);
    const frame = { seconds, marks: this.marks.of(events, status.run.seconds) };
    this.showLoss(frame, columns, status);
    this.showRate(frame, columns, status);
    this.showMembers(this.speed, frame, columns.workers.map((worker) => worker.ratings_per_s), 'worker', count);
    this.showMembers(this.staleness, frame, columns.shards.map((shard) => shard.staleness_p50), 'shard', count);
    this.tiles.show(status.shards, columns);
    this.epochs.show(status.epochs);
  }

  showLoss({ seconds, marks }, columns, { epochs, progress }) {
    const train = [seconds, thin(columns.loss, POINTS)];
    const valid = [epochs.map((epoch) => epoch.seconds_at), epochs.map((epoch) => epoch.valid_loss)];
    const validated = valid[1].some((value) => value !== null);
    const lines = [{ label: 'train', colour: 'line-1' }, { label: 'validation', colour: 'line-2', sparse: true, dots: epochs.length <= DOTS }];
    this.loss.update({
      data: validated ? uPlot.join([train, valid], [[1, 1], [1, 1]]) : train,
      lines: validated ? lines : lines.slice(0, 1), marks,
      nothing: 'No rating has been learnt yet.', spoken: `Training loss now ${loss(progress.loss)}`,
    });
  }

  showRate({ seconds, marks }, columns, { progress }) {
    this.rate.update({ data: [seconds, thin(columns.learning_rate, POINTS)], lines: [{ label: 'learning rate', colour: 'line-3' }],
      marks, spoken: `Learning rate now ${rate(progress.learning_rate)}` });
  }

  showMembers(chart, { seconds, marks }, columns, name, format) {
    const thinned = columns.map((column) => thin(column, POINTS));
    const now = columns.map((column) => format(column[column.length - 1])).slice(0, LINES).join(', ');
    const spoken = `${chart.options.title} now: ${now}`;
    if (columns.length <= LINES) {
      const lines = thinned.map((column, index) => ({ label: `${name} ${index}`, colour: `line-${index + 1}` }));
      chart.update({ data: [seconds, ...thinned], lines, marks, spoken });
    } else {
      const lines = [{ label: 'least', colour: 'faint', width: 1 }, { label: `mean of ${columns.length}`, colour: 'line-1' },
        { label: 'most', colour: 'faint', width: 1 }];
      chart.update({ data: [seconds, ...spread(thinned)], lines, bands: [{ series: [3, 1] }], marks, spoken });
    }
  }
}

// Two or three digits are enough for an axis.
function short(value) {
  return value >= 100 ? count(value) : String(Number(value.toFixed(3)));
}

const EPOCHS = [
  { id: 'epoch', title: 'epoch', text: (row) => whole(row.epoch) },
  { id: 'train_loss', title: 'train_loss', text: (row) => loss(row.train_loss) },
  { id: 'valid_loss', title: 'valid_loss', text: (row) => loss(row.valid_loss) },
  { id: 'valid_rmse', title: 'valid_rmse', text: (row) => loss(row.valid_rmse) },
  { id: 'valid_mae', title: 'valid_mae', text: (row) => loss(row.valid_mae) },
  { id: 'learning_rate', title: 'lr', text: (row) => rate(row.learning_rate) },
  { id: 'ratings_per_s', title: 'ratings/s', text: (row) => count(row.ratings_per_s) },
  { id: 'seconds', title: 'time', text: (row) => span(row.seconds) },
  { id: 'seconds_at', title: 'ended at', text: (row) => clock(row.seconds_at) },
];
