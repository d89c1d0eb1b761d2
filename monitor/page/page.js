// The page: one client asks, the header and the open view show what it has heard.

import { Client } from './client.js';
import { byId, setClass, setText } from './dom.js';
import { Events } from './events.js';
import { complaints } from './flags.js';
import { span } from './format.js';
import { Header } from './header.js';
import { Logs } from './logs.js';
import { Members } from './members.js';
import { Model } from './model.js';
import { Overview } from './overview.js';
import { Tabs } from './tabs.js';

const views = {
  overview: new Overview(),
  shards: new Members('shard'),
  workers: new Members('worker'),
  events: new Events(),
  model: new Model(),
  logs: new Logs(),
};
const client = new Client(show);
const tabs = new Tabs(Object.keys(views), open);
const header = new Header((name) => tabs.open(name));

client.wantsModel = () => tabs.current === 'model';
client.start();

function open(name) {
  if (client.history.columns) views[name].show(client);
  if (name === 'model') client.soon();
}

function show() {
  showBanner();
  if (client.status === null) return;
  header.show(client);
  showTabs(client.status);
  if (client.history.columns) views[tabs.current].show(client);
  setClass(document.body, 'stale', client.failures > 0);
}

// A tab says how many of its members need attention.
function showTabs(status) {
  const list = complaints(status);
  for (const tab of ['shards', 'workers']) {
    const number = list.filter((complaint) => complaint.tab === tab).length;
    byId(`tab-${tab}`).dataset.badge = number > 0 ? `▲ ${number}` : '';
  }
}

function showBanner() {
  const [kind, text] = banner();
  byId('banner').hidden = text === '';
  byId('banner').dataset.kind = kind;
  setText(byId('banner'), text);
}

function banner() {
  const { status, failures, heard } = client;
  if (status === null) return failures > 0 ? ['lost', 'The coordinator does not answer. Trying again.'] : ['', ''];
  const { stage, exit_code: code, reason } = status.run;
  if (stage === 'over') {
    const end = code ? `The run is over with exit code ${code}: ${reason}` : `The run is over${reason ? `: ${reason}` : '.'}`;
    return [code ? 'failed' : 'over', failures > 0 ? `${end} The coordinator has gone; this is its last word.` : end];
  }
  if (failures > 0) return ['lost', `Connection lost ${span((performance.now() - heard) / 1000)} ago, trying again. What you see is from before.`];
  return stage === 'waiting' ? ['waiting', waiting(status.progress)] : ['', ''];
}

function waiting({ pservers, pservers_up: servers, workers, workers_up: ready }) {
  return `Waiting for members: ${servers} of ${pservers} pservers and ${ready} of ${workers} workers are here.`;
}
