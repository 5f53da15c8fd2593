/**
 * The style sheet of report.html. Outcomes differ in hue and in lightness, after the colour-blind safe palette of
 * Okabe and Ito, and are named wherever they are drawn; text meets WCAG AA on its background in both schemes.
 * Shapes are SVG, because browsers print fills but drop backgrounds.
 */
export const styles = `
:root{--page:#fff;--raised:#f5f7f9;--ink:#17212b;--soft:#52606d;--rule:#dde3e9;--grid:#e8ecf0;--edge:#0b5cad;--area:#cfe2f5;
--copied:#0b5cad;--unchanged:#4a97d2;--excluded:#8b97a3;--exception:#cf4a00;--open:#9375c4;
--success:#00694f;--success-soft:#e7f5f0;--attention:#9a4a00;--attention-soft:#fdf1e3;--failure:#b3201b;--failure-soft:#fdecea;--mark:#fde9b8;--mark-ink:#6b3a00}
@media screen and (prefers-color-scheme:dark){:root{--page:#11171e;--raised:#1a222b;--ink:#e9eef3;--soft:#a6b2be;--rule:#2d3843;--grid:#232d37;--edge:#63aef0;--area:#1d3d5c;
--copied:#3d8fe0;--unchanged:#a5d3f7;--excluded:#66727f;--exception:#f5853f;--open:#7d67a5;
--success:#5fd3ac;--success-soft:#12302a;--attention:#f7b267;--attention-soft:#35260f;--failure:#ff9a90;--failure-soft:#3b1a1a;--mark:#4f3b0b;--mark-ink:#ffdf95}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:60rem;margin:0 auto;padding:2rem 1.5rem 4rem}
h1,h2,h3,p,dl,dd,figure,ul{margin:0}
code{font:0.875em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;overflow-wrap:anywhere}
small{display:block;color:var(--soft);font-size:0.8125rem;font-weight:400}
.quiet{color:var(--soft)}
.masthead{display:flex;flex-wrap:wrap;gap:0 0.4rem;color:var(--soft);font-size:0.875rem;padding-bottom:1.25rem}
.masthead b{color:var(--ink)}
.masthead span{margin-left:auto;overflow-wrap:anywhere}
.verdict{border-radius:12px;padding:1.75rem 2rem 2rem;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.success{background:var(--success-soft);--tone:var(--success)}
.attention{background:var(--attention-soft);--tone:var(--attention)}
.failure{background:var(--failure-soft);--tone:var(--failure)}
.label{color:var(--tone);font-weight:600;display:flex;align-items:center;gap:0.5rem}
.symbol{display:inline-grid;place-items:center;width:1.5rem;height:1.5rem;border-radius:50%;border:2px solid var(--tone);font-size:0.875rem;line-height:1}
h1{font-size:clamp(1.6rem,1rem + 2.6vw,2.5rem);line-height:1.15;letter-spacing:-0.02em;font-weight:680;margin:0.75rem 0;text-wrap:balance;overflow-wrap:anywhere}
.meaning{font-size:1.0625rem;max-width:44rem;overflow-wrap:anywhere}
.next{margin-top:0.75rem;max-width:44rem}
.contradiction{margin-top:1rem;padding:0.75rem 1rem;border:2px solid var(--failure);border-radius:8px;color:var(--failure)}
.contradiction ul{padding-left:1.2rem}
.route{display:grid;grid-template-columns:1fr 1fr;gap:1.5rem;padding:1.5rem 0;border-bottom:1px solid var(--rule)}
dt{color:var(--soft);font-size:0.875rem}
.place{font-size:1rem;font-weight:600}
.route small{overflow-wrap:anywhere}
.figures{display:grid;grid-template-columns:repeat(4,1fr);gap:1.5rem;padding:1.5rem 0}
.figures b{display:block;font-size:1.625rem;line-height:1.25;letter-spacing:-0.015em;font-weight:640}
section{padding-top:2.5rem}
h2{font-size:1.375rem;line-height:1.25;letter-spacing:-0.01em;font-weight:640;margin-bottom:0.5rem;break-after:avoid}
h3{font-size:1.0625rem;line-height:1.3;font-weight:640;break-after:avoid}
.proof{padding-left:1.2rem;max-width:46rem}
.proof li{margin-top:0.35rem}
.proof li::marker{color:var(--soft)}
table{border-collapse:collapse;width:100%;margin-top:0.75rem}
caption{text-align:left;color:var(--soft);font-size:0.875rem;padding-bottom:0.35rem}
th,td{text-align:left;vertical-align:top;padding:0.5rem 0.75rem 0.5rem 0;border-bottom:1px solid var(--rule)}
th:last-child,td:last-child{padding-right:0}
thead th{font-size:0.8125rem;color:var(--soft);font-weight:500}
tbody th,tfoot th{font-weight:500}
tfoot tr:first-child>*{border-top:2px solid var(--soft)}
tfoot th,tfoot td{font-weight:640}
tr{break-inside:avoid}
thead th.number,.number{text-align:right}
.number{white-space:nowrap}
.swatch{margin-right:0.55rem}
.outcomes tbody th small{padding-left:1.3rem}
.named{white-space:nowrap}
.check{color:var(--success);font-weight:600}
b.failed{color:var(--failure);font-weight:600}
.stack{display:block;margin-top:1rem;border-radius:6px;overflow:hidden}
.stack rect{stroke:var(--page);stroke-width:1.5}
.fill-copied{fill:var(--copied)}.fill-unchanged{fill:var(--unchanged)}.fill-excluded{fill:var(--excluded)}.fill-exception{fill:var(--exception)}.fill-open{fill:var(--open)}
.kind{margin-top:1.5rem;padding-left:1rem;border-left:3px solid var(--exception)}
.kind .count{color:var(--soft);font-weight:500}
.advice{max-width:44rem}
.keys{table-layout:fixed;font-size:0.9375rem}
.keys td{overflow-wrap:anywhere}
.keys code{white-space:pre-wrap}
mark{background:var(--mark);color:var(--mark-ink);border-radius:3px;padding:0 0.15em;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.charts{display:grid;gap:1.75rem;margin-top:1rem}
figure{break-inside:avoid}
figcaption{font-size:0.9375rem;color:var(--soft)}
figcaption b{color:var(--ink);font-weight:600;margin-right:0.35rem}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:var(--soft);font-variant-numeric:tabular-nums}
.chart{display:block;overflow:visible}
.chart .tick{paint-order:stroke;stroke:var(--page);stroke-width:3px;stroke-linejoin:round}
.grid{stroke:var(--grid)}.base{stroke:var(--soft)}
.area{fill:var(--area)}.edge{fill:none;stroke:var(--edge);stroke-width:1.5}
.timeline th,.timeline td{vertical-align:middle}
.lanes{width:55%}
.lanes svg{display:block;overflow:visible}
.run{fill:var(--copied)}.run.failed{fill:var(--failure)}
.unseen-label{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--rule);color:var(--soft);font-size:0.875rem}
@media screen and (max-width:40rem){
main{padding:1.25rem 1rem 3rem}
.verdict{padding:1.25rem}
.masthead span{margin-left:0;width:100%}
.route{grid-template-columns:1fr;gap:1rem}
.figures{grid-template-columns:1fr 1fr}
.figures b{font-size:1.375rem}
.started{display:none}
.lanes{width:38%}
.lanes text{display:none}
.keys,.keys tbody,.keys tr,.keys td{display:block;width:100%}
.keys thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.keys td:first-child{border-bottom:0;padding-bottom:0}
.outcomes td,.outcomes th,.requests td,.requests th{padding-right:0.5rem}
.outcomes .share{display:none}
.outcomes td small{font-size:0.6875rem}
.keys caption{display:block}
}
@page{size:A4;margin:14mm}
@media print{
body{font-size:10.5pt}
main{max-width:none;padding:0}
section{padding-top:1.5rem}
.verdict{border:1px solid var(--tone)}
.figures b{font-size:1.3rem}
}
`;
