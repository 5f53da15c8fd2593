import { textFromBytes } from '../byte-size.ts';
import type { Tally } from '../transfer/outcome.ts';

/** A whole number with thousands separators: 1,204,332. */
export function countText(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** "1 object", "2,143 objects". */
export function objectsText(objects: number): string {
  return `${countText(objects)} ${objects === 1 ? 'object' : 'objects'}`;
}

/** A part of a whole. Rounding never claims all ("> 99.9 %") or nothing ("< 0.1 %") where there is a rest. */
export function shareText(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0 %';
  if (part === whole) return '100 %';
  const percent = (part / whole) * 100;
  if (percent < 0.1) return '< 0.1 %';
  if (percent > 99.9 && percent < 100) return '> 99.9 %';
  return `${percent.toFixed(1)} %`;
}

const pair = (large: number, largeUnit: string, small: number, smallUnit: string) =>
  small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;

/** Seconds as people say them, in at most two units: "0.4 s", "12 min 5 s", "1 h 12 min", "3 d 4 h". */
export function durationText(seconds: number): string {
  if (seconds <= 0) return '0 s';
  if (seconds < 0.05) return '< 0.1 s';
  if (seconds < 9.95) return `${seconds.toFixed(1).replace(/\.0$/, '')} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(Math.floor(whole / 60), 'min', whole % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return pair(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(seconds / 3600);
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** Bytes a second, or "–" when no time passed. */
export function byteRateText(bytes: number, seconds: number): string {
  return seconds > 0 ? `${textFromBytes(Math.round(bytes / seconds))}/s` : '–';
}

/** Objects a second, or "–" when no time passed; one decimal below ten. */
export function objectRateText(objects: number, seconds: number): string {
  if (seconds <= 0) return '–';
  const rate = objects / seconds;
  if (rate > 0 && rate < 0.05) return '< 0.1 objects/s';
  const text = rate < 9.95 ? rate.toFixed(1).replace(/\.0$/, '') : countText(rate);
  return `${text} objects/s`;
}

/** The sum of the objects and bytes that workers reported over time. A counter: for rates, never for a verdict. */
export function reportedTotal(points: readonly Tally[]): Tally {
  return points.reduce<Tally>(
    (sum, point) => ({ objects: sum.objects + point.objects, bytes: sum.bytes + point.bytes }),
    { objects: 0, bytes: 0 },
  );
}

/** A moment of an ISO 8601 text as "2026-11-23 08:21:22 UTC". */
export function momentText(iso: string): string {
  return `${new Date(iso).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
