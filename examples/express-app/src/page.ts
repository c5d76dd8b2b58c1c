import { type ExplainedStep, type Explanation, userInfo } from '@kube-authn/core'
import { attributesOf, forbiddenMessage, type RbacAuthorizer } from '@kube-authn/core/authorization'
import type { Question } from './question.ts'

/**
 * Renders the user of a request, the result of each authenticator, and the answer to a question of authorization. Never shows a
 * credential.
 */
export function page(explanation: Explanation, question: Question, policy: RbacAuthorizer): string {
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
  form { display: grid; grid-template-columns: max-content 1fr; gap: .4rem .8rem; max-width: 26rem }
  button { grid-column: 2; justify-self: start }
</style>
<h1>${user === undefined ? 'You are not authenticated' : `You are ${escape(user.username)}`}</h1>
<p>${user === undefined ? 'The response to this request is a 401.' : `Groups: ${list(user.groups)}`}</p>
${explanation.warnings.map((text) => `<p class="message">Warning: ${escape(text)}</p>`).join('\n')}
<h2>Result of each authenticator</h2>
<ul>${step(explanation)}</ul>
${mayThey(question, policy)}
<p class="message">Ask for <a href="/whoami"><code>/whoami</code></a> to be challenged for a password.</p>
</html>
`
}

function step({ authenticator, outcome, message, steps }: ExplainedStep): string {
  const inner = steps.length === 0 ? '' : `<ul>${steps.map(step).join('')}</ul>`
  const detail = message === undefined ? '' : ` <span class="message">${escape(message)}</span>`
  return `<li><code>${escape(authenticator)}</code> <span class="outcome ${outcome}">${WORDS[outcome]}</span>${detail}${inner}</li>`
}

function mayThey(question: Question, policy: RbacAuthorizer): string {
  const { user, groups, verb, resource, name } = question
  const attributes = attributesOf(userInfo({ username: user, groups }), { verb, resource, name })
  const [grant] = policy.explain(attributes)
  const decision =
    grant === undefined
      ? `<span class="outcome rejected">no</span> ${escape(forbiddenMessage(attributes))}`
      : `<span class="outcome authenticated">yes</span> ${escape(grant.reason)}, by the rule <code>${escape(JSON.stringify(grant.rule))}</code>`
  const field = (label: string, key: string, value: string): string =>
    `<label for="${key}">${label}</label><input id="${key}" name="${key}" value="${escape(value)}">`
  return `<h2>Is a user allowed?</h2>
<form>
${field('User', 'user', user)}
${field('Groups', 'groups', groups.join(', '))}
${field('Verb', 'verb', verb)}
${field('Resource', 'resource', resource)}
${field('Name', 'name', name)}
<button>Ask</button>
</form>
<p>${decision}</p>`
}

const WORDS: Readonly<Record<ExplainedStep['outcome'], string>> = {
  authenticated: 'authenticated',
  noOpinion: 'no opinion',
  rejected: 'rejected',
  unavailable: 'unavailable',
}

function list(values: readonly string[]): string {
  return values.length === 0 ? 'none' : values.map((value) => `<code>${escape(value)}</code>`).join(' ')
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
