/** The looks of the registration elements. Everything that a page may change is a custom property (theme.css) or a part. */

import { styleSheet } from "../base.ts";

const STYLE = `
:host {
  display: block;
  --ink: var(--countersign-ink, light-dark(#1a1f2b, #eceae4));
  --muted: var(--countersign-muted, light-dark(#565d6d, #a9b0bd));
  --surface: var(--countersign-surface, light-dark(#ffffff, #1b212b));
  --line: var(--countersign-line, light-dark(#dfdacf, #303948));
  --edge: var(--countersign-edge, light-dark(#868272, #7c8698));
  --accent: var(--countersign-accent, light-dark(#1a1f2b, #eceae4));
  --on-accent: var(--countersign-on-accent, light-dark(#ffffff, #11151c));
  --good: var(--countersign-good, light-dark(#186238, #8bd6a8));
  --warn: var(--countersign-warn, light-dark(#835000, #f1bd64));
  --bad: var(--countersign-bad, light-dark(#a01b2d, #ff9ea6));
  --radius: var(--countersign-radius, 0.75rem);
  --gap: var(--countersign-gap, 1rem);
}
:host([hidden]), [hidden] { display: none !important; }
*, *::before, *::after { box-sizing: border-box; }
.panel { background: var(--surface); color: var(--ink); border: 1px solid var(--line); border-radius: var(--radius);
  max-inline-size: var(--countersign-width, 40rem); padding: calc(1.25 * var(--gap)); font: var(--countersign-font, inherit); line-height: 1.5; overflow-wrap: anywhere; hyphens: auto;
  display: grid; gap: var(--gap); grid-template-columns: minmax(0, 1fr); }
.steps { display: grid; gap: var(--gap); grid-template-columns: minmax(0, 1fr); }
h2, h3, p, dl, dd, ul, fieldset { margin: 0; padding: 0; }
h2 { font: inherit; font-size: 1.25em; font-weight: 650; line-height: 1.3; text-wrap: balance; }
h3 { font: inherit; font-weight: 650; }
h2:focus, h3:focus, .end:focus { outline: none; }
.hint { color: var(--muted); font-size: 0.9375em; }
.time { color: var(--muted); font-size: 0.9375em; font-variant-numeric: tabular-nums; }
.time:empty, .fault:empty { display: none; }
label.name { display: block; font-weight: 600; margin-block-end: 0.375rem; }
input[type="tel"], input[type="text"] { inline-size: 100%; min-block-size: 2.75rem; padding: 0.5rem 0.75rem; font: inherit; font-size: max(1rem, 1em);
  color: var(--ink); background: var(--surface); border: 1px solid var(--edge); border-radius: calc(var(--radius) * 0.75); }
input.code { letter-spacing: 0.25em; font-variant-numeric: tabular-nums; max-inline-size: 14rem; }
input[aria-invalid="true"] { border-color: var(--bad); border-width: 2px; }
.row { display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; align-items: center; }
:where(button, a.button) { font: inherit; font-weight: 600; min-block-size: 2.75rem; padding: 0.5rem 1.125rem; border-radius: calc(var(--radius) * 0.75);
  border: 1px solid transparent; cursor: pointer; display: inline-flex; align-items: center; justify-content: center; text-align: center;
  text-decoration: none; max-inline-size: 100%; }
.primary { background: var(--accent); color: var(--on-accent); }
.secondary { background: transparent; color: var(--ink); border-color: var(--edge); }
.plain { background: transparent; color: var(--ink); padding-inline: 0.25rem; text-decoration: underline; text-underline-offset: 0.2em; }
button[disabled] { cursor: default; background: transparent; color: var(--muted); border: 1px dashed var(--edge); text-decoration: none; }
:where(a) { color: inherit; text-underline-offset: 0.2em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.fault { color: var(--bad); font-weight: 600; display: flex; gap: 0.5rem; align-items: flex-start; }
.sandbox { border: 1px dashed var(--edge); border-radius: calc(var(--radius) * 0.75); padding: 0.5rem 0.75rem; font-size: 0.9375em; color: var(--muted); }
.icon { inline-size: 1.5em; block-size: 1.5em; flex: none; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round; }
.head { display: flex; gap: 0.625rem; align-items: flex-start; }
.head .icon { margin-block-start: 0.05em; }
.head.good .icon, .end.good .icon { color: var(--good); }
.head.limited .icon { color: var(--warn); }
.head.act .icon, .end.act .icon { color: var(--bad); }
.head.unknown .icon { color: var(--muted); }
.head p { color: var(--muted); font-weight: 400; font-size: 0.9375em; }
.facts { display: grid; gap: 0; border-block-end: 1px solid var(--line); }
.facts > div { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.125rem 1rem; padding-block: 0.5rem; border-block-start: 1px solid var(--line); }
dt { color: var(--muted); }
dd { display: inline-flex; gap: 0.375rem; align-items: flex-start; font-weight: 600; }
dd .icon { inline-size: 1.25em; block-size: 1.25em; margin-block-start: 0.125em; }
dd.good .icon { color: var(--good); }
dd.limited .icon { color: var(--warn); }
dd.act .icon { color: var(--bad); }
.todo { display: grid; gap: 0.5rem; }
.end { display: flex; gap: 0.625rem; align-items: flex-start; font-weight: 600; }
fieldset { border: 1px solid var(--line); border-radius: calc(var(--radius) * 0.75); padding: 0.75rem 1rem; display: grid; gap: 0.625rem; min-inline-size: 0; }
legend { font-weight: 650; padding-inline: 0.25rem; margin-inline-start: -0.25rem; }
ul { list-style: none; display: grid; gap: 0.25rem; }
ul.points { list-style: disc; padding-inline-start: 1.25rem; }
li a { display: inline-block; padding-block: 0.25rem; }
label.tick { display: flex; gap: 0.625rem; align-items: flex-start; cursor: pointer; min-block-size: 2.75rem; padding-block: 0.5rem; }
label.tick input { inline-size: 1.375rem; block-size: 1.375rem; margin: 0.0625rem 0 0; flex: none; accent-color: var(--accent); }
.risk { border-inline-start: 4px solid var(--warn); padding-inline-start: 0.75rem; display: grid; gap: 0.25rem; }
iframe { inline-size: 100%; block-size: 27rem; border: 1px solid var(--line); border-radius: calc(var(--radius) * 0.75); background: #fff; }
details > summary { cursor: pointer; font-weight: 600; min-block-size: 2.75rem; padding-block: 0.625rem; }
details[open] > summary { margin-block-end: 0.25rem; }
.busy { inline-size: 1.5rem; block-size: 1.5rem; border-radius: 50%; border: 3px solid var(--line); border-block-start-color: var(--accent); animation: turn 1s linear infinite; flex: none; }
@keyframes turn { to { transform: rotate(1turn); } }
@media (prefers-reduced-motion: reduce) { .busy { animation: none; } }
.heard { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;

let sheet: CSSStyleSheet | undefined;

export function registrationSheet(): CSSStyleSheet {
  sheet ??= styleSheet(STYLE);
  return sheet;
}
