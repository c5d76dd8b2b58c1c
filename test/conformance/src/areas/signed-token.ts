import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto'
import { verificationKeyOfJwk } from '@kube-authn/core/oidc'
import type { VerificationKey } from '@kube-authn/core/service-account'
import { NotUnderstood } from '../vector.ts'

/** A token in a vector. */
export interface VectorToken {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: unknown
  readonly signWith?: string | null
  readonly raw?: string
  readonly rawParts?: readonly string[]
  /** A serialization other than compact. */
  readonly form?: 'jws-json-flattened' | 'jws-json-general' | 'compact-with-base64-padding'
  readonly leadingWhitespace?: string
  /** The part that is changed after it was signed: `header`, `payload` or `signature`. */
  readonly tamper?: string
}

/**
 * The token that a vector describes.
 *
 * @param beside changes to the token that a vector lists besides it.
 */
export async function tokenOf(given: string | VectorToken, beside?: unknown): Promise<string> {
  if (typeof beside === 'string') {
    const [header = '', payload = '', signed = ''] = (await tokenOf(given)).split('.')
    return tampered([header, payload, signed], beside)
  }
  if (typeof given === 'string') return given
  const {
    header = {},
    claims,
    signWith,
    raw,
    rawParts,
    form,
    leadingWhitespace = '',
    tamper,
    ...others
  } = given
  if (raw !== undefined) return raw
  if (rawParts !== undefined) {
    return rawParts
      .map((part) => (part.startsWith('@b64:') ? base64url(part.slice('@b64:'.length)) : part))
      .join('.')
  }
  const unknown = Object.keys(others)
  if (unknown.length > 0) throw new NotUnderstood(`given.token.${unknown.join(', ')}`)
  const kid = header['kid']
  const named =
    typeof kid === 'string' && kid.startsWith('@kid:')
      ? { ...header, kid: (await keyNamed(kid.slice('@kid:'.length))).kid }
      : header
  const encode = form === 'compact-with-base64-padding' ? padded : base64url
  const [encodedHeader, payload] = [base64url(JSON.stringify(named)), encode(JSON.stringify(claims))]
  const text = `${encodedHeader}.${payload}`
  const signed =
    signWith === null || signWith === undefined ? '' : signature(text, signWith, String(header['alg']))
  if (form === 'jws-json-flattened') {
    return leadingWhitespace + JSON.stringify({ protected: encodedHeader, payload, signature: signed })
  }
  if (form === 'jws-json-general') {
    const signatures = [{ protected: encodedHeader, signature: signed }]
    return leadingWhitespace + JSON.stringify({ payload, signatures })
  }
  return tampered([encodedHeader, payload, signed], tamper)
}

/** With one bit of a part changed. */
function tampered(parts: readonly [string, string, string], tamper: string | undefined): string {
  if (tamper === undefined) return parts.join('.')
  const index = ['header', 'payload', 'signature'].findIndex((part) => tamper.includes(part))
  if (index === -1) throw new NotUnderstood(`given.tamper ${tamper}`)
  return parts
    .map((part, at) => (at === index ? part.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')) : part))
    .join('.')
}

/** With at least one `=` at the end: JSON may end in spaces. */
function padded(json: string): string {
  const text = Buffer.byteLength(json) % 3 === 0 ? `${json} ` : json
  return Buffer.from(text).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}

/** The public half of a key of the harness. */
export function keyNamed(name: string): Promise<VerificationKey> {
  return verificationKeyOfJwk(pairNamed(name).publicKey.export({ format: 'jwk' }))
}

/** The private half of a key of the harness. */
export function privateJwkNamed(name: string): JsonWebKey {
  return pairNamed(name).privateKey.export({ format: 'jwk' })
}

interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const pairs = new Map<string, KeyPair>()

/** Created on first use: `rsaA`, `ecP256A`. */
function pairNamed(name: string): KeyPair {
  const known = pairs.get(name)
  if (known !== undefined) return known
  const curve = /^ecP(256|384|521)/.exec(name)?.[1]
  const pair =
    curve === undefined
      ? reread(generateKeyPairSync('rsa', { modulusLength: 2048 }))
      : reread(generateKeyPairSync('ec', { namedCurve: `P-${curve}` }))
  pairs.set(name, pair)
  return pair
}

/**
 * The same keys, imported from bytes. Node 20 deadlocks if garbage of a key generation is collected while that key is exported as a JWK.
 */
function reread({ publicKey, privateKey }: KeyPair): KeyPair {
  return {
    publicKey: createPublicKey(publicKey.export({ type: 'spki', format: 'pem' })),
    privateKey: createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  }
}

function signature(text: string, key: string, algorithm: string): string {
  const hmacOf = /^hmac:spki-pem-of:(.+)$/.exec(key)?.[1]
  if (hmacOf !== undefined) {
    const secret = pairNamed(hmacOf).publicKey.export({ type: 'spki', format: 'pem' })
    return createHmac('sha256', secret).update(text).digest('base64url')
  }
  const curve = /^ecP(256|384|521)/.exec(key)?.[1]
  const bits =
    curve === undefined ? (/(384|512)$/.exec(algorithm)?.[1] ?? '256') : curve === '521' ? '512' : curve
  const padding =
    curve === undefined && algorithm.startsWith('PS')
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(bits) / 8 }
      : {}
  const { privateKey } = pairNamed(key)
  const options = { key: privateKey, dsaEncoding: 'ieee-p1363' as const, ...padding }
  return sign(`sha${bits}`, Buffer.from(text), options).toString('base64url')
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url')
}

/** The outcome of a signed token as vectors describe it. @param kinds of errors, by their messages. */
export function resultOf(
  outcome: Readonly<Record<string, unknown>>,
  expect: Readonly<Record<string, unknown>>,
  kinds: readonly (readonly [pattern: RegExp, kind: string])[],
): Record<string, unknown> {
  const message = typeof outcome['error'] === 'string' ? outcome['error'] : undefined
  const isAnyKind = expect['anyErrorKind'] === true
  return {
    ...outcome,
    outcome: outcome['outcome'] === 'no-opinion' ? 'no_opinion' : outcome['outcome'],
    message,
    messageContains: message,
    errorKind: isAnyKind ? expect['errorKind'] : kinds.find(([pattern]) => pattern.test(message ?? ''))?.[1],
    anyErrorKind: expect['anyErrorKind'],
  }
}
