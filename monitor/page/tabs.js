// One view at a time; arrow keys move between tabs, and the address remembers which one is open (#workers).

import { byId } from './dom.js';

export class Tabs {
  constructor(names, changed) {
    Object.assign(this, { names, changed });
    names.forEach((name, index) => {
      const tab = byId(`tab-${name}`);
      tab.addEventListener('click', () => this.open(name));
      tab.addEventListener('keydown', (event) => this.step(event, index));
    });
    addEventListener('hashchange', () => this.show(location.hash.slice(1)));
    this.show(location.hash.slice(1));
  }

  open(name) {
    history.replaceState(null, '', `#${name}`);
    this.show(name);
  }

  show(wanted) {
    this.current = this.names.includes(wanted) ? wanted : this.names[0];
    for (const name of this.names) {
      const chosen = name === this.current;
      byId(name).hidden = !chosen;
      byId(`tab-${name}`).setAttribute('aria-selected', String(chosen));
      byId(`tab-${name}`).tabIndex = chosen ? 0 : -1;
    }
    this.changed(this.current);
  }

  step(event, index) {
    const last = this.names.length - 1;
    const to = { ArrowRight: index === last ? 0 : index + 1, ArrowLeft: index === 0 ? last : index - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.open(this.names[to]);
    byId(`tab-${this.names[to]}`).focus();
  }
}
