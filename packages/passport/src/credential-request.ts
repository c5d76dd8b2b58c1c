import {
  type AuthenticationError,
  type PasswordAuthenticator,
  rejected,
  type TokenAuthenticator,
} from '@kube-authn/core'
import type { Ask } from './whole-request.ts'

/** A token authenticator that asks a strategy. */
export function strategyTokens(name: string, ask: Ask): TokenAuthenticator {
  return {
    name,
    authenticateToken(token) {
      // A string that is not valid Unicode could be mistaken for another one.
      if (!token.isWellFormed()) throw rejected('the token is not UTF-8')
      return ask(withAuthorization(`Bearer ${token}`), () => true)
    },
  }
}

/** A password authenticator that asks a strategy. */
export function strategyPasswords(name: string, ask: Ask): PasswordAuthenticator {
  return {
    name,
    authenticatePassword(username, password) {
      const problem = problemWithPassword(username, password)
      if (problem !== undefined) throw problem
      return ask(passwordRequest(username, password), () => true)
    },
  }
}

/**
 * A request with a user name and password, both in the header, for strategies like passport-http, and in the body, for login form strategies like
 * passport-ldapauth and passport-local.
 *
 * A password with a colon is in the body only: passport-http 0.3 would check only the part before the colon (jaredhanson/passport-http#20).
 */
function passwordRequest(username: string, password: string): object {
  const body = { username, password }
  if (password.includes(':')) return { ...withAuthorization(undefined), body }
  return { ...withAuthorization(`Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`), body }
}

/**
 * Why a user name and password are not passed to a strategy; `undefined` if they are.
 *
 * - A simple bind with an empty password succeeds without authentication (RFC 4513 section 5.1.2).
 * - A user name with a colon cannot be separated from the password in a header.
 * - A string that is not valid Unicode could be mistaken for another one.
 * - `$&` and the like are patterns of `String.prototype.replace`, with which ldapauth-fork 5 builds a filter: they insert unescaped brackets, and the
 *   process ends with an exception that cannot be caught.
 */
function problemWithPassword(username: string, password: string): AuthenticationError | undefined {
  if (username === '' || password === '') return rejected('the user name or the password is empty')
  if (username.includes(':')) return rejected('the user name has a colon')
  if (!username.isWellFormed() || !password.isWellFormed()) {
    return rejected('the user name or the password is not UTF-8')
  }
  if (/\$[$&`']/.test(username)) return rejected('the user name has a replacement pattern')
  return undefined
}

function withAuthorization(authorization: string | undefined): object {
  const headers = authorization === undefined ? {} : { authorization }
  const header = (name: string): string | undefined =>
    name.toLowerCase() === 'authorization' ? authorization : undefined
  return {
    method: 'GET',
    url: '/',
    originalUrl: '/',
    path: '/',
    query: {},
    headers,
    get: header,
    header,
    socket: {},
    connection: {},
  }
}
