import { authenticateRequest, fetchRequest } from '@kube-authn/core'

/** A request with these headers: an object, or pairs where one is repeated. */
export function requestWith(headers = {}, path = '/') {
  return new Request(`https://app.example.com${path}`, { headers })
}

/** A request with what Cloudflare says of it. Only its own runtime takes that when a request is made, and protects it then. */
export function requestOfCloudflare(cf) {
  const request = new Request('https://app.example.com/', { cf })
  return 'cf' in request ? request : Object.assign(request, { cf })
}

/** Base64 of the text in UTF-8. */
export function base64(text) {
  return btoa(String.fromCodePoint(...new TextEncoder().encode(text)))
}

/** The headers of a user with a password. */
export const basicAuth = (username, password) => ({
  authorization: `Basic ${base64(`${username}:${password}`)}`,
})

/** The headers of somebody with a token. */
export const bearer = (token) => ({ authorization: `Bearer ${token}` })

/** Who makes a request, as an app would ask: the user, or `rejected`, `unavailable`, `nobody` (each a 401). */
export async function whoIs(authenticator, headers, path) {
  return whoMakes(authenticator, requestWith(headers, path))
}

/** The same of a request that was made elsewhere. */
export async function whoMakes(authenticator, request) {
  const outcome = await authenticateRequest(authenticator)(fetchRequest(request))
  if ('authentication' in outcome) return outcome.authentication.user
  if (outcome.failure.status !== 401) throw outcome.failure
  return outcome.failure.cause?.code ?? 'nobody'
}

/** Whose a token is: the user, `undefined` for no opinion, or the code of the error. */
export async function whoseToken(authenticator, token, context = {}) {
  return verdictOf(() => authenticator.authenticateToken(token, context))
}

/** Whose a password is, in the same way. */
export async function whosePassword(authenticator, username, password) {
  return verdictOf(() => authenticator.authenticatePassword(username, password, {}))
}

async function verdictOf(ask) {
  try {
    return (await ask())?.user
  } catch (error) {
    // What is no answer of an authenticator is a fault.
    if (error?.name !== 'AuthenticationError') throw error
    return error.code
  }
}
