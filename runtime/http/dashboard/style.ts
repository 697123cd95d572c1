/** Light and dark by the system's preference; one column on phones, two beside each other from 60rem. */
export const PAGE_CSS = `:root {
  --bg: #f5f6f4; --panel: #fff; --line: #dfe3de; --text: #1c2321; --soft: #5a6662;
  --accent: #1f7a5c; --accent-text: #fff; --tint: #e6f2ec;
  --ok: #1f7a3d; --warn: #8a5a00; --bad: #b3261e; --info: #2f5fa8; --violet: #6b4fa0;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #14171a; --panel: #1c2024; --line: #31383d; --text: #e7ecea; --soft: #a3aeaa;
    --accent: #58c79e; --accent-text: #0c1411; --tint: #1f332c;
    --ok: #6fd08c; --warn: #e5b454; --bad: #ff8a80; --info: #8ab4f8; --violet: #c3a9f4;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--bg); color: var(--text); font: 16px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; overflow-wrap: anywhere; }
h1, h2, h3, p, ul, ol { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h1 { font-size: 1.15rem; letter-spacing: -0.01em; }
h1 span { color: var(--soft); font-weight: 400; }
h2 { font-size: 1rem; }
h3 { font-size: 0.85rem; color: var(--soft); font-weight: 600; margin-bottom: 0.35rem; }
code { font-family: var(--mono); font-size: 0.9em; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 0.5rem; top: 0.5rem; background: var(--panel); padding: 0.5rem 1rem; z-index: 2; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }

.top { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; justify-content: space-between; padding: 0.7rem clamp(0.75rem, 3vw, 2rem); background: var(--panel); border-bottom: 1px solid var(--line); position: sticky; top: 0; z-index: 1; }
.brand { display: flex; gap: 0.6rem; align-items: center; }
.brand path { stroke: var(--accent); stroke-width: 3; }
.brand circle { fill: var(--accent); }
.health { position: relative; font-size: 0.9rem; }
.health summary { cursor: pointer; display: flex; align-items: center; gap: 0.5rem; padding: 0.35rem 0.8rem; border: 1px solid var(--line); border-radius: 2rem; list-style: none; }
.health summary::-webkit-details-marker { display: none; }
.health summary::after { content: "▾"; color: var(--soft); }
.health-parts { position: absolute; right: 0; top: calc(100% + 0.4rem); width: min(24rem, calc(100vw - 1.5rem)); max-height: 70vh; overflow: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 0.6rem; padding: 0.8rem 1rem; box-shadow: 0 0.5rem 1.5rem rgb(0 0 0 / 0.18); }
.health-parts li { display: grid; grid-template-columns: auto 1fr; gap: 0 0.6rem; padding: 0.25rem 0; align-items: baseline; }
.health-parts li span:last-child { grid-column: 2; color: var(--soft); font-size: 0.85rem; }
#about { border-top: 1px solid var(--line); margin-top: 0.5rem; padding-top: 0.5rem; color: var(--soft); font-size: 0.85rem; }
.dot { width: 0.65rem; height: 0.65rem; border-radius: 50%; background: var(--soft); flex: none; display: inline-block; }
.dot.ok { background: var(--ok); } .dot.warn, .dot.degraded, .dot.starting { background: var(--warn); } .dot.fail, .dot.stopping, .dot.offline { background: var(--bad); }
.banner { background: var(--bad); color: var(--bg); padding: 0.6rem clamp(0.75rem, 3vw, 2rem); }

main { display: grid; gap: 1rem; padding: 1rem clamp(0.75rem, 3vw, 2rem) 3rem; max-width: 90rem; margin: 0 auto; align-items: start; }
@media (min-width: 60rem) { main { grid-template-columns: minmax(0, 1.35fr) minmax(0, 1fr); } }
.column { display: grid; gap: 1rem; min-width: 0; }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 0.8rem; padding: 1rem; min-width: 0; }
.panel > h2 { margin-bottom: 0.7rem; }
.panel-head { display: flex; justify-content: space-between; gap: 1rem; align-items: baseline; flex-wrap: wrap; margin-bottom: 0.3rem; }
.toggle { color: var(--soft); font-size: 0.85rem; display: flex; gap: 0.4rem; align-items: center; cursor: pointer; }
.toggle input { accent-color: var(--accent); }
.empty { color: var(--soft); }
.error { color: var(--bad); }

button { font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 0.5rem; min-height: 2.6rem; padding: 0.3rem 1rem; cursor: pointer; white-space: nowrap; flex: none; }
button:hover:not(:disabled) { border-color: var(--accent); }
button:disabled { opacity: 0.55; cursor: default; }
button[type=submit], button.yes { background: var(--accent); border-color: var(--accent); color: var(--accent-text); font-weight: 600; }
input:not([type=checkbox]) { font: inherit; color: inherit; background: var(--bg); border: 1px solid var(--line); border-radius: 0.5rem; min-height: 2.6rem; padding: 0.3rem 0.8rem; width: 100%; }
.ask { display: flex; gap: 0.5rem; }
.answer:not(:empty) { margin-top: 0.7rem; white-space: pre-line; }

.approvals li { display: flex; flex-wrap: wrap; gap: 0.6rem; align-items: center; justify-content: space-between; padding: 0.6rem 0; }
.approvals li + li { border-top: 1px solid var(--line); }
.approvals small { color: var(--soft); display: block; }
#approvals-panel { border-color: var(--warn); border-width: 2px; }
.count { background: var(--warn); color: var(--panel); border-radius: 1rem; padding: 0 0.5rem; font-size: 0.8rem; }
.buttons { display: flex; gap: 0.5rem; }

.decisions > li { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0.15rem 0.8rem; padding: 0.75rem 0; }
.decisions > li + li { border-top: 1px solid var(--line); }
.decisions.only-acts > li.idle { display: none; }
.what { font-weight: 600; }
.idle .what { font-weight: 400; color: var(--soft); }
.meta { display: flex; flex-wrap: wrap; gap: 0.3rem 0.7rem; align-items: center; font-size: 0.82rem; color: var(--soft); }
.meta time, .latency { font-variant-numeric: tabular-nums; }
.rung, .chip { border-radius: 1rem; padding: 0 0.55rem; border: 1px solid currentColor; font-size: 0.78rem; white-space: nowrap; }
.rung { color: var(--info); } .rung.rule, .rung.link { color: var(--ok); } .rung.llm, .rung.onnx, .rung.remote { color: var(--violet); } .rung.abstain { color: var(--soft); }
.chip.confirmed { color: var(--ok); } .chip.failed, .chip.refused { color: var(--bad); } .chip.unconfirmed, .chip.expired, .chip.compensated, .chip.awaiting-approval { color: var(--warn); }
.why { color: var(--soft); font-size: 0.92rem; grid-column: 1; }
.thumbs { grid-column: 2; grid-row: 1 / span 3; display: flex; gap: 0.3rem; align-items: start; }
.thumbs button { width: 2.6rem; padding: 0; display: grid; place-items: center; color: var(--soft); }
.thumbs path { fill: none; stroke: currentColor; stroke-width: 1.6; stroke-linejoin: round; }
.thumbs svg.down { transform: rotate(180deg); }
.thumbs button[aria-pressed=true] { background: var(--tint); border-color: var(--accent); color: var(--accent); }
.thumbs button[aria-pressed=true] path { fill: currentColor; }
.more { grid-column: 1 / -1; font-size: 0.85rem; color: var(--soft); }
.more summary { cursor: pointer; width: max-content; padding: 0.1rem 0; }
.more dl { display: grid; grid-template-columns: minmax(0, max-content) minmax(0, 1fr); gap: 0.1rem 0.9rem; margin: 0.3rem 0 0; }
.more dt { font-family: var(--mono); font-size: 0.92em; } .more dd { margin: 0; }
@media (prefers-reduced-motion: no-preference) { .decisions > li.fresh { animation: fresh 1.6s ease-out; } }
@keyframes fresh { from { background: var(--tint); } to { background: transparent; } }

.areas { display: grid; gap: 1.1rem; }
.entity { display: flex; justify-content: space-between; gap: 1rem; padding: 0.3rem 0; border-top: 1px solid var(--line); }
.entity > span:first-child { flex: 1 1 45%; min-width: 6.5rem; }
.entity .values { flex: 1 2 auto; text-align: right; font-variant-numeric: tabular-nums; display: flex; flex-wrap: wrap; justify-content: flex-end; gap: 0 0.8rem; }
.entity .values small { color: var(--soft); }
.entity .on { color: var(--accent); font-weight: 600; }
.entity .stale, .entity .unavailable { color: var(--soft); font-style: italic; }

dialog { border: 1px solid var(--line); border-radius: 0.8rem; background: var(--panel); color: var(--text); width: min(26rem, calc(100vw - 2rem)); padding: 1.2rem; }
dialog::backdrop { background: rgb(0 0 0 / 0.5); }
dialog form { display: grid; gap: 0.7rem; }
`;
