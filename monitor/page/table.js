// A table that is sorted by clicking a heading (a button, so the keyboard does as well), and renewed in place.
//
// A column: id; title; help; text(row) -> string; value(row) -> what it sorts by, row[id] if left out;
// kind: 'text' (left-aligned) or number; cell(td, row): for what is more than text.

import { Keyed, make, setText } from './dom.js';

export class Table {
  constructor(parent, { caption, name, columns, key, sort, nothing, row }) {
    Object.assign(this, { columns, rows: [], mark: row });
    [this.by, this.direction] = sort;
    this.heads = new Map(columns.map((column) => [column.id, this.heading(column)]));
    this.body = make('tbody');
    const table = make('table', { 'data-table': name }, make('caption', {}, caption),
      make('thead', {}, make('tr', {}, ...this.heads.values())), this.body);
    this.frame = make('div', { class: 'table', tabindex: '0', role: 'region', 'aria-label': caption }, table);
    this.empty = make('p', { class: 'empty' }, nothing);
    parent.append(this.frame, this.empty);
    this.keyed = new Keyed(this.body, key, (item) => this.createRow(key(item)), (...row) => this.updateRow(...row));
    this.frame.addEventListener('scroll', () => requestAnimationFrame(() => this.show(this.rows)));
    this.showOrder();
  }

  heading({ id, title, help, kind }) {
    const button = make('button', { type: 'button', title: help, onclick: () => this.sortBy(id) }, title);
    return make('th', { scope: 'col', class: kind || 'number', 'data-column': id }, button);
  }

  createRow(key) {
    const cells = this.columns.map(({ id, kind }, index) =>
      make(index === 0 ? 'th' : 'td', { class: kind || 'number', 'data-column': id, ...(index === 0 && { scope: 'row' }) }));
    return make('tr', { 'data-row': key }, ...cells);
  }

  // A row that has been filled once and is scrolled out of sight waits until it is seen again: hundreds of rows cost a layout
  // of the whole table.
  updateRow(element, item, place) {
    const filled = element.dataset.filled === 'yes';
    if (filled && (place < this.seen[0] || place > this.seen[1])) return;
    element.dataset.filled = 'yes';
    this.columns.forEach((column, index) => {
      const cell = element.children[index];
      if (column.cell) column.cell(cell, item);
      else setText(cell, column.text(item));
    });
    if (this.mark) this.mark(element, item);
  }

  // Numbers begin with the greatest; the same heading again turns the order around.
  sortBy(id) {
    const other = { ascending: 'descending', descending: 'ascending' };
    const first = this.columns.find((column) => column.id === id).kind === 'text' ? 'ascending' : 'descending';
    this.direction = this.by === id ? other[this.direction] : first;
    this.by = id;
    this.showOrder();
    this.show(this.rows);
  }

  showOrder() {
    for (const [id, head] of this.heads) head.setAttribute('aria-sort', id === this.by ? this.direction : 'none');
  }

  // The places of the first and last row in sight, and a few more.
  inSight() {
    const first = this.body.firstElementChild;
    if (first === null || first.offsetHeight === 0) return [0, Infinity];
    const { scrollTop, clientHeight } = this.frame;
    return [scrollTop / first.offsetHeight - 3, (scrollTop + clientHeight) / first.offsetHeight + 1];
  }

  show(rows) {
    this.rows = rows;
    this.seen = this.inSight();
    this.frame.hidden = rows.length === 0;
    this.empty.hidden = rows.length > 0;
    const { value = (row) => row[this.by] } = this.columns.find(({ id }) => id === this.by);
    const sign = this.direction === 'ascending' ? 1 : -1;
    const keyed = rows.map((row) => [value(row), row]);
    this.keyed.show(keyed.sort(([one], [other]) => compare(one, other, sign)).map(([, row]) => row));
  }
}

// What is not known comes last, whatever the direction.
function compare(one, other, sign) {
  const unknown = (value) => value === null || value === undefined;
  if (unknown(one) || unknown(other)) return unknown(one) - unknown(other);
  if (one === other) return 0;
  return (one < other ? -1 : 1) * sign;
}
