/** Numbers and times for people. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Three significant digits at most. */
const short = (value: number): string =>
  value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(value >= 10 ? 1 : 2);

function unitOf(bytes: number): number {
  let unit = 0;
  while (unit < UNITS.length - 1 && bytes >= 1000 * 1024 ** unit) unit++;
  return unit;
}

const inUnit = (bytes: number, unit: number): string => short(bytes / 1024 ** unit);

export function showBytes(bytes: number): string {
  const unit = unitOf(bytes);
  return `${inUnit(bytes, unit)} ${UNITS[unit]}`;
}

/** Both in the unit of the larger number. */
export function showBytesOf(bytes: number, total: number): string {
  const unit = unitOf(Math.max(bytes, total));
  return `${inUnit(bytes, unit)} of ${inUnit(total, unit)} ${UNITS[unit]}`;
}

export const showRate = (bytesPerSecond: number): string => `${showBytes(bytesPerSecond)}/s`;

export function showSeconds(seconds: number): string {
  if (seconds === 0) return '0 s';
  if (seconds < 0.0005) return `${Math.round(seconds * 1e6)} µs`;
  if (seconds < 0.9995) return `${short(seconds * 1000)} ms`;
  if (seconds < 60) return `${short(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Whole seconds below a minute: for ages, which change each second. */
export const showAge = (seconds: number): string =>
  seconds < 60 ? `${Math.max(0, Math.floor(seconds))} s` : showSeconds(seconds);

const TIME = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

export const showTime = (at: number): string => TIME.format(at);

export const showDay = (at: number): string => DAY.format(at);

/** With milliseconds. */
export const showInstant = (at: number): string =>
  `${DAY.format(at)}, ${TIME.format(at)}.${String(Math.floor(at % 1000)).padStart(3, '0')}`;

export const showCount = (count: number, one: string, several = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : several}`;
