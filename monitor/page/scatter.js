// Movies as dots: two components of their factors, the bias as colour, the number of ratings as size. As many titles as fit
// without covering each other are written beside them, the most-rated first; the others are told on hovering, and by the
// arrow keys when the map has the focus.

import { draw, make, setText } from './dom.js';
import { signed, whole } from './format.js';

const LETTER = 6.1, LINE = 13; // pixels of a label's letter and line
const MARGIN = 26;
const LONG = 26; // letters of a label
const CROWDED = 9000; // square pixels that a label wants for itself

export class Scatter {
  constructor() {
    this.svg = draw('svg', { class: 'scatter', tabindex: '0', role: 'img' });
    this.told = make('p', { class: 'hint', 'aria-live': 'polite' }, HELP);
    this.root = make('div', {}, this.svg, this.told);
    this.svg.addEventListener('pointermove', (event) => this.tell(this.near(event)));
    this.svg.addEventListener('pointerleave', () => this.tell(null));
    this.svg.addEventListener('keydown', (event) => this.walk(event));
    new ResizeObserver(() => this.redraw()).observe(this.svg);
  }

  // found: letters that a title contains; '' finds nothing in particular.
  show(points, x, y, names, found, epoch) {
    Object.assign(this, { points, x, y, names, found, epoch });
    this.redraw();
  }

  redraw() {
    const width = this.svg.clientWidth, height = this.svg.clientHeight;
    if (!this.points || width === 0) return;
    this.svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.svg.setAttribute('aria-label', `${this.points.length} movies after epoch ${this.epoch}: ${this.names[0]} against ${this.names[1]}`);
    const across = scale(this.points.map((point) => point.scores[this.x]), MARGIN, width - MARGIN);
    const up = scale(this.points.map((point) => point.scores[this.y]), height - MARGIN, MARGIN);
    const most = Math.max(...this.points.map((point) => point.ratings), 1);
    const tint = tints(this.points.map((point) => point.bias || 0));
    this.dots = this.points.map((point, index) => ({
      point, x: across(point.scores[this.x]), y: up(point.scores[this.y]), radius: 2.5 + 4 * Math.sqrt(point.ratings / most),
      tint: tint[index], found: this.found !== '' && point.title.toLowerCase().includes(this.found),
    }));
    this.dots.sort((one, other) => other.found - one.found || other.point.ratings - one.point.ratings);
    this.halo = draw('circle', { class: 'halo', r: 0 });
    const circles = [...this.dots].reverse().map((dot) => this.dot(dot));
    this.svg.replaceChildren(...this.cross(across(0), up(0), width, height), ...circles,
      ...this.labels(width, width * height / CROWDED), this.halo);
  }

  cross(x, y, width, height) {
    return [draw('line', { class: 'zero', x1: 0, x2: width, y1: y, y2: y }), draw('line', { class: 'zero', x1: x, x2: x, y1: 0, y2: height }),
      draw('text', { class: 'axis', x: width - 4, y: height - 5, 'text-anchor': 'end' }, `${this.names[0]} →`),
      draw('text', { class: 'axis', x: 4, y: 12 }, `↑ ${this.names[1]}`)];
  }

  dot(dot) {
    const [cx, cy, r] = [dot.x, dot.y, dot.radius].map((value) => value.toFixed(1));
    const circle = draw('circle', { class: dot.tint < 0 ? 'dot low' : 'dot high', cx, cy, r });
    circle.style.setProperty('--tint', (0.25 + 0.75 * Math.abs(dot.tint)).toFixed(2));
    if (this.found) circle.classList.add(dot.found ? 'found' : 'other');
    return circle;
  }

  labels(width, most) {
    const taken = [];
    const labels = [];
    for (const dot of this.dots) {
      if (labels.length >= most) break;
      const box = labelBox(dot, width, taken);
      if (!box) continue;
      taken.push(box);
      const place = { x: box.left.toFixed(1), y: (box.bottom - 3).toFixed(1) };
      labels.push(draw('text', { class: dot.found ? 'label found' : 'label', ...place }, short(dot.point.title)));
    }
    return labels;
  }

  near({ offsetX, offsetY }) {
    let nearest = null, distance = 20;
    for (const dot of this.dots || []) {
      const away = Math.hypot(dot.x - offsetX, dot.y - offsetY);
      if (away < distance) [nearest, distance] = [dot, away];
    }
    return nearest;
  }

  tell(dot) {
    this.current = dot;
    if (!this.halo) return;
    this.halo.setAttribute('r', dot ? dot.radius + 3 : 0);
    if (dot) {
      this.halo.setAttribute('cx', dot.x);
      this.halo.setAttribute('cy', dot.y);
    }
    setText(this.told, dot ? describe(dot.point, this.x, this.y) : HELP);
  }

  // To the nearest dot in the direction of an arrow key.
  walk(event) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!way || !this.dots) return;
    event.preventDefault();
    const from = this.current;
    if (!from) return this.tell(this.dots[0]);
    let best = null, least = Infinity;
    for (const dot of this.dots) {
      const ahead = (dot.x - from.x) * way[0] + (dot.y - from.y) * way[1];
      const aside = Math.abs((dot.x - from.x) * way[1]) + Math.abs((dot.y - from.y) * way[0]);
      if (dot !== from && ahead > 0 && ahead + 2 * aside < least) [best, least] = [dot, ahead + 2 * aside];
    }
    if (best) this.tell(best);
  }
}

const HELP = 'Blue: a higher bias than most, orange: a lower one. Size: number of ratings. Point at a dot, or walk with the arrow keys.';

function describe({ title, bias, ratings, scores }, x, y) {
  return `${title}: bias ${signed(bias)}, ${whole(ratings)} ratings, components ${signed(scores[x])} and ${signed(scores[y])}`;
}

function scale(values, from, to) {
  const low = Math.min(...values, 0), high = Math.max(...values, 0);
  return (value) => from + ((value - low) / (high - low || 1)) * (to - from);
}

// -1 to 1: biases against the middle one, which is far from 0 while the mean of all ratings has still to be learnt.
function tints(biases) {
  const middle = [...biases].sort((one, other) => one - other)[Math.floor(biases.length / 2)];
  const most = Math.max(...biases.map((bias) => Math.abs(bias - middle)), 0.01);
  return biases.map((bias) => (bias - middle) / most);
}

// The year goes first when there is no room.
function short(title) {
  const name = title.length > LONG ? title.replace(/ \(\d{4}\)$/, '') : title;
  return name.length > LONG ? `${name.slice(0, LONG - 1)}…` : name;
}

// Beside the dot, right or left; nothing when it would cover another label or a larger dot.
function labelBox(dot, width, taken) {
  const length = short(dot.point.title).length * LETTER;
  for (const left of [dot.x + dot.radius + 3, dot.x - dot.radius - 3 - length]) {
    const box = { left, right: left + length, top: dot.y - LINE / 2, bottom: dot.y + LINE / 2 };
    if (box.left < 2 || box.right > width - 2) continue;
    if (!taken.some((other) => box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom)) return box;
  }
  return null;
}
