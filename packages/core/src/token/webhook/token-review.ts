import { isObject } from '../../internal/objects.ts'
import {
  type Fields,
  hasRepeatedMembers,
  readReviewStatus,
  unusable,
} from '../../internal/webhook-call/read-review.ts'

/** The versions of TokenReview, which have the same fields. More may be added in a minor version; handle the rest. */
export type TokenReviewVersion = 'v1' | 'v1beta1'

/** The name of the webhook in errors. */
export const TITLE = 'the token webhook'

/**
 * The TokenReview sent to a webhook. It has audiences only if the request is restricted to some.
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

/** The status of a TokenReview. Absent fields are empty. */
export interface TokenReviewStatus {
  readonly authenticated: boolean
  readonly user: {
    readonly username: string
    readonly uid: string
    readonly groups: readonly string[]
    readonly extra: Readonly<Record<string, readonly string[]>>
  }
  /** The audiences that the token is valid for; empty if the webhook is not audience-aware. */
  readonly audiences: readonly string[]
  readonly error: string
}

/**
 * Reads a TokenReview of the version that was sent, as Go does: field names are case-sensitive, `null` is the empty value, and a wrong type is
 * an error. Unknown fields are ignored.
 *
 * Deviation: kube-apiserver merges repeated members (`docs/deviations.md`, webhooks).
 *
 * @throws {WebhookCallError} if it is not a TokenReview.
 */
export async function readTokenReview(text: string, version: TokenReviewVersion): Promise<TokenReviewStatus> {
  const expected = { kind: 'TokenReview', apiVersion: `${GROUP}/${version}`, title: TITLE }
  const status = (await readReviewStatus(text, expected)) ?? {}
  if (hasRepeatedMembers(text)) throw unusable(TITLE, 'it repeats a member')
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
  // `fromEntries` defines own properties, so `__proto__` is a key like any other.
  return Object.fromEntries(
    Object.entries(extra).map(([key, values]) => [key.toWellFormed(), textsOf(values, 'extra')]),
  )
}

function fieldsOf(fields: Fields, name: string): Fields {
  const value = fields[name] ?? {}
  if (!isObject(value)) throw unusable(TITLE, `${name} must be an object`)
  return value
}

function flag(fields: Fields, name: string): boolean {
  const value = fields[name] ?? false
  if (typeof value !== 'boolean') throw unusable(TITLE, `${name} must be a boolean`)
  return value
}

function textAt(fields: Fields, name: string): string {
  return textOf(fields[name], name)
}

function textsOf(value: unknown, name: string): readonly string[] {
  const list: unknown = value ?? []
  if (!Array.isArray(list)) throw unusable(TITLE, `${name} must be a list`)
  return list.map((each: unknown) => textOf(each, name))
}

/** Lone surrogates become U+FFFD, as in Go: in other strings here they stand for bytes. */
function textOf(value: unknown, name: string): string {
  const text = value ?? ''
  if (typeof text !== 'string') throw unusable(TITLE, `${name} must be a string`)
  return text.toWellFormed()
}
