// Everything that has happened, newest first.

import { byId, fill, make, setClass } from './dom.js';
import { clock } from './format.js';
import { MARKS } from './marks.js';
import { Table } from './table.js';

const KINDS = {
  all: ['everything', () => true],
  members: ['members: joined, lost, restarted, recovered', (event) => ['joined', 'lost', 'restarted', 'recovered'].includes(event)],
  progress: ['epochs and checkpoints', (event) => ['epoch', 'checkpoint'].includes(event)],
};

const COLUMNS = [
  { id: 'seconds', title: 'at', value: (row) => row.serial, text: (row) => clock(row.seconds) },
  { id: 'event', title: 'event', kind: 'text', text: name },
  { id: 'role', title: 'who', kind: 'text', value: who, text: who },
  { id: 'text', title: 'what', kind: 'text', text: (row) => row.text },
];

// With the sign that it has in the charts.
function name({ event }) {
  const mark = MARKS[event];
  return mark && !mark.faint ? `${mark.sign} ${event}` : event;
}

function who({ role, index }) {
  return [role, index !== null && index >= 0 ? index : ''].filter((part) => part !== '' && part !== null).join(' ');
}

export class Events {
  constructor() {
    const parent = byId('events');
    this.kind = make('select', { onchange: () => this.show(this.last) });
    fill(this.kind, Object.entries(KINDS).map(([id, [title]]) => [id, title]), 'all');
    parent.append(make('p', { class: 'tools' }, make('label', {}, 'show ', this.kind)));
    this.table = new Table(parent, { caption: 'Events of the run', name: 'event', columns: COLUMNS, key: (row) => row.serial,
      sort: ['seconds', 'descending'], nothing: 'Nothing of this kind has happened.', row: (element, row) => {
        setClass(element, 'lost', row.event === 'lost');
        setClass(element, 'recovered', row.event === 'recovered');
      } });
  }

  show(state) {
    this.last = state;
    const [, chosen] = KINDS[this.kind.value];
    this.table.show(state.events.filter(({ event }) => chosen(event)));
  }
}
