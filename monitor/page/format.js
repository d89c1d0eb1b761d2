// Numbers as people read them. What is not known (null) is an en dash everywhere.

const NONE = '–';

const known = (value) => typeof value === 'number' && Number.isFinite(value);

// Whole numbers below 10,000 as they are, larger ones with three digits: 1.83M.
export function count(value) {
  if (!known(value)) return NONE;
  let size = Math.abs(value);
  if (size < 9999.5) return size < 99.95 && !Number.isInteger(value) ? value.toFixed(1) : Math.round(value).toLocaleString('en');
  let unit = -1;
  while (size >= 999.5) {
    size /= 1000;
    unit++;
  }
  return (value < 0 ? '-' : '') + threeDigits(size) + 'kMGTP'[unit];
}

export function bytes(value) {
  if (!known(value)) return NONE;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : threeDigits(value)} ${units[unit]}`;
}

function threeDigits(value) {
  return value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

export function micros(value) {
  if (!known(value)) return NONE;
  if (value < 999.5) return `${Math.round(value)} µs`;
  if (value < 999500) return `${threeDigits(value / 1000)} ms`;
  return `${threeDigits(value / 1e6)} s`;
}

export function percent(share) {
  return known(share) ? `${Math.round(share * 100)} %` : NONE;
}

export function times(ratio) {
  return known(ratio) ? `${ratio.toFixed(2)}×` : NONE;
}

export function loss(value) {
  return known(value) ? value.toFixed(4) : NONE;
}

// A learning rate: 4.1e-3, as the terminal writes it.
export function rate(value) {
  if (!known(value)) return NONE;
  return value === 0 ? '0' : value.toExponential(2).replace(/\.?0+e/, 'e').replace('e+', 'e');
}

// A stretch of time: 12 s, 3:07, 2:03:11.
export function span(seconds) {
  if (!known(seconds)) return NONE;
  if (seconds < 59.5) return seconds < 9.95 && seconds > 0 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
  return clock(seconds);
}

// A place in the run: 0:07, 2:03:11.
export function clock(seconds) {
  if (!known(seconds)) return NONE;
  const whole = Math.max(0, Math.round(seconds));
  const two = (number) => String(number).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export function signed(value) {
  return known(value) ? (value > 0 ? '+' : '') + value.toFixed(2) : NONE;
}

export function whole(value) {
  return known(value) ? Math.round(value).toLocaleString('en') : NONE;
}
