import type { HeaderChanges } from '../authenticator/authenticator.ts'
import { trimmed } from '../internal/trimmed.ts'
import type { RequestHeaders } from '../request/request.ts'
import { decodeExtraKey, EXTRA_PREFIX } from '../request/headers/extra-key.ts'
import type { WantedUser } from './wanted-user.ts'

/** All impersonation headers, for removal before the application sees the request. */
export const IMPERSONATION_HEADERS: HeaderChanges = Object.freeze({
  remove: ['impersonate-user', 'impersonate-uid', 'impersonate-group'],
  removePrefixes: [EXTRA_PREFIX],
})

/** Invalid impersonation headers. */
export interface ImpersonationProblem {
  readonly problem: string
}

export interface ReadImpersonationOptions {
  /** The maximum number of groups and extra values together. */
  readonly maxValues: number
  /** The term for the missing user in the message. */
  readonly userText: string
}

/**
 * Reads the user that a request wants to impersonate; `undefined` if there is no impersonation.
 *
 * An empty user or uid is ignored; a group or extra field counts even if it is empty. For user and uid the first header wins; all headers
 * of groups and extra fields count.
 *
 * If repeated headers may have been joined, groups and extra values are split at `, `: each part needs its own permission, so a client
 * gains nothing by it. A user or uid that may have been joined is a problem.
 *
 * @param keepsBlanks whether leading and trailing blanks are part of a value, as in HTTP/2: there, Go treats `jane ` and `jane` as
 *   different users, and a request for one must not get the other. HTTP/1 servers strip the blanks.
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

  for (const [name, sent] of headers.entries()) {
    if (!name.startsWith(PREFIX)) continue
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
    return { problem: 'requested a user or a uid that may have been joined from several headers' }
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

/** @returns the number of values; at most `maxValues` of them are added. */
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
