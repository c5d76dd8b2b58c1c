import { createHash } from 'node:crypto'
import { type Authenticator, type HeaderChanges, rejected, userInfo, type UserInfo } from '@kube-authn/core'

/** The SHA-256 digest of an API key, in base64url. Keys are random, so nothing slower is needed. */
export function digestOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url')
}

const HEADER = 'x-api-key'
const MAX_LENGTH = 256
const changes: HeaderChanges = { remove: [HEADER] }

/**
 * Authenticates requests with `X-API-Key: KEY`.
 *
 * @param users by the digests of their keys, so that no key is in memory and the time of a lookup reveals nothing about the key.
 */
export function apiKey(users: ReadonlyMap<string, UserInfo>): Authenticator {
  return {
    name: 'apiKey',
    credentials: {
      // In `WWW-Authenticate`.
      schemes: ['ApiKey'],
      // Removed from every request, whichever credential was accepted.
      identityHeaders: [() => changes],
      // For OpenAPI, the audit log and `explain`.
      known: [() => [{ type: 'header', name: HEADER }]],
    },
    authenticate(request) {
      const key = request.headers.first(HEADER)
      // No opinion: the request may have another credential.
      if (key === undefined) return undefined
      if (key.length > MAX_LENGTH) throw rejected(`API key is longer than ${MAX_LENGTH} characters`)
      const user = users.get(digestOf(key))
      if (user === undefined) throw rejected('unknown API key')
      return { user }
    },
  }
}

/** A user for each line `KEY NAME GROUP...`. */
export function usersOf(lines: string): ReadonlyMap<string, UserInfo> {
  const users = new Map<string, UserInfo>()
  for (const line of lines.split('\n').filter((each) => each !== '')) {
    const [key = '', username = '', ...groups] = line.split(' ')
    if (key === '' || username === '') throw new TypeError('a line must be: KEY NAME GROUP...')
    users.set(digestOf(key), userInfo({ username, groups }))
  }
  return users
}
