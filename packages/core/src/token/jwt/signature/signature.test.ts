import { generateKeyPairSync, type KeyObject, randomBytes, sign, type webcrypto } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { JWS_ALGORITHMS, type JwsAlgorithm } from '../algorithms.ts'
import { readJws } from '../read-jwt.ts'
import type { PublicJwk } from '../public-jwk.ts'
import { isSignedWith as native } from './native.ts'
import { isSignedWith as portable } from './portable.ts'

/*
 * Two ways to verify a signature must accept the same signatures: an app would know other users on another runtime.
 */

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const keys = {
  rsa,
  'another RSA key': generateKeyPairSync('rsa', { modulusLength: 3072 }),
  'a short RSA key': generateKeyPairSync('rsa', { modulusLength: 1024 }),
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }),
}

const publicJwk = (key: KeyObject): PublicJwk => key.export({ format: 'jwk' }) as unknown as PublicJwk
const jwks = Object.entries(keys).map(([name, { publicKey }]) => [name, publicJwk(publicKey)] as const)

function signatureOf(signed: string, key: KeyObject, algorithm: string, saltLength?: number): Buffer {
  const data = Buffer.from(signed)
  const hash = `sha${algorithm.slice(2)}`
  if (algorithm.startsWith('ES')) return sign(hash, data, { key, dsaEncoding: 'ieee-p1363' })
  if (algorithm.startsWith('RS')) return sign(hash, data, key)
  return sign(hash, data, { key, padding: 6, saltLength: saltLength ?? -1 })
}

const base64url = (value: string | Buffer): string => Buffer.from(value).toString('base64url')
const signedPart = (header: object): string =>
  `${base64url(JSON.stringify(header))}.${base64url('{"iss":"x"}')}`

/** What both say, which is the same. */
async function verdict(token: string, key: CryptoKey | PublicJwk, algorithm: JwsAlgorithm): Promise<boolean> {
  const jws = readJws(token)
  if (jws === undefined) throw new Error('the token of the test is not a JWS')
  const here = native(jws, key, algorithm)
  expect(await portable(jws, key, algorithm), 'the portable one says otherwise').toBe(here)
  return here
}

const signers = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((alg) => [alg, 'rsa'] as const),
  ['ES256', 'P-256'] as const,
  ['ES384', 'P-384'] as const,
  ['ES512', 'P-521'] as const,
]

describe.each(signers)('a token signed by %s', (alg, keyName) => {
  const { privateKey: key, publicKey } = keys[keyName]
  const signed = signedPart({ alg })
  const signature = signatureOf(signed, key, alg)
  const ownJwk = publicJwk(publicKey)

  it('is accepted by its key and its algorithm', async () => {
    expect(await verdict(`${signed}.${base64url(signature)}`, ownJwk, alg as JwsAlgorithm)).toBe(true)
  })

  it.each(JWS_ALGORITHMS.filter((other) => other !== alg))('is refused by %s', async (other) => {
    expect(await verdict(`${signed}.${base64url(signature)}`, ownJwk, other)).toBe(false)
  })

  it.each(jwks.filter(([name]) => name !== keyName))('is refused by another key: %s', async (_, jwk) => {
    expect(await verdict(`${signed}.${base64url(signature)}`, jwk, alg as JwsAlgorithm)).toBe(false)
  })

  it.each([
    ['empty', Buffer.alloc(0)],
    ['one octet shorter', signature.subarray(1)],
    ['one octet longer', Buffer.concat([signature, Buffer.alloc(1)])],
    ['with a zero in front', Buffer.concat([Buffer.alloc(1), signature])],
    ['all zeros', Buffer.alloc(signature.length)],
    ['all ones', Buffer.alloc(signature.length, 0xff)],
    ['random', randomBytes(signature.length)],
    ['twice', Buffer.concat([signature, signature])],
    ['of another bit', Buffer.from(signature.map((octet, index) => (index === 5 ? octet ^ 1 : octet)))],
  ])('is refused when the signature is %s', async (_, changed) => {
    expect(await verdict(`${signed}.${base64url(changed)}`, ownJwk, alg as JwsAlgorithm)).toBe(false)
  })

  it.each([
    ['of an extension', { crit: ['exp'], exp: 1 }],
    ['of an unencoded payload', { crit: ['b64'], b64: false }],
    ['of nothing', { crit: [] }],
    ['null', { crit: null }],
  ])('is refused when its header is critical: %s', async (_, more) => {
    const part = signedPart({ alg, ...more })
    const token = `${part}.${base64url(signatureOf(part, key, alg))}`
    expect(await verdict(token, ownJwk, alg as JwsAlgorithm)).toBe(false)
  })

  it('is refused when ECDSA is encoded in DER', async () => {
    if (!alg.startsWith('ES')) return
    const der = sign(`sha${alg.slice(2)}`, Buffer.from(signed), key)
    expect(await verdict(`${signed}.${base64url(der)}`, ownJwk, alg as JwsAlgorithm)).toBe(false)
  })
})

describe('a token whose header states another algorithm than it is signed by', () => {
  it.each(['RS384', 'PS256', 'none', 'HS256', ''])('%s, is refused', async (stated) => {
    const signed = signedPart({ alg: stated })
    const token = `${signed}.${base64url(signatureOf(signed, rsa.privateKey, 'RS256'))}`
    expect(await verdict(token, publicJwk(rsa.publicKey), 'RS256')).toBe(false)
  })
})

