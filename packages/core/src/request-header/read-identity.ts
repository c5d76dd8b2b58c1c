import { percentDecoded } from '../authorization/request-info/percent.ts'
import { trimAscii } from '../bearer-token/read.ts'
import { type AuthenticationError, rejected } from '../errors.ts'
import type { RequestHeaders } from '../request/request.ts'
import { type UserInfo, userInfo } from '../user.ts'
import { dashed } from '../headers/dashed.ts'
import type { LowerCaseNames } from './header-names.ts'

/**
 * What a comma means where repeated headers were joined, as by Fetch `Headers`: `a, b` may be one value or two.
 *
 * - `reject`: a value with a comma is an error.
 * - `split`: groups and extra values end at commas; white space around them goes.
 * - `whole`: a value is what it is.
 */
export type JoinedHeaders = 'reject' | 'split' | 'whole'

/** Who the headers of a request say the caller is. */
export type IdentityReader = (headers: RequestHeaders) => UserInfo | undefined

/**
 * Reads who the caller is; `undefined` when the headers name nobody. What cannot be read without a guess, or has a twin, is
 * `rejected`, and no other credential of the request is asked about.
 *
 * Source: apiserver `pkg/authentication/request/headerrequest/requestheader.go`.
 */
export function identityReader(names: LowerCaseNames, joined: JoinedHeaders): IdentityReader {
  const refuseTwins = twinRefuser(names)
  return function readIdentity(headers) {
    refuseTwins(headers)
    const username = firstOf(headers, names.usernameHeaders, joined)
    if (username === '') return undefined
    return userInfo({
      username,
      uid: firstOf(headers, names.uidHeaders, joined),
      groups: names.groupHeaders
        .flatMap((name) => valuesOf(name, headers.all(name), headers.exact, joined))
        .filter((group) => group !== ''),
      extra: readExtra(headers, names.extraHeaderPrefixes, joined),
    })
  }
}

/** The first value of the first header where that is not empty. */
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
    throw doubtful(`header ${name} has a comma, and it cannot be told whether it is one value or several`)
  }
}

/**
 * The proxy sent the request, and who it sent it for cannot be told. Final: with a token of their own beside it, a client that gets
 * such a header past the proxy would choose between two identities.
 */
function doubtful(message: string): AuthenticationError {
  return rejected(message, { isFinal: true })
}

function readExtra(
  headers: RequestHeaders,
  prefixes: readonly string[],
  joined: JoinedHeaders,
): Record<string, readonly string[]> {
  const extra = new Map<string, string[]>()
  for (const prefix of prefixes) {
    for (const [name, value] of headers.entries()) {
      if (!name.startsWith(prefix)) continue
      const key = extraKey(name.slice(prefix.length))
      const values = extra.get(key) ?? []
      extra.set(key, values)
      for (const each of valuesOf(name, [value], headers.exact, joined)) values.push(each)
    }
  }
  return withoutPrototype(extra)
}

/** `__proto__` is a key like any other. */
function withoutPrototype(extra: ReadonlyMap<string, readonly string[]>): Record<string, readonly string[]> {
  const record = Object.create(null) as Record<string, readonly string[]>
  for (const [key, values] of extra) record[key] = values
  return record
}

/**
 * Percent-decoded, so that upper case can get in; as it is where an escape is malformed.
 *
 * Source: apiserver `pkg/authentication/request/headerrequest/requestheader.go` (`unescapeExtraKey`).
 */
function extraKey(lowerCase: string): string {
  return percentDecoded(lowerCase) ?? lowerCase
}

/**
 * Refuses a request with a header that differs from a configured one in `-` and `_` only. Many a server behind takes one for
 * the other, and proxies often let one of them through.
 *
 * Deviation: kube-apiserver ignores such a header (`docs/deviations.md`, request header twins).
 */
function twinRefuser({ extraHeaderPrefixes, ...lists }: LowerCaseNames): (headers: RequestHeaders) => void {
  const exactNames = new Set(Object.values(lists).flat())
  const dashedNames = new Set([...exactNames].map(dashed))
  const dashedPrefixes = extraHeaderPrefixes.map(dashed)
  return (headers) => {
    for (const [name] of headers.entries()) {
      if (exactNames.has(name) || extraHeaderPrefixes.some((prefix) => name.startsWith(prefix))) continue
      const alike = dashed(name)
      if (dashedNames.has(alike) || dashedPrefixes.some((prefix) => alike.startsWith(prefix))) {
        throw doubtful(`header ${name} could be taken for one that says who the caller is`)
      }
    }
  }
}
