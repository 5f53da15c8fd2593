import { countText } from './figures.ts';
import { type Html, html } from './html.ts';
import { explainKind } from './phrases.ts';
import type { Report, ReportedException } from './report.ts';
import { visibleKey, visibleText } from './visible.ts';

/** A key in code style; what stands for unseen characters is marked, and bidi text cannot leave its box. */
export function renderKey(key: string): Html {
  return html`<code><bdi>${visibleKey(key).map(({ text, escaped }) => (escaped ? html`<mark>${text}</mark>` : text))}</bdi></code>`;
}

function captionOf(count: number, shown: number): string {
  if (shown < count) return `${countText(shown)} of ${countText(count)} objects of this kind`;
  return count === 1 ? 'The one object of this kind' : `All ${countText(count)} objects of this kind`;
}

function renderKind(kind: string, count: number, shown: readonly ReportedException[]): Html {
  const { title, advice } = explainKind(kind);
  const table =
    shown.length === 0
      ? html`<p class="quiet">None of them is among the first hundred.</p>`
      : html`<table class="keys"><caption>${captionOf(count, shown.length)}</caption>
<thead><tr><th scope="col">Key</th><th scope="col">Reason</th></tr></thead>
<tbody>${shown.map(
          ({ key, reason }) => html`<tr><td>${renderKey(key)}</td><td>${visibleText(reason)}</td></tr>
`,
        )}</tbody></table>`;
  return html`<div class="kind"><h3>${visibleText(title)} <span class="count">${countText(count)}</span></h3><p class="advice">${advice}</p><p class="quiet">Kind <code>${visibleText(kind)}</code></p>${table}</div>`;
}

/** The section of objects that need a decision: by kind, with advice and keys; null when there are none. */
export function renderExceptions(report: Report): Html | null {
  const byKind = Map.groupBy(report.exceptions, ({ kind }) => kind as string);
  const counts = new Map(Object.entries(report.exceptionKinds));
  for (const [kind, shown] of byKind) if (!counts.has(kind)) counts.set(kind, shown.length);
  if (counts.size === 0) return null;
  const kinds = [...counts].sort(([, a], [, b]) => b - a);
  const total = kinds.reduce((sum, [, count]) => sum + count, 0);
  const where =
    report.exceptionsFile === null
      ? null
      : html` All ${countText(total)} are in <code>${visibleText(report.exceptionsFile)}</code>, one JSON object a line, gzipped.`;
  return html`<section><h2>Exceptions</h2>
<p class="quiet">${total === 1 ? 'One object is' : `${countText(total)} objects are`} not at the destination as listed.${where} In a key, <mark>marked</mark> text stands for characters that cannot be seen or are easily misread, written as in JSON: <mark>\\n</mark> is a line feed, <mark>\\u0020</mark> a space at either end, <mark>\\\\</mark> a backslash.</p>
${kinds.map(([kind, count]) => renderKind(kind, count, byKind.get(kind) ?? []))}</section>`;
}
