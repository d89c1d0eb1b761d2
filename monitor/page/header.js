// The run in one look: name, stage, the bar of the epoch, the figures that matter, and what needs attention.

import { byId, Keyed, make, setClass, setShare, setText } from './dom.js';
import { complaints } from './flags.js';
import { count, loss, percent, rate, span, whole } from './format.js';

const MOST_COMPLAINTS = 6;

// id, title, text(progress, status), and whether it is bad.
const FIGURES = [
  ['ratings', 'ratings/s', (progress) => count(progress.ratings_per_s)],
  ['eta', 'time left', (progress, { run }) => (run.stage === 'over' ? 'over' : span(progress.eta_s))],
  ['loss', 'train loss', (progress) => loss(progress.loss)],
  ['valid', 'valid loss', (progress, { epochs }) => loss(lastOf(epochs).valid_loss)],
  ['rmse', 'valid RMSE', (progress, { epochs }) => loss(progress.valid_rmse ?? lastOf(epochs).valid_rmse)],
  ['rate', 'learning rate', (progress) => rate(progress.learning_rate)],
  ['pservers', 'pservers up', (progress) => `${progress.pservers_up}/${progress.pservers}`, missing('pservers')],
  ['workers', 'workers up', (progress) => `${progress.workers_up}/${progress.workers}`, missing('workers')],
  ['checkpoint', 'last checkpoint', checkpoint],
];

// Its age; its number when it is from an earlier coordinator, which knew its age.
function checkpoint({ checkpoint: number, checkpoint_age_s: age }) {
  if (!number) return 'none';
  return age === null ? `no. ${whole(number)}` : `${span(age)} ago`;
}

function missing(members) {
  return ({ progress, run }) => run.stage !== 'over' && progress[`${members}_up`] < progress[members];
}

function lastOf(epochs) {
  return epochs.length > 0 ? epochs[epochs.length - 1] : {};
}

export class Header {
  constructor(open) {
    this.figures = FIGURES.map(([id, title, text, bad]) => {
      const value = make('dd', { id: `figure-${id}` }, '–');
      byId('figures').append(make('div', {}, make('dt', {}, title), value));
      return { value, text, bad };
    });
    this.attention = new Keyed(byId('attention'), (complaint) => complaint.key,
      ({ key, tab }) => make('li', {},
        make('button', { type: 'button', onclick: () => open(tab || 'shards') }, make('b', {}, key), ' ', make('span'))),
      (item, { text, why, bad }) => {
        setText(item.firstChild.lastChild, text);
        item.title = why;
        setClass(item, 'bad', bad);
      });
  }

  show({ status }) {
    const { run, progress } = status;
    setText(byId('name'), run.name);
    setText(byId('stage'), run.stage);
    byId('stage').dataset.stage = run.stage === 'over' && run.exit_code ? 'failed' : run.stage;
    const about = [run.mode, run.transport, run.resumed && 'taken up again', `running for ${span(run.seconds)}`];
    setText(byId('about'), about.filter(Boolean).join(' · '));
    this.showEpoch(run, progress);
    for (const { value, text, bad } of this.figures) {
      setText(value, text(progress, status));
      if (bad) setClass(value, 'bad', bad(status));
    }
    this.showAttention(status);
    document.title = `${run.stage === 'over' ? 'over' : percent(overall(progress))} ${run.name} · dotbias`;
    setText(byId('footer'), `dotbias ${run.version} · pid ${run.pid} · ${run.folder}`);
  }

  showEpoch(run, progress) {
    const over = run.stage === 'over';
    const finished = over && !run.exit_code;
    byId('epoch-bar').value = finished ? 1 : progress.fraction || 0;
    setShare(byId('run-bar'), finished ? 1 : overall(progress));
    byId('run-bar').title = `${percent(overall(progress))} of the run`;
    const step = progress.steps_per_epoch ? ` · step ${whole(progress.step)}` : '';
    const epoch = `epoch ${progress.epoch}/${progress.epochs} · ${percent(progress.fraction)}${step}`;
    setText(byId('epoch'), progress.epoch ? epoch : 'before the first epoch');
  }

  showAttention(status) {
    const list = complaints(status);
    const shown = list.slice(0, MOST_COMPLAINTS);
    if (list.length > shown.length) shown.push({ key: `${list.length - shown.length} more`, text: '', why: '', bad: false });
    byId('attention').hidden = list.length === 0;
    this.attention.show(shown);
  }
}

// Of the whole run, 0 to 1.
function overall({ epoch, epochs, fraction }) {
  return epochs ? Math.min(1, Math.max(0, (epoch - 1 + (fraction || 0)) / epochs)) : 0;
}
