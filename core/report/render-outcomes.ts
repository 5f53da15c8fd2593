import { textFromBytes } from '../byte-size.ts';
import type { Tally } from '../transfer/outcome.ts';
import { countText, objectsText, shareText } from './figures.ts';
import { type Html, html } from './html.ts';
import type { Report } from './report.ts';

type Line = { id: string; name: string; meaning: string; tally: Tally };

function linesOf(report: Report): Line[] {
  const { copied, unchanged, excluded, exception } = report.outcomes;
  const lines: Line[] = [
    { id: 'copied', name: 'Copied', meaning: 'moved by this migration', tally: copied },
    { id: 'unchanged', name: 'Unchanged', meaning: 'at the destination already', tally: unchanged },
    { id: 'excluded', name: 'Excluded', meaning: 'not selected by the request', tally: excluded },
    { id: 'exception', name: 'Exception', meaning: 'not at the destination as listed', tally: exception },
  ];
  const open = {
    objects: report.listed.objects - lines.reduce((sum, { tally }) => sum + tally.objects, 0),
    bytes: report.listed.bytes - lines.reduce((sum, { tally }) => sum + tally.bytes, 0),
  };
  if (report.status === 'FAILED' && open.objects > 0 && open.bytes >= 0) {
    lines.push({
      id: 'open',
      name: 'Open',
      meaning: 'listed, no verdict before the failure',
      tally: open,
    });
  }
  return lines;
}

/** The least width of a segment, in percent: three exceptions in a billion objects must be seen. */
const sliver = 0.8;

function stackedBar(lines: readonly Line[], listed: number): Html | null {
  const shown = lines.filter(({ tally }) => tally.objects > 0);
  if (listed === 0 || shown.length === 0) return null;
  const raw = shown.map(({ tally }) => Math.max(sliver, (tally.objects / listed) * 100));
  const whole = raw.reduce((sum, share) => sum + share, 0);
  const said = shown
    .map(({ name, tally }) => `${name} ${countText(tally.objects)} (${shareText(tally.objects, listed)})`)
    .join(', ');
  let from = 0;
  return html`<svg class="stack" width="100%" height="28" role="img" aria-labelledby="stack-title stack-description"><title id="stack-title">Listed objects by outcome</title><desc id="stack-description">${said}. Very small shares are drawn wider, so that they can be seen.</desc>${shown.map(
    ({ id }, at) => {
      const share = ((raw[at] ?? 0) / whole) * 100;
      const x = from;
      from += share;
      return html`<rect class="fill-${id}" x="${x.toFixed(3)}%" y="0" width="${share.toFixed(3)}%" height="28"/>`;
    },
  )}</svg>`;
}

const bytesCell = (bytes: number) =>
  html`<td class="number">${textFromBytes(bytes)}${bytes < 1024 ? null : html`<small>${countText(bytes)} B</small>`}</td>`;

function introOf(report: Report): string {
  const listed = objectsText(report.listed.objects);
  if (report.listed.objects === 0) return 'The source listing shows no object.';
  if (report.status === 'FAILED') {
    return `The source listing had shown ${listed} when the migration failed. What has no outcome yet is open.`;
  }
  return `The source listing shows ${listed}. Each of them has exactly one outcome.`;
}

/** Whether outcomes and listing agree; said only where they were counted apart, which an open rest is not. */
function checkOf(lines: readonly Line[], sum: Tally, listed: Tally): Html | null {
  if (lines.some(({ id }) => id === 'open')) return null;
  return sum.objects === listed.objects && sum.bytes === listed.bytes
    ? html`<small class="check">✓ equals the sum</small>`
    : html`<small><b class="failed">✕ does not equal the sum</b></small>`;
}

/** The section that accounts for every listed object: each in one outcome, and their sum against the listing. */
export function renderOutcomes(report: Report): Html {
  const lines = linesOf(report);
  const sum: Tally = {
    objects: lines.reduce((objects, { tally }) => objects + tally.objects, 0),
    bytes: lines.reduce((bytes, { tally }) => bytes + tally.bytes, 0),
  };
  const { listed } = report;
  const share = (objects: number) =>
    html`<td class="number share">${shareText(objects, listed.objects)}</td>`;
  const open = lines.some(({ id }) => id === 'open');
  const title =
    report.status === 'FAILED' ? 'Listed objects by outcome' : 'Every listed object, accounted for';
  return html`<section><h2>${title}</h2>
<p class="quiet">${introOf(report)}</p>${stackedBar(lines, listed.objects)}
<table class="outcomes"><caption>Objects and bytes by outcome</caption>
<thead><tr><th scope="col">Outcome</th><th scope="col" class="number">Objects</th><th scope="col" class="number share">Share</th><th scope="col" class="number">Size</th></tr></thead>
<tbody>${lines.map(
    ({ id, name, meaning, tally }) =>
      html`<tr><th scope="row"><span class="named"><svg class="swatch" width="12" height="12" aria-hidden="true"><rect class="fill-${id}" width="12" height="12" rx="2"/></svg>${name}</span><small>${meaning}</small></th><td class="number">${countText(tally.objects)}</td>${share(tally.objects)}${bytesCell(tally.bytes)}</tr>
`,
  )}</tbody>
<tfoot><tr><th scope="row">${open ? 'Sum with the open ones' : 'Sum of outcomes'}</th><td class="number">${countText(sum.objects)}</td>${share(sum.objects)}${bytesCell(sum.bytes)}</tr>
<tr><th scope="row">Listed at the source${checkOf(lines, sum, listed)}</th><td class="number">${countText(listed.objects)}</td>${share(listed.objects)}${bytesCell(listed.bytes)}</tr></tfoot></table></section>`;
}
