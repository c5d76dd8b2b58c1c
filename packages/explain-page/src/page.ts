import { Html, markup } from './markup.ts'
import type { ExplainPageOptions } from './options.ts'
import { picks } from './picks.ts'
import { type Explained, result } from './result.ts'

/** The whole page. It refers to its style and script by the query, so it works at any path. */
export function page(explained: Explained, options: ExplainPageOptions): string {
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Who is asking? · kube-authn</title>
        <link rel="stylesheet" href="?asset=style" />
        ${SCRIPT_ELEMENT}
      </head>
      <body>
        <a class="skip" href="#headline">Skip to the answer</a>
        <header class="top">
          <p class="brand">${MARK}<span>kube-authn</span></p>
          <p class="tagline">Who makes a request, and why</p>
        </header>
        <form id="question" method="post" action="#result">
          <button class="visually-hidden" tabindex="-1" aria-hidden="true">Ask</button>
          <div class="layout">
            ${picks(options, explained.question.credential)} ${result(explained, options)}
          </div>
        </form>
        <p id="live" class="visually-hidden" role="status"></p>
      </body>
    </html> `.text
}

/** Not in the template: a closing tag of a script in a tagged template makes the compiler import a helper. */
const SCRIPT_ELEMENT = new Html('<script src="?asset=script" defer></script>')

const MARK = markup`<svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
  <path class="mark-shape" d="M16 2l12 6v9c0 7-5 11.5-12 13C9 28.5 4 24 4 17V8z" />
  <circle class="mark-line" cx="16" cy="13" r="4" />
  <path class="mark-line" d="M16 17v7m0-3h3" />
</svg>`
