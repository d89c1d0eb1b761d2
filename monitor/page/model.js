// What the model says after the last epoch: the movies with the best and the worst biases, and a map of movies by two
// components of their factors.

import { byId, fill, Keyed, make, setShare, setText } from './dom.js';
import { percent, signed, whole } from './format.js';
import { Scatter } from './scatter.js';

export class Model {
  constructor() {
    this.note = make('p', { class: 'empty' });
    this.axes = ['x', 'y'].map((name) => make('select', { id: `axis-${name}`, onchange: () => this.redraw() }));
    this.find = make('input', { type: 'search', placeholder: 'part of a title', oninput: () => this.redraw() });
    this.scatter = new Scatter();
    this.lists = [this.list('best', 'Best movies', 'highest biases: liked more than their viewers\' tastes explain'),
      this.list('worst', 'Worst movies', 'lowest biases: disliked even where tastes match')];
    this.biases = make('div', { class: 'biases' }, ...this.lists.map(({ root }) => root));
    this.map = make('div', { class: 'map' },
      make('h2', {}, 'Movies by their factors', make('span', { class: 'tools' },
        make('label', {}, 'across ', this.axes[0]), make('label', {}, 'up ', this.axes[1]), make('label', {}, 'find ', this.find))),
      this.scatter.root);
    this.body = make('div', { class: 'model' }, this.biases, this.map);
    byId('model').append(this.note, this.body);
  }

  list(id, title, help) {
    const items = make('ol', { class: `bias ${id}` });
    return { id, root: make('div', {}, make('h2', {}, title), make('p', { class: 'hint' }, help), items),
      keyed: new Keyed(items, (point) => point.id, createItem, (item, point) => updateItem(item, point, this.most)) };
  }

  show({ model, status }) {
    const there = model !== null && model.points.length > 0;
    this.body.hidden = !there;
    setText(this.note, there ? '' : this.excuse(status));
    this.note.hidden = there;
    if (!there || this.shown === model) return;
    this.shown = model;
    this.most = Math.max(...[...model.best, ...model.worst].map((point) => Math.abs(point.bias)), 0.01);
    for (const { id, keyed } of this.lists) keyed.show(model[id]);
    this.biases.hidden = model.best.length === 0;
    this.map.hidden = model.components.length === 0;
    this.fillAxes(model.components);
    this.redraw();
  }

  excuse({ epochs, run }) {
    if (epochs.length > 0) return 'This run does not show its model (monitor.model is off, or it has neither biases nor components).';
    return run.stage === 'over' ? 'The run ended before its first epoch did.' : 'Biases and factors are shown after the first epoch.';
  }

  fillAxes(components) {
    if (this.axes[0].length === components.length) return;
    const options = components.map(({ share }, index) => [String(index), `component ${index + 1} (${percent(share)})`]);
    this.axes.forEach((axis, index) => fill(axis, options, String(Math.min(index, components.length - 1))));
  }

  redraw() {
    const { epoch, points, components } = this.shown;
    if (components.length === 0) return;
    const [x, y] = this.axes.map((axis) => Number(axis.value));
    const names = [x, y].map((component) => `component ${component + 1}, ${percent(components[component].share)} of the variance`);
    this.scatter.show(points, x, y, names, this.find.value.trim().toLowerCase(), epoch);
  }
}

function createItem() {
  return make('li', {}, make('span', { class: 'movie' }), make('span', { class: 'bar', 'aria-hidden': 'true' }), make('span', { class: 'number' }));
}

function updateItem(item, { title, bias, ratings }, most) {
  setText(item.children[0], title);
  item.title = `${whole(ratings)} ratings`;
  setShare(item.children[1], Math.abs(bias) / most);
  setText(item.children[2], signed(bias));
}
