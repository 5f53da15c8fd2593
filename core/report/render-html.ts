import { textFromBytes } from '../byte-size.ts';
import {
  byteRateText,
  countText,
  durationText,
  momentText,
  objectRateText,
  reportedTotal,
} from './figures.ts';
import { type Html, html, trustedHtml } from './html.ts';
import { contradictions, proofSentences } from './proof.ts';
import { renderExceptions } from './render-exceptions.ts';
import { renderOutcomes } from './render-outcomes.ts';
import { renderRequests } from './render-requests.ts';
import { renderThroughput } from './render-throughput.ts';
import { renderTimeline } from './render-timeline.ts';
import type { Report } from './report.ts';
import { styles } from './styles.ts';
import { type Verdict, verdictOf } from './verdict.ts';
import { visibleText } from './visible.ts';

const symbols: Readonly<Record<Verdict['tone'], string>> = { success: '✓', attention: '!', failure: '✕' };

function renderRoute({ source, destination }: Report): Html {
  const place = (
    side: string,
    at: { bucket: string; prefix: string; endpoint: string | null } | null,
    details: readonly (string | null)[],
  ) =>
    html`<div><dt>${side}</dt>${
      at === null
        ? html`<dd class="quiet">Not known</dd>`
        : html`<dd><code class="place">${visibleText(`${at.bucket}/${at.prefix}`)}</code><small>${visibleText(details.filter((detail) => detail !== null).join(' · '))}</small></dd>`
    }</div>`;
  return html`<dl class="route">${place('From', source, [source?.provider ?? null, source?.endpoint ?? null])}${place(
    'To',
    destination,
    [
      destination?.region ?? null,
      destination?.storageClass ?? 'default storage class',
      destination?.endpoint ?? null,
    ],
  )}</dl>`;
}

function renderFigures(report: Report): Html {
  const { verification: proof, seconds } = report;
  const failed = report.status === 'FAILED';
  const copied = failed ? reportedTotal(report.throughput) : report.outcomes.copied;
  const proven =
    proof.rounds === 0
      ? ['Nothing', 'verification not reached']
      : [
          countText(proof.verified),
          proof.verified === 0
            ? 'nothing to prove'
            : (
                [
                  [proof.provenByChecksum, 'by checksum'],
                  [proof.provenByContent, 'by content'],
                  [proof.provenBySize, 'by size only'],
                ] as const
              )
                .filter(([count]) => count > 0)
                .map(([count, how]) => `${countText(count)} ${how}`)
                .join(', '),
        ];
  const figure = (name: string, value: string, detail: string) =>
    html`<div><dt>${name}</dt><dd><b>${value}</b><small>${detail}</small></dd></div>`;
  const copiedWord = failed ? 'Reported as copied' : 'Copied';
  return html`<dl class="figures">${figure(copiedWord, textFromBytes(copied.bytes), `${countText(copied.objects)} ${copied.objects === 1 ? 'object' : 'objects'}`)}${figure(
    'Took',
    durationText(seconds),
    `until ${momentText(report.finishedAt)}`,
  )}${figure('Average rate', byteRateText(copied.bytes, seconds), seconds > 0 ? `${objectRateText(copied.objects, seconds)}, start to end` : 'no time passed')}${figure('Proven', proven[0] ?? '', proven[1] ?? '')}</dl>`;
}

function renderVerdict(report: Report, verdict: Verdict): Html {
  const lines = verdict.meaning.split('\n').map((line) => html`<p class="meaning">${visibleText(line)}</p>`);
  const wrong = contradictions(report);
  return html`<header class="verdict ${verdict.tone}">
<p class="label"><span class="symbol" aria-hidden="true">${symbols[verdict.tone]}</span>${verdict.label}</p>
<h1>${visibleText(verdict.headline)}</h1>
${lines}${verdict.next === null ? null : html`<p class="next"><b>What to do.</b> ${verdict.next}</p>`}${
  wrong.length === 0
    ? null
    : html`<div class="contradiction"><p><b>Do not rely on this report: its numbers contradict each other.</b></p><ul>${wrong.map((line) => html`<li>${line}</li>`)}</ul></div>`
}</header>`;
}

/**
 * report.html: the report as one page that needs nothing else (no script, no font, no network), for a screen in
 * light or dark, a phone, or A4 paper. Every text that comes from outside is escaped.
 */
export function renderReport(report: Report): string {
  const verdict = verdictOf(report);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${visibleText(verdict.headline)} · ${visibleText(report.migration)}</title>
<style>${trustedHtml(styles)}</style>
</head>
<body>
<main>
<p class="masthead"><b>Drover</b> migration report <span>${visibleText(report.migration)}</span></p>
${renderVerdict(report, verdict)}
${renderRoute(report)}
${renderFigures(report)}
<section><h2>What is proven, and how</h2><ul class="proof">${proofSentences(report).map((sentence) => html`<li>${sentence}</li>`)}</ul></section>
${renderExceptions(report)}
${renderOutcomes(report)}
${renderThroughput(report)}
${renderTimeline(report)}
${renderRequests(report)}
<footer><p>Migration <code>${visibleText(report.migration)}</code> ran from ${momentText(report.startedAt)} to ${momentText(report.finishedAt)}. Outcomes and proof come from comparing the source inventory with a fresh listing of the destination, never from counters. The same facts, for machines, are in report.json beside this page. Sizes are in binary units (1 KiB = 1,024 B).</p></footer>
</main>
</body>
</html>
`.text;
}
