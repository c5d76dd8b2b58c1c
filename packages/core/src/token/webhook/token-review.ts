import { type Fields, isFields, readReviewStatus } from '../../internal/webhook-call/read-review.ts'
import { WebhookCallError } from '../../internal/webhook-call/webhook-call-error.ts'

/** The versions of TokenReview. They do not differ. */
export type TokenReviewVersion = 'v1' | 'v1beta1'

/** What the webhook is called in errors. */
export const TITLE = 'the token webhook'

/**
 * The question to a webhook. Audiences are in it only where the request is restricted to some.
 *
 * Source: api `authentication/v1/types.go` TokenReview.
 */
export function tokenReviewBody(
  token: string,
  audiences: readonly string[] | undefined,
  version: TokenReviewVersion,
): string {
  return JSON.stringify({
    kind: 'TokenReview',
    apiVersion: `${GROUP}/${version}`,
    spec: { token, ...(audiences !== undefined && { audiences }) },
  })
}

/** What a webhook answered. What was missing is empty. */
export interface TokenReviewStatus {
  readonly authenticated: boolean
  readonly user: {
    readonly username: string
    readonly uid: string
    readonly groups: readonly string[]
    readonly extra: Readonly<Record<string, readonly string[]>>
  }
  /** What the token is valid for; empty when the webhook knows nothing of audiences. */
  readonly audiences: readonly string[]
  readonly error: string
}

/**
 * Reads a TokenReview that came back, of either version, as Go does: names of fields have their case, of repeated ones the last
 * counts, `null` is the empty value, and every other type is an error. What else is in it does not matter.
 *
 * Deviation: kube-apiserver takes only the version it asked in (`docs/deviations.md`, token webhooks).
 *
 * @throws {WebhookCallError} when it is none.
 */
export async function readTokenReview(text: string): Promise<TokenReviewStatus> {
  const expected = { kind: 'TokenReview', group: GROUP, title: TITLE }
  const status = (await readReviewStatus(text, expected)) ?? {}
  const user = fieldsOf(status, 'user')
  return {
    authenticated: flag(status, 'authenticated'),
    user: {
      username: textAt(user, 'username'),
      uid: textAt(user, 'uid'),
      groups: textsOf(user['groups'], 'groups'),
      extra: extraOf(fieldsOf(user, 'extra')),
    },
    audiences: textsOf(status['audiences'], 'audiences'),
    error: textAt(status, 'error'),
  }
}

const GROUP = 'authentication.k8s.io'

function extraOf(extra: Fields): TokenReviewStatus['user']['extra'] {
  // Own properties whatever they are called: `__proto__` is a key like any other.
  return Object.fromEntries(
    Object.entries(extra).map(([key, values]) => [key.toWellFormed(), textsOf(values, 'extra')]),
  )
}

function fieldsOf(fields: Fields, name: string): Fields {
  const value = fields[name] ?? {}
  if (!isFields(value)) throw unusable(`${name} is no object`)
  return value
}

function flag(fields: Fields, name: string): boolean {
  const value = fields[name] ?? false
  if (typeof value !== 'boolean') throw unusable(`${name} is neither true nor false`)
  return value
}

function textAt(fields: Fields, name: string): string {
  return textOf(fields[name], name)
}

function textsOf(value: unknown, name: string): readonly string[] {
  const list: unknown = value ?? []
  if (!Array.isArray(list)) throw unusable(`${name} is no list`)
  return list.map((each: unknown) => textOf(each, name))
}

/** Half a surrogate pair becomes U+FFFD, as in Go: elsewhere here it stands for a byte. */
function textOf(value: unknown, name: string): string {
  const text = value ?? ''
  if (typeof text !== 'string') throw unusable(`${name} is no text`)
  return text.toWellFormed()
}

function unusable(why: string): WebhookCallError {
  return new WebhookCallError(`${TITLE} gave no usable answer: ${why}`)
}
