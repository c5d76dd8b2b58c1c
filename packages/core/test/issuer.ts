import { createHmac, type KeyObject, sign } from 'node:crypto'
import type { GetFetchInit } from '../src/internal/http/get-text.ts'
import { ecPair, rsaPair } from './key-pairs.ts'

/*
 * An OpenID Connect issuer for the tests of core alone, on Node's crypto as an independent judge of signatures.
 * `@kube-authn/testing` has a better one, and cannot be used here: it depends on core.
 */

export const ISSUER = 'https://issuer.example.com'
/** In seconds. */
export const NOW = 1_257_894_000

export interface KeyPair {
  readonly kid: string
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

export function rsaKey(kid: string): KeyPair {
  return { kid, ...rsaPair() }
}

export function ecKey(kid: string, namedCurve: 'P-256' | 'P-384' | 'P-521' | 'secp256k1' = 'P-256'): KeyPair {
  return { kid, ...ecPair(namedCurve) }
}

export function jwkOf({ kid, publicKey }: KeyPair): JsonWebKey & { readonly kid: string } {
  return { ...publicKey.export({ format: 'jwk' }), kid }
}

export const jwksOf = (...keys: readonly KeyPair[]): string => JSON.stringify({ keys: keys.map(jwkOf) })

export const base64url = (text: string | Buffer): string => Buffer.from(text).toString('base64url')

/** Signs whatever is given: the header and the payload may be nonsense. */
export function signed(key: KeyPair, header: unknown, claims: unknown, algorithm = 'RS256'): string {
  const text = (part: unknown): string => base64url(typeof part === 'string' ? part : JSON.stringify(part))
  const input = `${text(header)}.${text(claims)}`
  return `${input}.${signatureOf(key, input, algorithm)}`
}

function signatureOf({ privateKey }: KeyPair, input: string, algorithm: string): string {
  const hash = `sha${algorithm.slice(2)}`
  const padding = algorithm.startsWith('PS') ? { padding: 6, saltLength: Number(algorithm.slice(2)) / 8 } : {}
  return sign(hash, Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363', ...padding }).toString(
    'base64url',
  )
}

export function hmacSigned(secret: string | Buffer, claims: unknown, header: object = {}): string {
  const input = `${base64url(JSON.stringify({ alg: 'HS256', ...header }))}.${base64url(JSON.stringify(claims))}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

/** What a server says, or does instead. */
export type Answer = Response | (() => Response | Promise<Response>)

/** A `fetch` that keeps what it was asked. */
export interface FakeFetch {
  (url: string, init: GetFetchInit): Promise<Response>
  readonly calls: { readonly url: string; readonly init: GetFetchInit }[]
  answers: Record<string, Answer>
}

/** A `fetch` for these URLs; all others are out of reach. */
export function fakeFetch(answers: Record<string, Answer>): FakeFetch {
  const fetch: FakeFetch = Object.assign(
    async (url: string, init: GetFetchInit): Promise<Response> => {
      fetch.calls.push({ url, init })
      const answer = fetch.answers[url]
      if (answer === undefined) throw new TypeError('fetch failed')
      return typeof answer === 'function' ? answer() : answer.clone()
    },
    { calls: [], answers },
  )
  return fetch
}

export const never = (): Promise<Response> => new Promise(() => {})

/** A body that does not end; `read` counts what was taken of it. */
export function endless(): { readonly response: () => Response; readonly chunks: () => number } {
  let chunks = 0
  const response = (): Response =>
    new Response(
      new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            chunks++
            controller.enqueue(new Uint8Array(65_536).fill(32))
          },
        },
        { highWaterMark: 0 },
      ),
    )
  return { response, chunks: () => chunks }
}

/** The discovery document and the keys of an issuer. */
export function issuerAnswers(jwks: Answer | string, issuer = ISSUER): Record<string, Answer> {
  return {
    [`${issuer}/.well-known/openid-configuration`]: () =>
      Response.json({ issuer, jwks_uri: `${issuer}/keys` }),
    [`${issuer}/keys`]: typeof jwks === 'string' ? () => new Response(jwks) : jwks,
  }
}
