// States and flags of members in words. Colour only repeats what a word says.

export const FLAGS = {
  skew: 'more than its share of the load',
  queue: 'requests wait in its queue',
  straggler: 'much slower than the other workers',
  lagging: 'steps behind the furthest worker',
};

// How much a member needs to be looked at: 0 is not at all.
export function trouble(member) {
  const states = { lost: 8, absent: 4, recovered: 2, up: 0 };
  return (states[member.state] || 0) + (member.flags.length > 0 ? 1 : 0);
}

// "shard 2 is lost", "worker 1: straggler": one sentence per member in trouble, the worst first.
export function complaints({ shards, workers, run }) {
  if (run.stage === 'over') return [];
  const list = [];
  for (const [members, name, tab] of [[shards, 'shard', 'shards'], [workers, 'worker', 'workers']]) {
    for (const member of members) {
      const gone = member.state === 'lost' || (member.state === 'absent' && run.stage !== 'waiting');
      if (!gone && member.flags.length === 0) continue;
      const text = gone ? (member.state === 'lost' ? 'lost' : 'never seen') : member.flags.join(', ');
      const why = gone ? '' : member.flags.map((flag) => FLAGS[flag] || flag).join('; ');
      list.push({ key: `${name} ${member[name]}`, text, why, tab, weight: trouble(member), bad: gone });
    }
  }
  return list.sort((one, other) => other.weight - one.weight);
}
