// Asks the coordinator once a second and keeps what it has said. When it is gone, it is asked again until it is back; another
// process in its place (a restarted coordinator takes the same port) may count its samples anew, so all is fetched anew.

import { History } from './history.js';

const EVERY_MS = 1000;
const HIDDEN_MS = 10000; // nobody looks
const PATIENCE_MS = 5000;
const EVENTS = 5000; // kept here; the server keeps the newest 200

export class Client {
  // changed(client) is called after every round, whether it succeeded or not.
  constructor(changed) {
    this.changed = changed;
    this.status = null;
    this.history = new History();
    this.events = []; // oldest first
    this.model = null;
    this.wantsModel = () => false;
    this.failures = 0; // rounds in a row that failed
    this.heard = 0; // performance.now() of the last answer
  }

  start() {
    document.addEventListener('visibilitychange', () => document.hidden || this.soon());
    this.soon();
  }

  // Asks now rather than at the next turn.
  soon() {
    clearTimeout(this.timer);
    if (!this.asking) this.round();
  }

  async round() {
    this.asking = true;
    const begun = performance.now();
    try {
      await this.ask();
      this.failures = 0;
      this.heard = performance.now();
    } catch (error) {
      this.failures++;
    }
    this.asking = false;
    this.changed(this);
    const period = document.hidden ? HIDDEN_MS : EVERY_MS;
    this.timer = setTimeout(() => this.round(), Math.max(100, period - (performance.now() - begun)));
  }

  async ask() {
    const status = await fetchJson('/api/v1/status');
    if (this.status && status.run.pid !== this.status.run.pid) this.forget();
    const { serial } = this.history;
    if (serial === null || !this.history.take(await fetchJson(`/api/v1/series?after=${serial}`))) {
      this.history.clear();
      this.history.take(await fetchJson('/api/v1/series'));
    }
    this.takeEvents(status.events);
    this.status = status;
    await this.askModel();
  }

  async askModel() {
    const { epochs } = this.status;
    if (epochs.length === 0 || !this.wantsModel()) return;
    const last = epochs[epochs.length - 1].epoch;
    if (this.model && this.model.epoch === last) return;
    this.model = await fetchJson('/api/v1/model');
  }

  takeEvents(newest) {
    const last = this.events.length > 0 ? this.events[this.events.length - 1].serial : -1;
    this.events.push(...newest.filter((event) => event.serial > last).sort((one, other) => one.serial - other.serial));
    if (this.events.length > EVENTS) this.events.splice(0, this.events.length - EVENTS);
  }

  forget() {
    this.history.clear();
    this.events = [];
    this.model = null;
  }
}

// The token comes once in the address, as #token=..., which no browser sends to anybody, and stays in this tab.
function takeToken() {
  const given = location.hash.match(/^#token=(.+)$/);
  if (given) {
    sessionStorage.setItem('token', given[1]);
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem('token');
}

const token = takeToken();

async function get(path) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const answer = await fetch(path, { cache: 'no-store', headers, signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer;
}

export async function fetchJson(path) {
  return (await get(path)).json();
}

export async function fetchText(path) {
  return (await get(path)).text();
}
