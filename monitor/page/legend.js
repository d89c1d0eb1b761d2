// The lines of a chart by colour and name, each with its value under the cursor, or its newest one. A line is a button: it
// hides and shows the line.

import { Keyed, make, setText } from './dom.js';

export class Legend {
  constructor(format, toggled) {
    this.format = format;
    this.hidden = new Set(); // labels
    this.root = make('div', { class: 'lines' });
    this.items = new Keyed(this.root, ({ label }) => label, ({ label, colour }) => {
      const item = make('button', { type: 'button', 'aria-pressed': 'true' }, make('i', { 'aria-hidden': 'true' }), `${label} `, make('b'));
      item.firstChild.style.background = `var(--${colour})`;
      item.addEventListener('click', () => {
        if (!this.hidden.delete(label)) this.hidden.add(label);
        item.setAttribute('aria-pressed', String(!this.hidden.has(label)));
        toggled(label, !this.hidden.has(label));
      });
      return item;
    }, (item, { value }) => setText(item.lastChild, value));
  }

  // index: of the sample under the cursor; null: the newest.
  show(lines, data, index) {
    this.items.show(lines.map(({ label, colour }, line) => ({ label, colour, value: this.valueAt(data[line + 1], index) })));
  }

  // What was last known there: a line of points has nothing in between.
  valueAt(column, index) {
    let at = index === null || index === undefined ? column.length - 1 : index;
    while (at >= 0 && (column[at] === null || column[at] === undefined)) at--;
    return this.format(at >= 0 ? column[at] : null);
  }
}
