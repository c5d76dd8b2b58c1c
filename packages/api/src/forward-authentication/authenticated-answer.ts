import type { UserInfo } from '@kube-authn/core'
import { type HttpAnswer, StatusError } from '@kube-authn/core/adapter'
import { encodeExtraKey, type IdentityHeader, identityHeaders } from '@kube-authn/core/internal'

/** What a proxy hands on. */
export interface HandedOn {
  readonly maxNumberedGroups: number
  /** `undefined`: all. */
  readonly extraKeys: readonly string[] | undefined
}

/** The user that a proxy is told of. */
export interface Told {
  readonly user: UserInfo
  readonly isImpersonated: boolean
}

/**
 * The answer for a user: the headers of an authenticating proxy, each group and each value of an extra field in one of its own.
 *
 * A user is refused if headers cannot tell everything about the user, or if there are more groups than are numbered, or extra fields that the proxy does not hand on.
 *
 * Source: apiserver `pkg/authentication/request/headerrequest`, `pkg/util/proxy`.
 */
export function authenticatedAnswer(told: Told, { maxNumberedGroups, extraKeys }: HandedOn): HttpAnswer {
  const { user } = told
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
  const lost = extraKeys && lostKey(told, extraKeys)
  if (lost !== undefined) {
    return forbidden(`the user has the extra field ${JSON.stringify(lost)}, which the proxy does not hand on`)
  }
  const answer: Record<string, string | string[]> = { 'cache-control': 'no-store' }
  for (const [name, value] of sent) {
    const key = name.toLowerCase()
    const before = answer[key]
    answer[key] = before === undefined ? value : [before, value].flat()
  }
  // Caddy 2.6 puts the name of its placeholder where a header is missing.
  answer['x-remote-uid'] ??= ''
  for (const key of extraKeys ?? []) answer[`x-remote-extra-${encodeExtraKey(key)}`.toLowerCase()] ??= ''
  for (let index = 0; index < maxNumberedGroups; index++)
    answer[`x-remote-group-${index + 1}`] = groups[index] ?? ''
  return { status: 200, headers: answer, content: '' }
}

/**
 * The key of a field that may limit the user, and that the app would not be told of: the proxy copies one value of each of `extraKeys`. Those of Kubernetes say where a credential
 * is from. Of an impersonated user they count too, since the proxy does not remove the headers that asked for them.
 */
function lostKey({ user, isImpersonated }: Told, extraKeys: readonly string[]): string | undefined {
  const [lost] =
    Object.entries(user.extra).find(([key, values]) => {
      if (extraKeys.includes(key)) return values.length > 1
      return isImpersonated || !key.startsWith('authentication.kubernetes.io/')
    }) ?? []
  return lost
}

const GROUP = 'x-remote-Group'

function forbidden(message: string): StatusError {
  return new StatusError({ status: 403, reason: 'Forbidden', message })
}
