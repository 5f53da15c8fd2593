import { countText } from './figures.ts';
import { type Html, html } from './html.ts';
import type { Report } from './report.ts';
import { visibleText } from './visible.ts';

const sumOf = (requests: Readonly<Record<string, number>>) =>
  Object.values(requests).reduce((sum, count) => sum + count, 0);

/** The section that counts requests by operation, on each side: what both providers bill. */
export function renderRequests(report: Report): Html {
  const { source, destination } = report.requests;
  const operations = [...new Set([...Object.keys(source), ...Object.keys(destination)])];
  if (operations.length === 0) {
    return html`<section><h2>Requests</h2><p class="quiet">No request was counted.</p></section>`;
  }
  const of = (operation: string) => (source[operation] ?? 0) + (destination[operation] ?? 0);
  operations.sort((a, b) => of(b) - of(a) || (a < b ? -1 : 1));
  const cell = (count: number | undefined) => html`<td class="number">${countText(count ?? 0)}</td>`;
  return html`<section><h2>Requests</h2>
<table class="requests"><caption>Requests made to each side, by the operation they are billed as. Those of the SDK are counted; those of rclone are derived from its measured request pattern, retries excluded.</caption>
<thead><tr><th scope="col">Operation</th><th scope="col" class="number">Source</th><th scope="col" class="number">Destination</th></tr></thead>
<tbody>${operations.map(
    (
      operation,
    ) => html`<tr><th scope="row">${visibleText(operation)}</th>${cell(source[operation])}${cell(destination[operation])}</tr>
`,
  )}</tbody>
<tfoot><tr><th scope="row">Together</th>${cell(sumOf(source))}${cell(sumOf(destination))}</tr></tfoot></table></section>`;
}
