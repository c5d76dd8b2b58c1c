import { decodeCredentials } from '../request/basic.ts'
import type { AuthenticationRequest } from '../request/request.ts'

/** Headers that carry credentials. */
const HEADERS = [
  'authorization',
  'dpop',
  'proxy-authorization',
  'cookie',
  'sec-websocket-protocol',
  'x-auth-token',
] as const

/** Shorter strings are not redacted: they occur in any sentence. */
const MIN_LENGTH = 4

/** Schemes and prefixes of credentials, which are not secret. */
const NO_SECRET = /^(?:basic|bearer|dpop|negotiate|digest|base64url\.bearer\.authorization\.k8s\.io\.)/i

/**
 * Every string in a request that may be a credential, so that it can be redacted from the messages of authenticators.
 *
 * @param further other headers that carry credentials, in lower case.
 */
export function credentialsIn(
  request: AuthenticationRequest,
  further: readonly string[] = [],
): readonly string[] {
  // The request is refused unread, so no message can contain its headers.
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
