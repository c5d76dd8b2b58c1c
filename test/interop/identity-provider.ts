import { generateKeyPair, type JsonWebKey } from 'node:crypto'
import { promisify } from 'node:util'
import type { CertificateAuthority } from '@kube-authn/testing'
import type { Browser } from './browser.ts'

/** The signature algorithms of the identity providers. */
export type Algorithm = 'ES256' | 'RS256'

/** A user of every identity provider. */
export interface Person {
  readonly name: string
  readonly email: string
  readonly password: string
  /** The claim `groups`: a list. */
  readonly groups: readonly string[]
  /** The claim `team`: a string. */
  readonly team: string
}

/** The users of every identity provider. */
export const people = {
  jane: {
    name: 'jane',
    email: 'jane@example.com',
    password: 'correct horse battery',
    groups: ['admin', 'dev'],
    team: 'shop',
  },
  mallory: {
    name: 'mallory',
    email: 'mallory@example.com',
    password: 'staple correct horse',
    groups: ['system:masters'],
    team: 'system:masters',
  },
} as const satisfies Readonly<Record<string, Person>>

/** The client of tokens with an algorithm. */
export const clientFor: Readonly<Record<Algorithm, string>> = { RS256: 'rsa-app', ES256: 'ec-app' }

/** The secret of every client; equal in every encoding. */
export const CLIENT_SECRET = 'secretOfTheApp'

/** The redirect URI after the login. Nothing listens there. */
export const REDIRECT_URI = 'http://127.0.0.1:1/callback'

/** A provider of OpenID Connect, over TLS on this machine, with a key for each algorithm. It has to be started. */
export interface IdentityProvider {
  readonly issuer: string
  /** Starts it, unless it runs. */
  start(): Promise<void>
  stop(): Promise<void>
  /** Logs a user in by the authorization code flow, as a browser and an app do. Returns the ID token. */
  logIn(person: Person, algorithm: Algorithm): Promise<string>
  /** Rotates the signing keys. The old ones stay published, unless withdrawn. */
  rotate(options?: { readonly withdrawOthers?: boolean }): Promise<void>
  /** Stops it permanently. */
  close(): Promise<void>
}

/** The options of a provider. */
export interface IdentityProviderOptions {
  readonly pki: CertificateAuthority
  /** The `Cache-Control` of its keys, if configurable. Default: its own. */
  readonly cacheControl?: string
}

/** A private key as a JWK with its use. */
export type SigningJwk = JsonWebKey & { readonly kid: string; readonly alg: Algorithm; readonly use: 'sig' }

const generate = promisify(generateKeyPair)

/** New keys, one for each algorithm. */
export async function newSigningKeys(): Promise<readonly SigningJwk[]> {
  const keys = {
    RS256: await generate('rsa', { modulusLength: 2048 }),
    ES256: await generate('ec', { namedCurve: 'P-256' }),
  }
  return (['RS256', 'ES256'] as const).map((alg) => ({
    ...keys[alg].privateKey.export({ format: 'jwk' }),
    kid: `${alg}-${crypto.randomUUID()}`,
    alg,
    use: 'sig',
  }))
}

/** The authorization request of an app. */
export function authorizationRequest(algorithm: Algorithm, scope: string): Readonly<Record<string, string>> {
  return {
    client_id: clientFor[algorithm],
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    scope,
    state: crypto.randomUUID(),
    nonce: crypto.randomUUID(),
  }
}

/** Exchanges the code in the redirect URL for tokens, as an app does. */
export async function idTokenFor(
  back: { readonly location: string; readonly algorithm: Algorithm; readonly endpoint: string },
  browser: Browser,
): Promise<string> {
  const code = new URL(back.location).searchParams.get('code')
  if (code === null) throw new Error(`no code: ${back.location}`)
  const credentials = Buffer.from(`${clientFor[back.algorithm]}:${CLIENT_SECRET}`).toString('base64')
  const { status, body } = await browser.visit(back.endpoint, {
    form: { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI },
    headers: { authorization: `Basic ${credentials}` },
  })
  if (status !== 200) throw new Error(`no token: ${status} ${body}`)
  return (JSON.parse(body) as { id_token: string }).id_token
}
