import { authenticateRequest, fetchRequest } from '@kube-authn/core/adapter'

/** A request with these headers: an object, or pairs if one is repeated. */
export function requestWith(headers = {}, path = '/') {
  return new Request(`https://app.example.com${path}`, { headers })
}

/** A request with Cloudflare's `cf` object. Only its own runtime accepts that in a request, and protects it then. */
export function requestOfCloudflare(cf) {
  const request = new Request('https://app.example.com/', { cf })
  return 'cf' in request ? request : Object.assign(request, { cf })
}

/** Base64 of the string in UTF-8. */
export function base64(text) {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)))
}

/** The headers of a user with a password. */
export const basicAuth = (username, password) => ({
  authorization: `Basic ${base64(`${username}:${password}`)}`,
})

/** The headers of a user with a token. */
export const bearer = (token) => ({ authorization: `Bearer ${token}` })

/** Authenticates a request as an app would: the user, or `rejected`, `unavailable`, `nobody` (each a 401). */
export async function whoIs(authenticator, headers, path) {
  return whoMakes(authenticator, requestWith(headers, path))
}

/** The same for an existing request. */
export async function whoMakes(authenticator, request) {
  const outcome = await authenticateRequest(authenticator)(fetchRequest(request))
  if ('authentication' in outcome) return outcome.authentication.user
  if (outcome.failure.status !== 401) throw outcome.failure
  return outcome.failure.cause?.code ?? 'nobody'
}

/** Authenticates a token: the user, `undefined` for no opinion, or the code of the error. */
export async function whoseToken(authenticator, token, context = {}) {
  return verdictOf(() => authenticator.authenticateToken(token, context))
}

/** Authenticates a password in the same way. */
export async function whosePassword(authenticator, username, password) {
  return verdictOf(() => authenticator.authenticatePassword(username, password, {}))
}

async function verdictOf(ask) {
  try {
    return (await ask())?.user
  } catch (error) {
    // An invalid result of an authenticator is a fault.
    if (error?.name !== 'AuthenticationError') throw error
    return error.code
  }
}
