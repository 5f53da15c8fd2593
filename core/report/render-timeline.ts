import { percentOf, timeLabels } from './chart.ts';
import { durationText } from './figures.ts';
import { type Html, html } from './html.ts';
import { spanSecondsOf } from './render-throughput.ts';
import type { Report } from './report.ts';
import { visibleText } from './visible.ts';

type Row = { name: string; runs: { fromSeconds: number; seconds: number }[] };

function rowsOf(report: Report): Row[] {
  const beginMs = Date.parse(report.startedAt);
  const rows = new Map<string, Row>();
  for (const { name, startedAt, seconds } of report.states) {
    const row = rows.get(name) ?? { name, runs: [] };
    row.runs.push({ fromSeconds: Math.max(0, (Date.parse(startedAt) - beginMs) / 1000), seconds });
    rows.set(name, row);
  }
  return [...rows.values()];
}

function bars(row: Row, spanSeconds: number, failed: boolean): Html {
  return html`<svg class="lane" width="100%" height="16" aria-hidden="true"><line class="grid" x1="0" x2="100%" y1="8" y2="8"/>${row.runs.map(
    ({ fromSeconds, seconds }) => {
      // A state of a moment in a run of weeks still has to be seen, also at the very end of the lane.
      const share = Math.max(0.6, percentOf(seconds, spanSeconds));
      const from = Math.min(percentOf(fromSeconds, spanSeconds), 100 - share);
      return html`<rect class="${failed ? 'run failed' : 'run'}" x="${Number(from.toFixed(2))}%" width="${share}%" y="2" height="12" rx="2"/>`;
    },
  )}</svg>`;
}

/** The section that shows which states the migration went through, when, and for how long. */
export function renderTimeline(report: Report): Html {
  const rows = rowsOf(report);
  if (rows.length === 0) {
    return html`<section><h2>States</h2><p class="quiet">The migration entered no state.</p></section>`;
  }
  const spanSeconds = spanSecondsOf(report);
  return html`<section><h2>States</h2>
<table class="timeline"><caption>When each state of the migration ran, counted from its start</caption>
<thead><tr><th scope="col">State</th><th scope="col" class="lanes"><span class="unseen-label">Timeline</span><svg width="100%" height="16" aria-hidden="true">${timeLabels(spanSeconds, 12, 4)}</svg></th><th scope="col" class="number started">Started after</th><th scope="col" class="number">Took</th></tr></thead>
<tbody>${rows.map((row) => {
    const failed = report.status === 'FAILED' && row.name === report.error?.state;
    const took = row.runs.reduce((sum, { seconds }) => sum + seconds, 0);
    const runs = row.runs.length > 1 ? html` <span class="quiet">${row.runs.length} times</span>` : null;
    return html`<tr><th scope="row">${visibleText(row.name)}${failed ? html` <b class="failed">✕ failed</b>` : null}${runs}</th><td class="lanes">${bars(row, spanSeconds, failed)}</td><td class="number started">${durationText(row.runs[0]?.fromSeconds ?? 0)}</td><td class="number">${durationText(took)}</td></tr>
`;
  })}</tbody></table></section>`;
}
