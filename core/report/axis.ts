import { durationText } from './figures.ts';

/** A mark on an axis: where it is, in the axis' own unit, and what it says. */
export type Tick = { at: number; label: string };

const timeSteps = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200,
  86_400, 172_800, 259_200, 432_000, 864_000, 2_592_000, 8_640_000,
];

/** Marks for a span of seconds from 0 on round durations, at most `most` of them behind the first. */
export function timeTicks(spanSeconds: number, most: number): Tick[] {
  if (spanSeconds <= 0) return [{ at: 0, label: '0' }];
  const step = timeSteps.find((seconds) => spanSeconds / seconds <= most + 0.5) ?? spanSeconds / most;
  const ticks: Tick[] = [];
  for (let count = 0; count * step <= spanSeconds * 1.000_001; count += 1) {
    ticks.push({ at: count * step, label: count === 0 ? '0' : durationText(count * step) });
  }
  return ticks;
}

function roundStep(highest: number): number {
  const rough = highest / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= rough) ?? 10;
  return factor * power;
}

/** Marks from above 0 to the first one not below `highest`, three or four of them, labelled in `unit`. */
export function valueTicks(highest: number, unit: string, scale = 1): Tick[] {
  if (highest <= 0) return [{ at: 1 * scale, label: `1 ${unit}` }];
  const step = roundStep(highest / scale);
  const ticks: Tick[] = [];
  for (let count = 1; count === 1 || (count - 1) * step * scale < highest; count += 1) {
    const value = Number((count * step).toPrecision(6));
    const text = value >= 1000 ? String(value).replace(/\B(?=(\d{3})+$)/g, ',') : String(value);
    ticks.push({ at: value * scale, label: `${text} ${unit}` });
  }
  return ticks;
}

/** Marks for a byte rate, in the binary unit in which the highest value is at least 1. */
export function byteTicks(highest: number): Tick[] {
  const units = ['B/s', 'KiB/s', 'MiB/s', 'GiB/s', 'TiB/s'];
  let unit = 0;
  while (highest / 1024 ** unit >= 1024 && unit < units.length - 1) unit += 1;
  return valueTicks(highest, units[unit] ?? 'B/s', 1024 ** unit);
}
