// The last lines of what each process has said.

import { fetchJson, fetchText } from './client.js';
import { byId, fill, make, setText } from './dom.js';

const ANEW_MS = 2000;

export class Logs {
  constructor() {
    this.names = [];
    this.name = make('select', { id: 'log-name', onchange: () => this.load() });
    this.lines = make('select', { onchange: () => this.load() });
    fill(this.lines, ['50', '200', '1000'].map((lines) => [lines, lines]), '200');
    this.filter = make('input', { type: 'search', placeholder: 'part of a line', oninput: () => this.write() });
    this.text = make('pre', { tabindex: '0', 'aria-label': 'Log' });
    this.note = make('p', { class: 'empty' }, 'No process has written a log yet.');
    this.tools = make('p', { class: 'tools' }, make('label', {}, 'log ', this.name), make('label', {}, 'last lines ', this.lines),
      make('label', {}, 'only ', this.filter));
    byId('logs').append(this.tools, this.note, this.text);
    this.whole = '';
    this.loaded = -Infinity;
  }

  show() {
    if (!this.loading && performance.now() - this.loaded > ANEW_MS) this.load();
  }

  async load() {
    this.loading = true;
    try {
      this.offer(await fetchJson('/api/v1/logs'));
      if (this.names.length > 0)
        this.whole = await fetchText(`/api/v1/logs/${encodeURIComponent(this.name.value)}?lines=${this.lines.value}`);
    } catch (error) {
      // The banner says that the coordinator is away; what was read stays.
    }
    this.loading = false;
    this.loaded = performance.now();
    this.write();
  }

  offer(names) {
    if (names.join() === this.names.join()) return;
    const chosen = this.name.value || names[0];
    this.names = names;
    fill(this.name, names.map((name) => [name, name]), names.includes(chosen) ? chosen : names[0]);
  }

  write() {
    const there = this.names.length > 0;
    this.note.hidden = there;
    this.tools.hidden = this.text.hidden = !there;
    const part = this.filter.value.toLowerCase();
    const lines = part ? this.whole.split('\n').filter((line) => line.toLowerCase().includes(part)) : null;
    const atEnd = this.text.scrollHeight - this.text.scrollTop - this.text.clientHeight < 30;
    setText(this.text, (lines ? lines.join('\n') : this.whole) || '(nothing)');
    if (atEnd) this.text.scrollTop = this.text.scrollHeight;
  }
}
