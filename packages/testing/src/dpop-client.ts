import type { Clock } from '@kube-authn/core'
import { checkOptions, oneOf, type OptionsShape } from '@kube-authn/core/adapter'
import { aClock, systemClock } from '@kube-authn/core/internal'
import type { IssuerAlgorithm } from './issuer/issuer.ts'

/** Options of {@link createDpopClient}. */
export interface DpopClientOptions {
  /** What its key signs with. Default `ES256`. */
  readonly signingAlgorithm?: IssuerAlgorithm
  /** The clock for `iat`. Default: the system's. */
  readonly clock?: Clock
}

/** What a proof is about. */
export interface DpopRequest {
  /** Default `GET`. */
  readonly method?: string
  /** The whole URL; its query is left out. */
  readonly url: string
  readonly token: string
  /** That of `DPoP-Nonce` in an answer. Default: none. */
  readonly nonce?: string
  /** Claims in addition to these, or overriding them; `undefined` removes one. */
  readonly claims?: Readonly<Record<string, unknown>>
  /** The same for the header. */
  readonly header?: Readonly<Record<string, unknown>>
}

/** A client that has a key, and proves it in each request. */
export interface DpopClient {
  /** The thumbprint of its key: `jkt` in the claim `cnf` of its tokens. */
  readonly thumbprint: string
  /** A new proof (RFC 9449 section 4.2): for one request. */
  prove(request: DpopRequest): Promise<string>
  /** Both headers of a request, with a new proof. */
  headers(request: DpopRequest): Promise<readonly (readonly [name: string, value: string])[]>
}

const shape: OptionsShape<DpopClientOptions> = {
  signingAlgorithm: oneOf('RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'),
  clock: aClock,
}

/**
 * Creates a client with a new key, whose tokens are bound to it (DPoP).
 *
 * Source: RFC 9449.
 *
 * @example
 * const client = await createDpopClient()
 * const token = await issuer.sign({ aud: 'my-app', sub: 'jane', cnf: { jkt: client.thumbprint } })
 * const headers = await client.headers({ url: 'https://api.example.com/orders', token })
 */
export async function createDpopClient(options: DpopClientOptions = {}): Promise<DpopClient> {
  checkOptions(shape, options)
  const { signingAlgorithm: algorithm = 'ES256', clock = systemClock } = options
  const { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } = await import('jose')
  const { privateKey, publicKey } = await generateKeyPair(algorithm)
  const jwk = await exportJWK(publicKey)
  const prove = async ({
    method = 'GET',
    url,
    token,
    nonce,
    claims,
    header,
  }: DpopRequest): Promise<string> => {
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))
    const about = {
      jti: crypto.randomUUID(),
      htm: method,
      htu: url.replace(/[?#].*$/s, ''),
      iat: Math.floor(clock.now() / 1000),
      ath: base64url(new Uint8Array(digest)),
      ...(nonce !== undefined && { nonce }),
      ...claims,
    }
    return new SignJWT(about)
      .setProtectedHeader({ typ: 'dpop+jwt', alg: algorithm, jwk, ...header })
      .sign(privateKey)
  }
  return {
    thumbprint: await calculateJwkThumbprint(jwk),
    prove,
    headers: async (request) => [
      ['Authorization', `DPoP ${request.token}`],
      ['DPoP', await prove(request)],
    ],
  }
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}
