// The run so far as columns (docs/MONITORING.md, /api/v1/series), kept over the whole run: what comes is appended, and when
// there is too much every second sample goes, as on the server.

const ROOM = 4096;

export class History {
  constructor() {
    this.clear();
  }

  clear() {
    this.serial = null; // of the newest sample; null: nothing has come yet
    this.columns = null;
  }

  get length() {
    return this.columns ? this.columns.seconds.length : 0;
  }

  // False when a part of a run of another shape has come, which has no place here.
  take(answer) {
    if (this.columns === null || answer.whole) {
      const { serial, whole, ...columns } = answer;
      this.columns = columns;
    } else if (sameShape(this.columns, answer)) {
      each(this.columns, (column, name, other) => column.push(...other[name]), answer);
    } else {
      return false;
    }
    this.serial = answer.serial;
    while (this.length > ROOM) each(this.columns, halve);
    return true;
  }
}

function sameShape(one, other) {
  return one.shards.length === other.shards.length && one.workers.length === other.workers.length;
}

// action(column, name, holder of the same column in other): every array of numbers.
function each(columns, action, other = columns) {
  for (const [name, column] of Object.entries(columns)) {
    if (name === 'shards' || name === 'workers') column.forEach((member, index) => each(member, action, other[name][index]));
    else action(column, name, other);
  }
}

function halve(column) {
  const kept = column.filter((value, index) => index % 2 === 0);
  column.length = 0;
  column.push(...kept);
}

// Every k-th value, so that at most so many remain: what a chart of that many pixels can show. The last one is always there.
export function thin(column, most) {
  const stride = Math.ceil(column.length / most);
  if (stride <= 1) return column;
  const thinned = column.filter((value, index) => index % stride === 0);
  if ((column.length - 1) % stride !== 0) thinned.push(column[column.length - 1]);
  return thinned;
}

// Of columns of equal length: the least, mean and greatest value of every sample.
export function spread(columns) {
  const length = columns.length > 0 ? columns[0].length : 0;
  const low = new Array(length), mean = new Array(length), high = new Array(length);
  for (let sample = 0; sample < length; sample++) {
    let sum = 0, known = 0;
    low[sample] = mean[sample] = high[sample] = null;
    for (const column of columns) {
      const value = column[sample];
      if (value === null || value === undefined) continue;
      sum += value;
      known++;
      if (low[sample] === null || value < low[sample]) low[sample] = value;
      if (high[sample] === null || value > high[sample]) high[sample] = value;
    }
    if (known > 0) mean[sample] = sum / known;
  }
  return [low, mean, high];
}
