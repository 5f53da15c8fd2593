import { type Tick, timeTicks } from './axis.ts';
import { type Html, html } from './html.ts';

/** What one chart shows: the rate of each stretch, on a time axis that starts with the migration. */
export type RateChart = {
  id: string;
  title: string;
  description: string;
  stretches: readonly { fromSeconds: number; seconds: number; perSecond: number }[];
  spanSeconds: number;
  valueTicks: readonly Tick[];
};

const top = 18;
const plotHeight = 132;
const bottom = top + plotHeight;
/** The plot is drawn on 1,000 units and stretched to the width; the labels are not, so they stay readable. */
const width = 1000;

/** A coordinate with two decimals at most: a report of many points stays small. */
const round = (value: number) => Number(value.toFixed(2));

/** A place on the time axis as a percentage, never outside the axis. */
export const percentOf = (at: number, span: number) =>
  span > 0 ? round(Math.min(100, Math.max(0, (at / span) * 100))) : 0;

/** Where a label is anchored, so that the first and the last one stay inside the picture. */
const anchorOf = (percent: number) => (percent < 4 ? 'start' : percent > 92 ? 'end' : 'middle');

/** Labels of a time axis for an SVG without a view box, on the line `y`, at most `most` behind the first. */
export function timeLabels(spanSeconds: number, y: number, most: number): Html[] {
  return timeTicks(spanSeconds, most).map(({ at, label }) => {
    const percent = percentOf(at, spanSeconds);
    return html`<text class="tick" x="${percent}%" y="${y}" text-anchor="${anchorOf(percent)}">${label}</text>`;
  });
}

function outline(chart: RateChart, highest: number): string {
  const points: string[] = [`M0 ${plotHeight}`];
  let reached = 0;
  for (const { fromSeconds, seconds, perSecond } of chart.stretches) {
    const from = (percentOf(fromSeconds, chart.spanSeconds) / 100) * width;
    const to = (percentOf(fromSeconds + seconds, chart.spanSeconds) / 100) * width;
    const y = round(plotHeight - (perSecond / highest) * plotHeight);
    if (from - reached > 0.2) points.push(`H${round(reached)} V${plotHeight} H${round(from)}`);
    points.push(`V${y} H${round(to)}`);
    reached = to;
  }
  return `${points.join(' ')} V${plotHeight}`;
}

/** An area chart in steps, one step a stretch: the height is the average of the stretch, never smoothed. */
export function rateChart(chart: RateChart): Html {
  const highest = chart.valueTicks.at(-1)?.at ?? 1;
  const path = outline(chart, highest);
  const lines = chart.valueTicks.map(({ at, label }) => {
    const y = round(bottom - (at / highest) * plotHeight);
    return html`<line class="grid" x1="0" x2="100%" y1="${y}" y2="${y}"/><text class="tick" x="0" y="${y - 4}">${label}</text>`;
  });
  return html`<svg class="chart ${chart.id}" width="100%" height="${bottom + 22}" role="img" aria-labelledby="${chart.id}-title ${chart.id}-description">
<title id="${chart.id}-title">${chart.title}</title><desc id="${chart.id}-description">${chart.description}</desc>
<svg x="0" y="${top}" width="100%" height="${plotHeight}" viewBox="0 0 ${width} ${plotHeight}" preserveAspectRatio="none">
<path class="area" d="${path} Z"/><path class="edge" d="${path}" vector-effect="non-scaling-stroke"/></svg>
${lines}<line class="base" x1="0" x2="100%" y1="${bottom}" y2="${bottom}"/>${timeLabels(chart.spanSeconds, bottom + 16, 6)}
</svg>`;
}
