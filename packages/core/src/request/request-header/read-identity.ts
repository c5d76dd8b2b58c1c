import { percentDecoded } from '../../internal/query.ts'
import { trimAscii } from '../bearer-token.ts'
import { type AuthenticationError, rejected } from '../../authenticator/errors.ts'
import type { RequestHeaders } from '../request.ts'
import { type UserExtra, type UserInfo, userInfo } from '../../authenticator/user.ts'
import { selectorOf } from '../headers/changes.ts'
import type { LowerCaseNames } from './header-names.ts'

/**
 * What a comma means if the runtime joins repeated headers, as Fetch `Headers` does: `a, b` may be one value or two.
 *
 * - `reject`: a value with a comma is an error.
 * - `split`: groups and extra values are split at commas and trimmed.
 * - `whole`: values are not split.
 */
export type JoinedHeaders = 'reject' | 'split' | 'whole'

/** Reads the user from the headers of a request. */
export type IdentityReader = (headers: RequestHeaders) => UserInfo | undefined

/**
 * Reads the user; `undefined` if the headers name none. Ambiguous headers, or headers with a twin, are `rejected` without checking other
 * credentials of the request.
 *
 * Source: apiserver `pkg/authentication/request/headerrequest/requestheader.go`.
 */
export function identityReader(names: LowerCaseNames, joined: JoinedHeaders): IdentityReader {
  const extraHeadersOf = withoutTwins(names)
  return function readIdentity(headers) {
    const extraHeaders = extraHeadersOf(headers)
    const username = firstOf(headers, names.usernameHeaders, joined)
    if (username === '') return undefined
    const uid = firstOf(headers, names.uidHeaders, joined)
    const groups = groupsOf(headers, names.groupHeaders, joined)
    if (extraHeaders.length === 0) return userInfo({ username, uid, groups })
    return userInfo({ username, uid, groups, extra: readExtra(extraHeaders, headers.exact, joined) })
  }
}

/** All named groups. Frozen, so that they are not copied again. */
function groupsOf(
  headers: RequestHeaders,
  names: readonly string[],
  joined: JoinedHeaders,
): readonly string[] {
  const groups: string[] = []
  for (const name of names) {
    for (const group of valuesOf(name, headers.all(name), headers.exact, joined)) {
      if (group !== '') groups.push(group)
    }
  }
  return Object.freeze(groups)
}

/** The first value of the first header whose first value is not empty. */
function firstOf(headers: RequestHeaders, names: readonly string[], joined: JoinedHeaders): string {
  for (const name of names) {
    const value = headers.first(name)
    if (value === undefined || value === '') continue
    if (!headers.exact && joined === 'reject') refuseComma(name, value)
    return value
  }
  return ''
}

/** The values of a header that may have several. */
function valuesOf(
  name: string,
  values: readonly string[],
  exact: boolean,
  joined: JoinedHeaders,
): readonly string[] {
  if (exact || joined === 'whole') return values
  if (joined === 'split') return values.flatMap((value) => value.split(',').map(trimAscii))
  for (const value of values) refuseComma(name, value)
  return values
}

function refuseComma(name: string, value: string): void {
  if (value.includes(',')) {
    throw doubtful(`header ${name} has a comma, so it may be one value or several`)
  }
}

/** The proxy sent the request, but the user is ambiguous. Final: otherwise a client that gets such a header past the proxy and adds a token could choose between two identities. */
function doubtful(message: string): AuthenticationError {
  return rejected(message, { isFinal: true })
}

/** A header with a value of `extra`. */
interface ExtraHeader {
  readonly name: string
  readonly value: string
  /** The configured prefix of its name: values are in the order of the prefixes. */
  readonly prefix: string
}

function readExtra(sent: readonly ExtraHeader[], exact: boolean, joined: JoinedHeaders): UserExtra {
  // Without a prototype, so that `__proto__` is an ordinary key.
  const extra = Object.create(null) as Record<string, string[]>
  for (const { name, value, prefix } of sent) {
    const key = extraKey(name.slice(prefix.length))
    const values = extra[key] ?? []
    extra[key] = values
    for (const each of valuesOf(name, [value], exact, joined)) values.push(each)
  }
  return extra
}

/**
 * Percent-decoded, so that keys can contain upper case; unchanged if an escape is malformed.
 *
 * Source: apiserver `pkg/authentication/request/headerrequest/requestheader.go` (`unescapeExtraKey`).
 */
function extraKey(lowerCase: string): string {
  return percentDecoded(lowerCase) ?? lowerCase
}

/**
 * Reads the headers of `extra`, and refuses a request with a header that differs from a configured one only in `-` and `_`. Many servers
 * do not distinguish them, and proxies often let one of them through.
 *
 * Deviation: kube-apiserver ignores such a header (`docs/deviations.md`, request header twins).
 */
function withoutTwins({
  extraHeaderPrefixes,
  ...lists
}: LowerCaseNames): (headers: RequestHeaders) => readonly ExtraHeader[] {
  const exactNames = Object.values(lists).flat()
  const isAlike = selectorOf({ remove: exactNames, removePrefixes: extraHeaderPrefixes })
  return (headers) => {
    const found: ExtraHeader[] = []
    for (const [name, value] of headers.entries()) {
      if (!isAlike(name) || exactNames.includes(name)) continue
      const prefix = extraHeaderPrefixes.find((each) => name.startsWith(each))
      if (prefix === undefined) throw doubtful(`header ${name} could be mistaken for an identity header`)
      found.push({ name, value, prefix })
    }
    return extraHeaderPrefixes.length < 2 ? found : inOrderOf(extraHeaderPrefixes, found)
  }
}

function inOrderOf(prefixes: readonly string[], headers: readonly ExtraHeader[]): readonly ExtraHeader[] {
  return headers.toSorted((one, other) => prefixes.indexOf(one.prefix) - prefixes.indexOf(other.prefix))
}
