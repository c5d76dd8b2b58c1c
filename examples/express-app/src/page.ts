import type { ExplainedStep, Explanation } from '@kube-authn/core'

/** The page that says who makes a request, and what each authenticator thought of it. Never shows a credential. */
export function page(explanation: Explanation): string {
  const { user } = explanation
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Who are you?</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; color: #1d2330 }
  h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem }
  code { font-family: ui-monospace, monospace }
  ul { list-style: none; padding-left: 1.25rem; border-left: 1px solid #d5dbe6 }
  .outcome { display: inline-block; padding: 0 .5rem; border-radius: .6rem; font-size: .85rem; background: #e6eaf1 }
  .authenticated { background: #cdeed8 } .rejected { background: #f8d3d0 } .unavailable { background: #fbe5c0 }
  .message { color: #5a6377 }
</style>
<h1>${user === undefined ? 'You are nobody this app knows' : `You are ${escape(user.username)}`}</h1>
<p>${user === undefined ? 'This request is answered with 401.' : `Groups: ${list(user.groups)}`}</p>
${explanation.warnings.map((text) => `<p class="message">Warning: ${escape(text)}</p>`).join('\n')}
<h2>What each authenticator thought of this request</h2>
<ul>${step(explanation)}</ul>
<p class="message">Ask for <a href="/whoami"><code>/whoami</code></a> to be challenged for a password.</p>
</html>
`
}

function step({ authenticator, outcome, message, steps }: ExplainedStep): string {
  const inner = steps.length === 0 ? '' : `<ul>${steps.map(step).join('')}</ul>`
  const detail = message === undefined ? '' : ` <span class="message">${escape(message)}</span>`
  return `<li><code>${escape(authenticator)}</code> <span class="outcome ${outcome}">${WORDS[outcome]}</span>${detail}${inner}</li>`
}

const WORDS: Readonly<Record<ExplainedStep['outcome'], string>> = {
  authenticated: 'knows you',
  noOpinion: 'no opinion',
  rejected: 'rejected',
  unavailable: 'could not tell',
}

function list(values: readonly string[]): string {
  return values.length === 0 ? 'none' : values.map((value) => `<code>${escape(value)}</code>`).join(' ')
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
