import { decodeCredentials } from '../../request/basic/basic.ts'
import type { AuthenticationRequest } from '../../request/request.ts'

/** Where credentials are. */
const HEADERS = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'sec-websocket-protocol',
  'x-auth-token',
] as const

/** The shortest text that is looked for: what is shorter is part of any sentence. */
const MIN_LENGTH = 4

/** What stands beside credentials, and is none. */
const NO_SECRET = /^(?:basic|bearer|negotiate|digest|base64url\.bearer\.authorization\.k8s\.io\.)/i

/**
 * Every string in a request that may be a credential, so that none of it is shown, whatever an authenticator says.
 *
 * @param further other headers that carry credentials, in lower case.
 */
export function credentialsIn(
  request: AuthenticationRequest,
  further: readonly string[] = [],
): readonly string[] {
  // It is refused unread, so nothing of its headers can be in a message.
  if (request.refusal !== undefined) return []
  const { headers } = request
  const parts = [...HEADERS, ...further]
    .flatMap((name) => headers.all(name))
    .flatMap((value) => value.split(/[\s,;]+/))
  const passwords = parts.flatMap((part) => decodeCredentials(part)?.slice(1) ?? [])
  const values = parts
    .flatMap((part) => [part, ...part.split('=')])
    .map((part) => part.replace(NO_SECRET, ''))
  return [...new Set([...passwords, ...values])].filter((text) => text.length >= MIN_LENGTH)
}
