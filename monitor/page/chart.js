// A chart over the run's time: uPlot in this page's colours, with the marks of events. Charts share their cursor, and a
// stretch of time that is dragged out with the mouse is shown by all; a double click shows the whole run again.
/* global uPlot */

import { byId, colour, darkness, make, setText } from './dom.js';
import { clock } from './format.js';
import { Legend } from './legend.js';
import { MARKS } from './marks.js';

const HEIGHT = 190;
const NEAR = 6; // pixels between cursor and mark
const SIGN = 13; // pixels that the sign of a mark takes
const sync = uPlot.sync('run');
const charts = new Set();
let stretch = null; // [from, to] in seconds when the user has chosen one

export class Chart {
  // title, unit; format(value) -> text for the legend, axis(value) for the axis if it differs; zero: the axis begins at 0;
  // whole: nothing but whole numbers on it.
  constructor(parent, options) {
    this.options = options;
    this.told = make('small', { class: 'told' });
    this.empty = make('p', { class: 'empty' });
    this.canvas = make('div', { class: 'plot', role: 'img' });
    this.legend = new Legend(options.format, (label, on) => this.toggle(label, on));
    parent.append(make('figure', { class: 'chart' },
      make('figcaption', {}, options.title, make('small', {}, options.unit || ''), this.told),
      this.canvas, this.empty, this.legend.root));
    this.marks = [];
    this.signature = '';
    charts.add(this);
    new ResizeObserver(() => this.fit()).observe(this.canvas);
    darkness.addEventListener('change', () => this.rebuild());
  }

  // data: [seconds, one array per line]; lines: [{label, colour, width, dots, sparse: known here and there only}]; bands as of
  // uPlot; nothing: what to say while there is nothing to show; spoken: the chart in a sentence.
  update({ data, lines, bands = [], marks, nothing, spoken }) {
    this.marks = marks;
    const filled = data.slice(1).some((column) => column.some((value) => value !== null && value !== undefined));
    this.empty.hidden = filled;
    this.canvas.hidden = this.legend.root.hidden = !filled;
    setText(this.empty, nothing || 'No samples yet.');
    this.canvas.setAttribute('aria-label', spoken || this.options.title);
    if (!filled) return;
    const signature = JSON.stringify([lines, bands]);
    this.data = data;
    if (this.plot && signature === this.signature) {
      this.plot.setData(data, false);
      this.scale();
      this.tell();
      return;
    }
    this.signature = signature;
    this.lines = lines;
    this.bands = bands;
    this.rebuild();
  }

  rebuild() {
    if (!this.lines) return;
    if (this.plot) this.plot.destroy();
    this.plot = new uPlot(this.settings(), this.data, this.canvas);
    for (const label of this.legend.hidden) this.toggle(label, false);
    this.scale();
    this.tell();
  }

  toggle(label, show) {
    const line = this.lines.findIndex((one) => one.label === label);
    if (line >= 0) this.plot.setSeries(line + 1, { show });
  }

  scale() {
    const seconds = this.data[0];
    const [min, max] = stretch || [seconds[0], Math.max(seconds[seconds.length - 1], seconds[0] + 1)];
    this.plot.batch(() => this.plot.setScale('x', { min, max }));
  }

  fit() {
    if (this.plot && this.canvas.clientWidth > 0 && this.canvas.clientWidth !== this.plot.width)
      this.plot.setSize({ width: this.canvas.clientWidth, height: HEIGHT });
  }

  settings() {
    const { format, zero, whole } = this.options;
    const label = this.options.axis || format;
    const axis = { stroke: colour('muted'), font: '11px system-ui, sans-serif', grid: { stroke: colour('grid'), width: 1 },
      ticks: { show: false } };
    return {
      width: this.canvas.clientWidth || 300,
      height: HEIGHT,
      padding: [14, 10, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: sync.key, setSeries: false }, points: { size: 6 }, drag: { x: true, y: false, setScale: false } },
      select: { show: true },
      scales: { x: { time: false }, y: { range: (plot, low, high) => room(low, high, zero) } },
      axes: [{ ...axis, space: 70, size: 26, gap: 4, values: (plot, values) => values.map(clock), incrs: STEPS },
        { ...axis, size: 46, gap: 4, space: 32, values: (plot, values) => values.map(label), ...(whole && { incrs: WHOLE }) }],
      series: [{}, ...this.lines.map((line) => this.line(line))],
      bands: this.bands.map((band) => ({ ...band, fill: colour('band') })),
      hooks: {
        draw: [(plot) => this.drawMarks(plot)],
        setCursor: [() => this.tell()],
        setSelect: [(plot) => choose(plot)],
        ready: [(plot) => plot.over.addEventListener('dblclick', () => show(null))],
      },
    };
  }

  line(line) {
    const stroke = colour(line.colour);
    return {
      label: line.label, stroke, width: line.width || 1.5, spanGaps: Boolean(line.sparse),
      points: { show: Boolean(line.dots), size: 6, fill: stroke },
    };
  }

  drawMarks(plot) {
    const { ctx, bbox } = plot;
    const ratio = devicePixelRatio;
    let free = 0; // where the next sign does not touch the one before
    ctx.save();
    ctx.textAlign = 'center';
    ctx.textBaseline = 'bottom';
    ctx.font = `${11 * ratio}px system-ui, sans-serif`;
    for (const mark of this.marks) {
      const x = Math.round(plot.valToPos(mark.seconds, 'x', true));
      if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
      const { sign, colour: name, faint } = MARKS[mark.event];
      ctx.strokeStyle = ctx.fillStyle = colour(name);
      ctx.lineWidth = ratio;
      ctx.setLineDash(faint ? [] : [4 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top + (faint ? bbox.height - 5 * ratio : 0));
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      if (faint || x < free) continue;
      ctx.fillText(sign, x, bbox.top - ratio);
      free = x + SIGN * ratio;
    }
    ctx.restore();
  }

  // The values under the cursor, its time, and the mark that is near it in words; without a cursor the newest values.
  tell() {
    if (!this.plot) return; // uPlot calls before its constructor is through
    const { left, idx } = this.plot.cursor;
    const inside = left >= 0 && idx !== null && idx !== undefined;
    const mark = inside ? this.markAt(left) : null;
    this.legend.show(this.lines, this.data, inside ? idx : null);
    const when = inside ? `at ${clock(this.data[0][idx])}` : '';
    setText(this.told, mark ? `${clock(mark.seconds)} ${MARKS[mark.event].word}: ${mark.text}` : when);
  }

  markAt(left) {
    let nearest = null, distance = NEAR;
    for (const mark of this.marks) {
      const away = Math.abs(this.plot.valToPos(mark.seconds, 'x') - left);
      if (away <= distance) [nearest, distance] = [mark, away];
    }
    return nearest;
  }
}

// Between two grid lines: seconds that read well as a clock.
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800];
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];

// A little air around the values; a flat line lies in the middle.
function room(low, high, zero) {
  if (low === null) return [0, 1];
  if (zero) return [0, high > 0 ? high * 1.08 : 1];
  const air = high > low ? (high - low) * 0.08 : Math.abs(high) * 0.1 || 1;
  return [low - air, high + air];
}

function choose(plot) {
  const { left, width } = plot.select;
  if (width < 4) return;
  const chosen = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')];
  plot.setSelect({ left: 0, width: 0 }, false);
  show(chosen);
}

// The same stretch of time in all charts; null: the whole run.
function show(chosen) {
  stretch = chosen;
  byId('whole').hidden = stretch === null;
  for (const chart of charts) if (chart.plot) chart.scale();
}

export function showWhole() {
  show(null);
}
