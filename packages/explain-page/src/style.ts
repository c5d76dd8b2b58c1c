/** The style of the page, in a light and a dark scheme. */
export const STYLE: string = `
:root {
  color-scheme: light dark;
  --bg: #f5f6f8; --card: #ffffff; --sunken: #f5f6f8; --ink: #14171d; --soft: #596273; --line: #e2e5eb;
  --accent: #2f55d4; --accent-soft: #edf1ff; --on-accent: #ffffff;
  --good: #116a3c; --good-soft: #e5f5ec; --bad: #ad241c; --bad-soft: #fdeeec; --warn: #7d4e00; --warn-soft: #fdf3dc;
  --shadow: 0 1px 2px rgb(20 23 29 / 5%), 0 8px 24px -12px rgb(20 23 29 / 12%);
  --sans: Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  --mono: "JetBrains Mono", ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #0d0f14; --card: #151920; --sunken: #0f1218; --ink: #e9ecf1; --soft: #9aa4b5; --line: #262c37;
    --accent: #8fabff; --accent-soft: #1b2440; --on-accent: #0d0f14;
    --good: #62d394; --good-soft: #11281c; --bad: #ff9088; --bad-soft: #311817; --warn: #efb85c; --warn-soft: #2c210f;
    --shadow: 0 1px 2px rgb(0 0 0 / 40%);
  }
}
*, *::before, *::after { box-sizing: border-box }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem }
body {
  margin: 0 auto; max-width: 82rem; padding: 0 clamp(1rem, 3vw, 2.5rem) 4rem; background: var(--bg); color: var(--ink);
  font: 400 0.9375rem/1.55 var(--sans); font-feature-settings: "cv11", "ss03"; -webkit-font-smoothing: antialiased;
}
h1, h2, h3, p, ul, ol, pre { margin: 0; padding: 0 }
ul, ol { list-style: none }
h1 { font-size: clamp(1.75rem, 1.2rem + 2.4vw, 2.75rem); line-height: 1.12; font-weight: 500; letter-spacing: -0.03em; text-wrap: balance; overflow-wrap: anywhere }
h1 strong { font-weight: 700 }
h2 { font-size: 0.9375rem; font-weight: 600; letter-spacing: -0.01em }
h3 { font-size: 0.75rem; font-weight: 500; color: var(--soft) }
code, .code, .path { font-family: var(--mono); font-size: 0.92em; font-variant-ligatures: none }
q { quotes: "\u201c" "\u201d"; font-weight: 550; overflow-wrap: anywhere }
.soft, .hint { color: var(--soft); font-size: 0.8438rem }
.unseen { font: 500 0.72em/1 var(--mono); padding: 0.1em 0.35em; margin: 0 0.1em; border: 1px solid currentcolor; border-radius: 0.3em; opacity: 0.75 }
.visually-hidden { position: absolute; width: 1px; height: 1px; margin: -1px; padding: 0; border: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap }

.top { display: flex; align-items: center; gap: 0.9rem; padding: 1.4rem 0 1.9rem }
.brand { display: flex; align-items: center; gap: 0.55rem; font-weight: 650; font-size: 1.0625rem; letter-spacing: -0.02em }
.tagline { color: var(--soft); font-size: 0.875rem }
.mark-shape { fill: var(--accent) }
.mark-line { fill: none; stroke: var(--on-accent); stroke-width: 2.2; stroke-linecap: round }
.skip { position: absolute; left: 1rem; top: -4rem; z-index: 1; padding: 0.6rem 1rem; border-radius: 0.5rem; background: var(--accent); color: var(--on-accent) }
.skip:focus { top: 1rem }

.layout { display: grid; grid-template-columns: 17.5rem minmax(0, 1fr); gap: 2.5rem; align-items: start }
.picks { display: grid; gap: 1.1rem }
.picks-title { font-size: 1.0625rem }
.pick-group h3 { margin: 0 0 0.35rem 0.7rem }
.pick-group ul { display: grid; gap: 2px }
button, input, select { font: inherit; color: inherit }
button { cursor: pointer; border: 0; background: none }
.pick {
  display: grid; grid-template-columns: auto minmax(0, 1fr); column-gap: 0.7rem; align-items: center; width: 100%; min-height: 3rem;
  padding: 0.4rem 0.7rem; border-radius: 0.65rem; text-align: left; line-height: 1.3;
}
.avatar {
  grid-row: span 2; display: grid; place-items: center; width: 2rem; height: 2rem; border-radius: 50%;
  background: var(--card); border: 1px solid var(--line); color: var(--soft); font-size: 0.8125rem; font-weight: 600;
}
.pick-name { font-weight: 550; overflow-wrap: anywhere }
.pick-how { color: var(--soft); font-size: 0.8125rem; overflow-wrap: anywhere }
.pick:hover { background: color-mix(in srgb, var(--ink) 5%, transparent) }
.pick[aria-current] { background: var(--card); box-shadow: var(--shadow), inset 0 0 0 1px var(--line) }
.pick[aria-current] .avatar { background: var(--accent); border-color: var(--accent); color: var(--on-accent) }

summary { cursor: pointer; font-weight: 550; border-radius: 0.4rem }
details > summary { color: var(--soft); font-size: 0.8438rem }
details > summary:hover { color: var(--ink) }
.paste { padding: 0 0.7rem }
.paste[open] { padding: 0.8rem; border: 1px solid var(--line); border-radius: 0.75rem; background: var(--card) }
.paste > .hint { margin: 0.5rem 0 0.2rem }
label { display: block; margin: 0.7rem 0 0.25rem; font-size: 0.8125rem; font-weight: 500 }
input:not([type="hidden"]), select {
  width: 100%; min-height: 2.4rem; padding: 0.4rem 0.65rem; border: 1px solid color-mix(in srgb, var(--ink) 48%, var(--card)); border-radius: 0.55rem;
  background: var(--card);
}
.secondary {
  min-height: 2.4rem; padding: 0.4rem 0.85rem; border-radius: 0.55rem; font-weight: 550; background: var(--accent-soft); color: var(--accent);
}
.secondary:hover, .chip:hover, .copy:hover { filter: brightness(0.97) }
.paste .secondary, .other-user .secondary { margin-top: 0.6rem; width: 100% }

.result { display: grid; gap: 1.25rem; outline: none; min-width: 0 }
.hero { display: grid; gap: 0.8rem; padding: 0.25rem 0 0.5rem }
.target { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 0.6rem; color: var(--soft); font-size: 0.875rem; min-width: 0 }
.method { font: 600 0.78rem/1 var(--mono); letter-spacing: 0.02em }
.path { overflow-wrap: anywhere }
.status { padding: 0.1rem 0.6rem; border-radius: 1rem; font-size: 0.8125rem; font-weight: 600 }
.passes .status { background: var(--good-soft); color: var(--good) }
.refused .status { background: var(--bad-soft); color: var(--bad) }
.groups { display: flex; flex-wrap: wrap; gap: 0.35rem }
.groups li { padding: 0.1rem 0.65rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--card); color: var(--soft); font-size: 0.8125rem; overflow-wrap: anywhere }
.advice { display: grid; gap: 0.4rem; padding: 1rem 1.2rem; border-radius: 0.85rem; background: var(--bad-soft); overflow-wrap: anywhere }
.advice p { display: grid; grid-template-columns: 5.6rem minmax(0, 1fr) }
.advice p.soft { display: block }
.advice b { color: var(--bad); font-weight: 600 }

.lede { color: var(--soft); font-size: 1.0625rem; max-width: 44rem }
.key { color: var(--soft) }
.warning { color: var(--warn) }

.columns { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.25rem; align-items: start }
.column { display: grid; gap: 1.25rem; min-width: 0 }
.card { padding: 1.25rem 1.35rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--card); box-shadow: var(--shadow); min-width: 0 }
.card > h2 { margin-bottom: 0.9rem }
.card-head { display: flex; align-items: center; justify-content: space-between; gap: 1rem; margin-bottom: 0.6rem }
.copy { padding: 0.25rem 0.75rem; min-height: 2rem; border-radius: 0.5rem; background: var(--accent-soft); color: var(--accent); font-size: 0.8125rem; font-weight: 550 }

.steps { padding: 0.1rem 0 }
.step { position: relative; display: grid; grid-template-columns: 1.5rem minmax(0, 1fr) auto; column-gap: 0.65rem; align-items: baseline; padding: 0.36rem 0 }
.step::before { content: ""; position: absolute; left: calc(0.75rem - 0.5px); top: 0; bottom: 0; width: 1px; background: var(--line) }
.step:first-child::before { top: 1rem }
.step:last-child::before { bottom: auto; height: 1rem }
.mark { position: relative; justify-self: center; align-self: start; margin-top: 0.45rem; width: 0.55rem; height: 0.55rem; border-radius: 50%; background: var(--card); border: 2px solid color-mix(in srgb, var(--soft) 55%, var(--card)) }
.step-title { overflow-wrap: anywhere }
.step-outcome, .step-note, .step-time { font-size: 0.8438rem; color: var(--soft) }
.step-outcome, .step-time { text-align: right }
.step-note { grid-column: 2; overflow-wrap: anywhere }
.step-time { font-variant-numeric: tabular-nums }
.step:not(.decisive) .step-title { color: var(--soft) }
.decisive { margin: 0.35rem -0.75rem; padding: 0.6rem 0.75rem; border-radius: 0.7rem }
.decisive::before { left: calc(1.5rem - 0.5px) }
.decisive:last-child { margin-bottom: 0 }
.decisive .mark { width: 0.8rem; height: 0.8rem; margin-top: 0.3rem }
.decisive .step-title, .decisive .step-outcome { font-weight: 600 }
.decisive.authenticated { background: var(--good-soft) } .decisive.rejected { background: var(--bad-soft) } .decisive.unavailable { background: var(--warn-soft) }
.decisive.authenticated .mark { background: var(--good); border-color: var(--good) }
.decisive.rejected .mark { background: var(--bad); border-color: var(--bad) }
.decisive.unavailable .mark { background: var(--warn); border-color: var(--warn) }
.decisive.authenticated .step-outcome { color: var(--good) } .decisive.rejected .step-outcome { color: var(--bad) } .decisive.unavailable .step-outcome { color: var(--warn) }
.decisive .step-note, .decisive .step-time { color: color-mix(in srgb, var(--ink) 72%, var(--card)) }
.all-steps { margin-top: 0.6rem; padding-top: 0.8rem; border-top: 1px solid var(--line) }
.tree { margin-top: 0.6rem; font-size: 0.8125rem; overflow-wrap: anywhere }
.tree ul { margin-left: 0.35rem; padding-left: 0.9rem; border-left: 1px solid var(--line) }
.tree li { padding: 0.12rem 0 }
.tag { color: var(--soft) }
.tag.authenticated { color: var(--good) } .tag.rejected { color: var(--bad) } .tag.unavailable { color: var(--warn) }

.decision { padding-left: 0.9rem; border-left: 3px solid var(--line); overflow-wrap: anywhere; text-wrap: pretty }
.decision.allowed { border-color: var(--good) }
.decision.forbidden { border-color: var(--bad) }
.decision + .soft { margin-top: 0.5rem; padding-left: calc(0.9rem + 3px) }
.chips { display: flex; flex-wrap: wrap; gap: 0.4rem }
.decision ~ .chips { margin-top: 1rem }
.chip { min-height: 2rem; padding: 0.2rem 0.8rem; border: 1px solid var(--line); border-radius: 2rem; background: var(--card); font-size: 0.8438rem; font-weight: 500; overflow-wrap: anywhere; text-align: left }
.chip[aria-current] { border-color: var(--accent); background: var(--accent-soft); color: var(--accent) }
.chip.stop { border-style: dashed; color: var(--soft) }
.request-line { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: 0.45rem; margin-top: 0.7rem }
.request-line select { width: auto }
.request-line input { font-family: var(--mono); font-size: 0.875rem }
.other-user { margin-top: 0.8rem }
.code { padding: 0.9rem 1rem; border-radius: 0.7rem; background: var(--sunken); border: 1px solid var(--line); overflow: auto; max-height: 24rem; line-height: 1.6; font-size: 0.8125rem }
.code + .soft, .soft + .code { margin-top: 0.6rem }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
.result:focus, h1:focus { outline: none }
.busy .result { opacity: 0.55 }

@media (max-width: 68rem) {
  .columns { grid-template-columns: minmax(0, 1fr) }
}
@media (max-width: 52rem) {
  .layout { grid-template-columns: minmax(0, 1fr); gap: 1.75rem }
  .top { padding: 1.1rem 0 }
  .picks { gap: 0.8rem }
  .pick-group ul { display: flex; gap: 0.45rem; overflow-x: auto; margin: 0 calc(-1 * clamp(1rem, 3vw, 2.5rem)); padding: 3px clamp(1rem, 3vw, 2.5rem) 0.3rem; scroll-padding: 1rem; scrollbar-width: none }
  .pick-group li { flex: none; max-width: 15rem }
  .pick { border: 1px solid var(--line); background: var(--card); height: 100%; padding: 0.4rem 0.85rem 0.4rem 0.55rem; column-gap: 0.55rem }
  .pick-group h3 { margin-left: 0 }
  .paste { padding: 0 }
  .pick[aria-current] { box-shadow: inset 0 0 0 2px var(--accent) }
  .advice p { display: block }
  .advice b { display: block }
}
@media (max-width: 30rem) {
  .tagline { display: none }
  .card { padding: 1.1rem 1rem }
  .request-line { grid-template-columns: auto minmax(0, 1fr) }
  .request-line .secondary { grid-column: span 2 }
}
@media (prefers-reduced-motion: no-preference) {
  .pick, .chip, .secondary, .copy { transition: background-color 0.15s, box-shadow 0.15s }
  .result { transition: opacity 0.12s }
  .arrived .hero { animation: rise 0.35s cubic-bezier(0.2, 0.8, 0.2, 1) both }
  .arrived .step { animation: rise 0.3s cubic-bezier(0.2, 0.8, 0.2, 1) both }
  .arrived .step .mark { animation: light 0.5s ease-out both }
  .arrived .decision { animation: rise 0.35s 0.3s cubic-bezier(0.2, 0.8, 0.2, 1) both }
${delays(12)}
}
@keyframes rise { from { opacity: 0; transform: translateY(6px) } }
@keyframes light { from { transform: scale(0.2); opacity: 0 } 60% { transform: scale(1.25) } }
@media (forced-colors: active) {
  .pick[aria-current], .chip[aria-current] { outline: 2px solid Highlight }
  .mark { forced-color-adjust: none }
}
@media print { .picks, .copy, .request-line, .chips { display: none } }
`

/** The steps of a chain appear one after the other. */
function delays(count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const at = `${(index * 0.07).toFixed(2)}s`
    return `  .arrived .step:nth-child(${index + 1}), .arrived .step:nth-child(${index + 1}) .mark { animation-delay: ${at} }`
  }).join('\n')
}
