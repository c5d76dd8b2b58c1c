import { type HttpAnswer, StatusError } from '../authenticator/status.ts'
import type { UserInfo } from '../authenticator/user.ts'
import { type IdentityHeader, identityHeaders } from '../request/headers/identity-headers.ts'

/**
 * The answer for a user: the headers of an authenticating proxy, each group and each value of an extra field in one of its own.
 *
 * A user is refused if headers cannot tell everything about the user, or if there are more groups than are numbered.
 *
 * Source: apiserver `pkg/authentication/request/headerrequest`, `pkg/util/proxy`.
 */
export function authenticatedAnswer(user: UserInfo, maxNumberedGroups: number): HttpAnswer {
  let headers: readonly IdentityHeader[]
  try {
    headers = identityHeaders('x-remote-', user)
  } catch {
    return forbidden('the name, a group, the uid or an extra field of the user cannot be sent in a header')
  }
  // Empty groups mean nothing where the headers are read.
  const sent = headers.filter(([name, value]) => name !== GROUP || value !== '')
  const groups = sent.filter(([name]) => name === GROUP).map(([, value]) => value)
  if (maxNumberedGroups > 0 && groups.length > maxNumberedGroups) {
    return forbidden(`the user has ${groups.length} groups, and the proxy takes ${maxNumberedGroups}`)
  }
  const answer: Record<string, string | string[]> = { 'cache-control': 'no-store' }
  for (const [name, value] of sent) {
    const key = name.toLowerCase()
    const before = answer[key]
    answer[key] = before === undefined ? value : [before, value].flat()
  }
  // Caddy 2.6 puts the name of its placeholder where a header is missing.
  answer['x-remote-uid'] ??= ''
  for (let index = 0; index < maxNumberedGroups; index++)
    answer[`x-remote-group-${index + 1}`] = groups[index] ?? ''
  return { status: 200, headers: answer, content: '' }
}

const GROUP = 'x-remote-Group'

function forbidden(message: string): StatusError {
  return new StatusError({ status: 403, reason: 'Forbidden', message })
}
