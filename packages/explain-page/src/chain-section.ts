import type { ExplainedStep, Explanation } from '@kube-authn/core'
import { card } from './controls.ts'
import { type Html, literal, markup } from './markup.ts'

/** The authenticators that decided, in the order they were asked; all others are behind a click. */
export function chainSection(explanation: Explanation): Html {
  const steps = significantSteps(explanation)
  // Nothing decides about a request without a credential.
  const decided = explanation.outcome === 'noOpinion' ? '' : explanation.outcome
  const all = countOf(explanation)
  return card('chain', 'How it was decided', [
    markup`<ol class="steps">
      ${steps.map((step) => row(step, decided))}
    </ol>`,
    markup`<details class="all-steps">
      <summary>All ${all} steps, as the app calls them</summary>
      <ul class="tree">
        ${branch(explanation)}
      </ul>
    </details>`,
  ])
}

function row(
  { authenticator, outcome, message, user, durationSeconds }: ExplainedStep,
  decided: string,
): Html {
  const name = plainName(authenticator)
  const title = literal(TITLES.get(name) ?? name)
  // Of a request that another authenticator accepts, a refusal is beside the point.
  if (outcome !== decided) {
    const nothing =
      name === 'anonymous'
        ? 'not on this path'
        : READERS.has(name)
          ? 'not in this request'
          : 'does not know it'
    const note = outcome === 'noOpinion' ? nothing : WORDS[outcome]
    return markup`<li class="step"><span class="mark" aria-hidden="true"></span>
      <span class="step-title">${title}</span> <span class="step-outcome">${note}</span>
    </li>`
  }
  const note = message ?? (user === undefined ? '' : `knows ${user.username}`)
  return markup`<li class="step decisive ${outcome}"><span class="mark" aria-hidden="true"></span>
      <span class="step-title">${title}</span> <span class="step-outcome">${WORDS[outcome]}</span>
      <span class="step-note">${literal(note)}</span> <span class="step-time">${milliseconds(durationSeconds)}</span>
    </li>`
}

function branch({ authenticator, outcome, message, steps }: ExplainedStep): Html {
  const inside =
    steps.length === 0
      ? undefined
      : markup`<ul>
          ${steps.map(branch)}
        </ul>`
  const detail = message === undefined ? undefined : markup` <span class="soft">${literal(message)}</span>`
  return markup`<li>
    <code>${literal(authenticator)}</code>
    <span class="tag ${outcome}">${WORDS[outcome]}</span>${detail}${inside}
  </li> `
}

function countOf({ steps }: ExplainedStep): number {
  return steps.reduce((count, step) => count + countOf(step), 1)
}

function milliseconds(seconds: number): string {
  const ms = seconds * 1000
  return `${ms >= 100 ? ms.toFixed(0) : ms >= 1 ? ms.toFixed(1) : ms.toFixed(2)} ms`
}

const WORDS: Readonly<Record<ExplainedStep['outcome'], string>> = {
  authenticated: 'authenticated',
  noOpinion: 'no opinion',
  rejected: 'rejected',
  unavailable: 'unavailable',
}

/** Authenticators that look for a credential in the request. The others check one that was found. */
const READERS: ReadonlySet<string> = new Set([
  'basic',
  'bearerToken',
  'clientCertificate',
  'identityHeaders',
  'requestHeader',
  'webSocketProtocol',
  'xAuthToken',
])

const TITLES: ReadonlyMap<string, string> = new Map([
  ['anonymous', 'Anonymous'],
  ['basic', 'Name and password'],
  ['bearerToken', 'Bearer token'],
  ['bootstrapToken', 'Bootstrap token'],
  ['clientCertificate', 'Client certificate'],
  ['identityHeaders', 'Authenticating proxy'],
  ['keystonePassword', 'Keystone password'],
  ['keystoneToken', 'Keystone token'],
  ['legacyServiceAccountToken', 'Legacy service account token'],
  ['oidc', 'OpenID Connect'],
  ['passwordFile', 'Password file'],
  ['requestHeader', 'Authenticating proxy'],
  ['serviceAccountToken', 'Service account token'],
  ['tokenFile', 'Token file'],
  ['webhook', 'Token webhook'],
  ['webSocketProtocol', 'Token of a WebSocket'],
])

/**
 * The steps that decided, without those that only passed on what another one said: unions, caches, added groups, and extraction of a token that
 * another one checks.
 */
export function significantSteps(step: ExplainedStep): readonly ExplainedStep[] {
  if (step.steps.length === 0) return [step]
  const inner = step.steps.flatMap(significantSteps)
  const isOwn = isFailure(step) && !inner.some(({ outcome }) => outcome === step.outcome)
  return isOwn ? [...inner, step] : inner
}

function isFailure({ outcome }: ExplainedStep): boolean {
  return outcome === 'rejected' || outcome === 'unavailable'
}

/** The name of an authenticator without the wrappers around it: `oidc` for `cached(cached(oidc))`. */
function plainName(authenticator: string): string {
  const inside = /^(?:cached|audienceAgnostic|authenticatedGroup|addGroups|failFast)\((.+)\)$/.exec(
    authenticator,
  )?.[1]
  return inside === undefined ? authenticator : plainName(inside)
}
