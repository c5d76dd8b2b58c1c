// Runs bundled on every runtime: a bearer token of a file, and a cached JWT, authenticated for a Fetch request.
import { authenticateRequest, fetchRequest } from '@kube-authn/core/adapter'
import { authenticatorChain } from '@kube-authn/core'
import { localKeySet, oidc } from '@kube-authn/core/oidc'
import { cached } from '@kube-authn/core/remote'
import { tokenFile } from '@kube-authn/core/token-file'

const AUDIENCE = 'app'
const ISSUER = 'https://issuer.example.com'

/** A function per case that authenticates a request a given number of times and returns how many were accepted. */
export async function portableCases() {
  const { jwk, token } = await signedToken()
  const tokens = oidc({
    issuer: ISSUER,
    audience: AUDIENCE,
    usernamePrefix: '',
    keySet: localKeySet(JSON.stringify({ keys: [jwk] })),
  })
  return {
    'token of a file': authenticating(tokenFile('secret-token,jane,1,"dev,ops"\n'), 'secret-token'),
    'JWT seen before': authenticating(cached(tokens), token),
  }
}

function authenticating(tokens, token) {
  const authenticate = authenticateRequest(authenticatorChain({ tokens: [tokens] }))
  const headers = { accept: 'application/json', authorization: `Bearer ${token}`, 'user-agent': 'bench' }
  const request = new Request('https://app.example.com/', { headers })
  return async (count) => {
    let accepted = 0
    for (let index = 0; index < count; index++) {
      const outcome = authenticate(fetchRequest(request))
      const { failure } = outcome instanceof Promise ? await outcome : outcome
      if (failure === undefined) accepted++
    }
    return accepted
  }
}

async function signedToken() {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const { publicKey, privateKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey)
  const nowSeconds = Math.floor(Date.now() / 1000)
  const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'jane', iat: nowSeconds, exp: nowSeconds + 86_400 }
  const signed = `${encoded(JSON.stringify({ alg: 'ES256', kid: '1' }))}.${encoded(JSON.stringify(claims))}`
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    privateKey,
    new TextEncoder().encode(signed),
  )
  const jwk = { kty, crv, x, y, kid: '1', alg: 'ES256' }
  return { jwk, token: `${signed}.${encoded(String.fromCharCode(...new Uint8Array(signature)))}` }
}

function encoded(latin1) {
  return btoa(latin1).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
