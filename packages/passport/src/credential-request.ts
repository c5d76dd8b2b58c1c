import { type AuthenticationError, rejected } from '@kube-authn/core'

/** A request with a bearer token and nothing else. */
export function tokenRequest(token: string): object {
  return withAuthorization(`Bearer ${token}`)
}

/**
 * A request with a user name and a password, both in the header, for strategies like passport-http, and in the body, for those
 * that are made for a login form, like passport-ldapauth and passport-local.
 *
 * A password with a colon is in the body only: passport-http 0.3 would check what is before the colon (jaredhanson/passport-http#20).
 */
export function passwordRequest(username: string, password: string): object {
  const body = { username, password }
  if (password.includes(':')) return { ...withAuthorization(undefined), body }
  return { ...withAuthorization(`Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`), body }
}

/** Why it is not shown to any strategy: what is not UTF-8 could be taken for another text that is. */
export function problemWithToken(token: string): AuthenticationError | undefined {
  return token.isWellFormed() ? undefined : rejected('the token is not UTF-8')
}

/**
 * Why these are not shown to any strategy; `undefined` when they are.
 *
 * - An empty password succeeds in a simple bind (RFC 4513 section 5.1.2): the directory then knows nobody, and says yes.
 * - A user name with a colon cannot be told apart from its password in a header.
 * - What is not UTF-8 could be taken for another text that is.
 * - `$&` and its like are patterns of `String.prototype.replace`, by which ldapauth-fork 5 builds a filter: they bring brackets
 *   into it past its escaping, and the process ends with an exception that nobody can catch.
 */
export function problemWithPassword(username: string, password: string): AuthenticationError | undefined {
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
