/** A line of the log as JSON: level, time, the fields in their order, and the message. */
import type { Log } from '../domain/log.ts';

/** The start of the second that was written last, up to its point: lines of one second have the same. */
let latest = { second: Number.NaN, text: '' };

/** @param millis Unix time. @returns ISO 8601 with milliseconds, in UTC. */
function timeText(millis: number): string {
  const second = Math.floor(millis / 1000);
  if (second !== latest.second) latest = { second, text: new Date(second * 1000).toISOString().slice(0, 20) };
  return `${latest.text}${String(millis - second * 1000).padStart(3, '0')}Z`;
}

/** @param fields undefined ones are left out. Fields that JSON cannot hold leave a line with the reason. @param now Unix time in milliseconds. */
export function jsonLine(level: keyof Log, fields: object, message: string, now: number): string {
  const json = objectText(fields);
  const members = json === '{}' ? '' : `,${json.slice(1, -1)}`;
  return `{"level":"${level}","time":"${timeText(now)}"${members},"msg":${JSON.stringify(message)}}\n`;
}

function objectText(fields: object): string {
  try {
    return JSON.stringify(fields);
  } catch (error) {
    return JSON.stringify({ unwritable_fields: (error as Error).message });
  }
}
