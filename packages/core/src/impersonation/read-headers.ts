import type { HeaderChanges } from '../authenticator/authenticator.ts'
import { selectedHeaders } from '../request/headers/selected.ts'
import { trimmed } from '../internal/trimmed.ts'
import type { RequestHeaders } from '../request/request.ts'
import { decodeExtraKey, EXTRA_PREFIX } from './extra-key.ts'
import type { WantedUser } from './wanted-user.ts'

/** All headers that impersonation reads: what an application must not see once it was allowed. */
export const IMPERSONATION_HEADERS: HeaderChanges = Object.freeze({
  remove: ['impersonate-user', 'impersonate-uid', 'impersonate-group'],
  removePrefixes: [EXTRA_PREFIX],
})

/** Headers that cannot be followed. */
export interface ImpersonationProblem {
  readonly problem: string
}

/** What {@link readImpersonation} goes by. */
export interface ReadImpersonationOptions {
  /** Groups and values of extra fields together. */
  readonly maxValues: number
  /** How a missing user is called in the message. */
  readonly userText: string
}

/**
 * Reads who a request wants to act as. `undefined` when it does not ask for that.
 *
 * A user or a uid counts when it is not empty, a group or an extra field as soon as there is a header. Of user and uid the first
 * header counts, of groups and extra fields every one.
 *
 * Where repeated headers were joined, groups and extra fields are split where `, ` may have joined them: each part needs its own
 * permission, so nothing is gained by it. A user or a uid that may have been joined is a problem.
 *
 * @param keepsBlanks whether a blank at an end of a value is a part of it, as in HTTP/2: to Go `jane ` is another user than `jane` there, and
 *   a deputy that asks for the one must not get the other. With HTTP/1 servers cut them off.
 *
 * Source: apiserver `pkg/endpoints/filters/impersonation/constrained_impersonation.go`.
 *
 * Deviation: the number of values is bounded, and joined users are refused (`docs/deviations.md`, impersonation headers).
 */
export function readImpersonation(
  headers: RequestHeaders,
  { maxValues, userText }: ReadImpersonationOptions,
  keepsBlanks: boolean = false,
): WantedUser | ImpersonationProblem | undefined {
  let username: string | undefined
  let uid: string | undefined
  let count = 0
  const groups: string[] = []
  const extra = new Map<string, string[]>()

  for (const [name, sent] of selectedHeaders(headers, isOfImpersonation)) {
    const value = keepsBlanks ? sent : trimmed(sent, ' \t')
    if (name === 'impersonate-user') username ??= value
    else if (name === 'impersonate-uid') uid ??= value
    else if (name === 'impersonate-group') {
      count += addValues(groups, value, headers.exact, maxValues)
    } else if (name.startsWith(EXTRA_PREFIX)) {
      const key = decodeExtraKey(name.slice(EXTRA_PREFIX.length))
      const values = extra.get(key) ?? []
      extra.set(key, values)
      count += addValues(values, value, headers.exact, maxValues)
    }
    if (count > maxValues) {
      return { problem: `requested more than ${maxValues} groups and extra values` }
    }
  }

  const wanted = { username: username ?? '', uid: uid ?? '', groups, extra }
  if (wanted.username === '') return withoutUser(wanted, userText)
  if (!headers.exact && [wanted.username, wanted.uid].some((each) => each.includes(', '))) {
    return { problem: 'requested a user or a uid that may be several' }
  }
  return wanted
}

function withoutUser({ uid, groups, extra }: WantedUser, userText: string): ImpersonationProblem | undefined {
  const requested = [
    ...(uid === '' ? [] : ['a uid']),
    ...(groups.length === 0 ? [] : ['groups']),
    ...(extra.size === 0 ? [] : ['extra fields']),
  ]
  if (requested.length === 0) return undefined
  return { problem: `requested ${requested.join(', ')} without impersonating ${userText}` }
}

/** @returns how many there were, of which no more are kept than may be. */
function addValues(list: string[], value: string, exact: boolean, maxValues: number): number {
  if (exact) {
    list.push(value)
    return 1
  }
  const values = value.split(', ')
  list.push(...values.slice(0, maxValues))
  return values.length
}

const PREFIX = 'impersonate-'
const FIRST_LETTER = PREFIX.charCodeAt(0)

function isOfImpersonation(name: string): boolean {
  // Most names begin with another letter, in either case.
  return ((name.charCodeAt(0) ^ FIRST_LETTER) & ~0x20) === 0 && name.toLowerCase().startsWith(PREFIX)
}
