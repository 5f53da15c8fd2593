import { byteTicks, valueTicks } from './axis.ts';
import { rateChart } from './chart.ts';
import { byteRateText, durationText, objectRateText, objectsText, reportedTotal } from './figures.ts';
import { type Html, html } from './html.ts';
import type { Report } from './report.ts';

/** More steps than this cannot be told apart on a page. */
const mostStretches = 240;

type Stretch = { fromSeconds: number; seconds: number; objects: number; bytes: number };

/** The throughput on the migration's own time axis; neighbours are added up when there are very many. */
function stretchesOf(report: Report): Stretch[] {
  const beginMs = Date.parse(report.startedAt);
  const points = report.throughput
    .map((point) => ({ ...point, fromSeconds: (Date.parse(point.startedAt) - beginMs) / 1000 }))
    .sort((a, b) => a.fromSeconds - b.fromSeconds);
  const each = Math.max(1, Math.ceil(points.length / mostStretches));
  const stretches: Stretch[] = [];
  for (let at = 0; at < points.length; at += each) {
    const group = points.slice(at, at + each);
    const first = group[0];
    const last = group.at(-1);
    if (first === undefined || last === undefined) continue;
    const seconds = last.fromSeconds + last.seconds - first.fromSeconds;
    stretches.push({ fromSeconds: first.fromSeconds, seconds, ...reportedTotal(group) });
  }
  return stretches;
}

/** Seconds from the start of the migration to the last thing that the report shows. */
export function spanSecondsOf(report: Report): number {
  const beginMs = Date.parse(report.startedAt);
  const ends = [...report.throughput, ...report.states].map(
    ({ startedAt, seconds }) => (Date.parse(startedAt) - beginMs) / 1000 + seconds,
  );
  return ends.reduce((latest, end) => Math.max(latest, end), report.seconds);
}

/** The section that shows how fast objects and bytes arrived, on the time axis of the whole migration. */
export function renderThroughput(report: Report): Html {
  const stretches = stretchesOf(report);
  const total = reportedTotal(stretches);
  if (stretches.length === 0 || total.objects === 0) {
    return html`<section><h2>Throughput</h2><p class="quiet">No object was copied, so there is no throughput to show.</p></section>`;
  }
  const spanSeconds = spanSecondsOf(report);
  const busy = stretches.reduce((sum, { seconds }) => sum + seconds, 0);
  const objectRates = stretches.map((stretch) => stretch.objects / stretch.seconds);
  const byteRates = stretches.map((stretch) => stretch.bytes / stretch.seconds);
  const most = (rates: readonly number[]) => rates.reduce((highest, rate) => Math.max(highest, rate), 0);
  const bytesSaid = `Peak ${byteRateText(most(byteRates), 1)}, average while copying ${byteRateText(total.bytes, busy)}.`;
  const objectsSaid = `Peak ${objectRateText(most(objectRates), 1)}, average while copying ${objectRateText(total.objects, busy)}.`;
  const shapes = (rates: readonly number[]) =>
    stretches.map(({ fromSeconds, seconds }, at) => ({ fromSeconds, seconds, perSecond: rates[at] ?? 0 }));
  return html`<section><h2>Throughput</h2>
<p class="quiet">What workers reported as copied, averaged over each step, from the start of the migration. ${objectsText(total.objects)} in ${durationText(busy)} of copying; copies that were repeated count again.</p>
<div class="charts">
<figure><figcaption><b>Bytes per second</b> ${bytesSaid}</figcaption>${rateChart({
    id: 'bytes',
    title: 'Bytes per second over time',
    description: bytesSaid,
    stretches: shapes(byteRates),
    spanSeconds,
    valueTicks: byteTicks(most(byteRates)),
  })}</figure>
<figure><figcaption><b>Objects per second</b> ${objectsSaid}</figcaption>${rateChart({
    id: 'objects',
    title: 'Objects per second over time',
    description: objectsSaid,
    stretches: shapes(objectRates),
    spanSeconds,
    valueTicks: valueTicks(most(objectRates), 'objects/s'),
  })}</figure>
</div></section>`;
}
