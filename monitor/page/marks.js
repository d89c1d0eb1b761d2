// What the charts mark, with sign, colour and word, so that none of them has to do alone; and which of them are shown.

import { make } from './dom.js';

export const MARKS = {
  lost: { sign: '✕', colour: 'bad', word: 'lost' },
  restarted: { sign: '↻', colour: 'warn', word: 'restarted' },
  recovered: { sign: '✓', colour: 'good', word: 'recovered' },
  joined: { sign: '+', colour: 'accent', word: 'joined' },
  checkpoint: { sign: '|', colour: 'muted', word: 'checkpoint', faint: true },
  stopping: { sign: '■', colour: 'warn', word: 'stopping' },
  failed: { sign: '■', colour: 'bad', word: 'failed' },
};

const CLOSE = 0.01; // of the run's time: what happens to many members at once is one mark

export class Marks {
  constructor(parent, whole) {
    this.shown = new Set(Object.keys(MARKS));
    const boxes = Object.entries(MARKS).map(([event, { sign, word }]) => {
      const box = make('input', { type: 'checkbox', checked: true,
        onchange: () => (box.checked ? this.shown.add(event) : this.shown.delete(event)) });
      return make('label', { class: `mark ${event}` }, box, make('span', { 'aria-hidden': 'true' }, sign), ` ${word}`);
    });
    parent.append(make('span', { class: 'lead' }, 'Marks'), ...boxes,
      make('button', { id: 'whole', type: 'button', hidden: true, onclick: whole }, 'Show the whole run'));
  }

  // Of a run that has taken so many seconds.
  of(events, seconds) {
    const marks = [];
    for (const event of events) {
      if (!(event.event in MARKS) || !this.shown.has(event.event)) continue;
      const before = marks.findLast((mark) => mark.event === event.event);
      if (before && event.seconds - before.until < CLOSE * seconds) {
        before.text = `${before.first} and ${++before.more} more`;
        before.until = event.seconds;
      } else {
        const first = sentence(event);
        marks.push({ seconds: event.seconds, until: event.seconds, event: event.event, text: first, first, more: 0 });
      }
    }
    return marks;
  }
}

function sentence({ role, index, text }) {
  const who = role ? (index === null || index < 0 ? role : `${role} ${index}`) : '';
  return [who, text].filter(Boolean).join(', ');
}