describe('a signature by PSS', () => {
  const signed = signedPart({ alg: 'PS256' })
  it.each([0, 20, 31, 33, 64])('is refused with a salt of %d octets', async (saltLength) => {
    const signature = signatureOf(signed, rsa.privateKey, 'PS256', saltLength)
    expect(await verdict(`${signed}.${base64url(signature)}`, publicJwk(rsa.publicKey), 'PS256')).toBe(false)
  })
})

describe.each(['RS256', 'PS256', 'PS512'])('an RSA signature by %s that begins with a zero', (alg) => {
  const whole = wholeWithZero(alg)
  const signature = whole.slice(whole.lastIndexOf('.') + 1)
  const shorter = base64url(Buffer.from(signature, 'base64url').subarray(1))
  const cut = `${whole.slice(0, -signature.length)}${shorter}`

  it.each([
    ['JWK', (): PublicJwk => publicJwk(rsa.publicKey)],
    [
      'JWK whose modulus has a zero in front',
      (): PublicJwk => {
        const jwk = publicJwk(rsa.publicKey)
        if (jwk.kty !== 'RSA') throw new Error('not RSA')
        return { ...jwk, n: base64url(Buffer.concat([Buffer.alloc(1), Buffer.from(jwk.n, 'base64url')])) }
      },
    ],
    [
      'CryptoKey',
      (): Promise<CryptoKey> => {
        const name = alg.startsWith('PS') ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5'
        const parameters = { name, hash: `SHA-${alg.slice(2)}` }
        return crypto.subtle.importKey('jwk', { ...publicJwk(rsa.publicKey) }, parameters, true, ['verify'])
      },
    ],
  ])('is accepted whole, and refused without the zero: %s', async (_, keyOf) => {
    const key = await keyOf()
    expect(await verdict(whole, key, alg as JwsAlgorithm)).toBe(true)
    expect(await verdict(cut, key, alg as JwsAlgorithm)).toBe(false)
  })
})

/** A token whose signature begins with a zero, which one in 256 does. */
function wholeWithZero(alg: string): string {
  for (let count = 0; ; count++) {
    const signed = `${base64url(JSON.stringify({ alg }))}.${base64url(JSON.stringify({ iss: 'x', count }))}`
    const signature = signatureOf(signed, rsa.privateKey, alg)
    if (signature[0] === 0) return `${signed}.${base64url(signature)}`
  }
}

describe('an RSA key of less than 2,048 bits', () => {
  it('verifies nothing', async () => {
    const { privateKey, publicKey } = keys['a short RSA key']
    const signed = signedPart({ alg: 'RS256' })
    const token = `${signed}.${base64url(signatureOf(signed, privateKey, 'RS256'))}`
    expect(await verdict(token, publicJwk(publicKey), 'RS256')).toBe(false)
  })
})

describe('a key that cannot be used', () => {
  const signed = signedPart({ alg: 'ES256' })
  const token = `${signed}.${base64url(signatureOf(signed, keys['P-256'].privateKey, 'ES256'))}`
  it.each<[string, PublicJwk]>([
    [
      'a point that is not on its curve',
      { kty: 'EC', crv: 'P-256', x: base64url(randomBytes(32)), y: base64url(randomBytes(32)) },
    ],
    ['coordinates that are too short', { kty: 'EC', crv: 'P-256', x: 'AQ', y: 'AQ' }],
    ['a curve that is unknown', { ...publicJwk(keys['P-256'].publicKey), crv: 'P-257' } as PublicJwk],
    ['a modulus of nothing', { kty: 'RSA', n: '', e: 'AQAB' }],
  ])('verifies nothing: %s', async (_, jwk) => {
    expect(await verdict(token, jwk, 'ES256')).toBe(false)
    expect(await verdict(token, jwk, 'RS256')).toBe(false)
  })
})

describe('a CryptoKey', () => {
  const importKey = (
    jwk: PublicJwk,
    parameters: { name: string; hash?: string; namedCurve?: string },
    usages: webcrypto.KeyUsage[] = ['verify'],
  ): Promise<CryptoKey> => crypto.subtle.importKey('jwk', { ...jwk } as JsonWebKey, parameters, true, usages)
  const signed = signedPart({ alg: 'RS256' })
  const token = `${signed}.${base64url(signatureOf(signed, rsa.privateKey, 'RS256'))}`

  it('verifies what it is made for', async () => {
    const key = await importKey(publicJwk(rsa.publicKey), { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' })
    expect(await verdict(token, key, 'RS256')).toBe(true)
  })

  it.each([
    [{ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384' }, 'RS256'],
    [{ name: 'RSA-PSS', hash: 'SHA-256' }, 'RS256'],
    [{ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, 'PS256'],
    [{ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, 'ES256'],
  ] as const)('made for %o verifies nothing by %s', async (parameters, algorithm) => {
    const key = await importKey(publicJwk(rsa.publicKey), parameters)
    expect(await verdict(token, key, algorithm)).toBe(false)
  })

  it('that is for encryption verifies nothing', async () => {
    const key = await importKey(publicJwk(rsa.publicKey), { name: 'RSA-OAEP', hash: 'SHA-256' }, ['encrypt'])
    expect(await verdict(token, key, 'RS256')).toBe(false)
  })
})
