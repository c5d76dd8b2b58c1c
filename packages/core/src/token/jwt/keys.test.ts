import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { thrownBy } from '../../../test/fakes.ts'
import { ecPair, rsaPair } from '../../../test/key-pairs.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { verificationKeysFromPem } from './pem-keys.ts'
import { verificationKeyOfJwk } from './verification-key.ts'

const rsa = rsaPair()
const shortRsa = rsaPair(1024)
const [p256, p384, p521, p224] = ['P-256', 'P-384', 'P-521', 'secp224r1'].map((namedCurve) =>
  ecPair(namedCurve),
) as [KeyPair, KeyPair, KeyPair, KeyPair]
const ed25519 = generateKeyPairSync('ed25519')

interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const pkcs1 = ({ privateKey }: KeyPair): string => pem(privateKey.export({ type: 'pkcs1', format: 'pem' }))
const pkcs8 = ({ privateKey }: KeyPair): string => pem(privateKey.export({ type: 'pkcs8', format: 'pem' }))
const sec1 = ({ privateKey }: KeyPair): string => pem(privateKey.export({ type: 'sec1', format: 'pem' }))
const pkix = ({ publicKey }: KeyPair): string => pem(publicKey.export({ type: 'spki', format: 'pem' }))
const pem = (text: string | Buffer): string => String(text)

const EC_PARAMETERS = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n'
const NO_KEYS = 'data does not contain any valid RSA or ECDSA public keys'

describe('a file of keys to verify with', () => {
  it.each([
    ['a private RSA key of PKCS#1', pkcs1(rsa), ['RS256']],
    ['a private RSA key of PKCS#8', pkcs8(rsa), ['RS256']],
    ['a public RSA key', pkix(rsa), ['RS256']],
    ['a private EC key of SEC1', sec1(p256), ['ES256']],
    ['a private EC key behind its parameters', EC_PARAMETERS + sec1(p256), ['ES256']],
    ['public EC keys', pkix(p256) + pkix(p384) + pkix(p521), ['ES256', 'ES384', 'ES512']],
    ['text between the keys', `\ufeff# old\n${pkix(rsa)}\nnew:\n${sec1(p521)}`, ['RS256', 'ES512']],
    ['blocks of other kinds', pkix(ed25519) + pkix(rsa) + pkix(p224), ['RS256']],
    ['a label that says something else', pkix(rsa).replaceAll('PUBLIC KEY', 'ANYTHING'), ['RS256']],
    ['line ends of Windows', pkix(rsa).replaceAll('\n', '\r\n'), ['RS256']],
    ['white space within a block', pkix(rsa).replace(/\n(?=[A-Z])/g, ' \n\t  '), ['RS256']],
    ['a block without an end before the key', `-----BEGIN X-----\nAAAA\n${pkix(rsa)}`, ['RS256']],
  ])('can have %s', async (_, text, algorithms) => {
    const keys = await verificationKeysFromPem(text)
    expect(keys.map(({ alg }) => alg)).toEqual(algorithms)
    expect(keys.every(({ key }) => key.type === 'public')).toBe(true)
    expect(Object.keys(keys[0]?.jwk ?? {}).filter((name) => 'dpq'.includes(name))).toEqual([])
  })

  it('names a key the same in every form', async () => {
    const keys = await verificationKeysFromPem(pkcs1(rsa) + pkcs8(rsa) + pkix(rsa))
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(1)
    const [fromSec1] = await verificationKeysFromPem(sec1(p384))
    const [fromPkix] = await verificationKeysFromPem(pkix(p384))
    expect(fromSec1?.kid).toBe(fromPkix?.kid)
  })

  it.each([
    ['nothing', ''],
    ['no PEM', 'hello'],
    ['a private EC key of PKCS#8', pkcs8(p256)],
    ['a public RSA key of PKCS#1', pem(rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }))],
    ['a curve that is too short', pkix(p224)],
    ['a key of another kind', pkix(ed25519)],
    ['an encrypted key', pkcs1(rsa).replace('\n', '\nProc-Type: 4,ENCRYPTED\n\n')],
    ['a block that is cut off', pkix(rsa).slice(0, -30)],
    ['a block that is not base64', '-----BEGIN PUBLIC KEY-----\n????\n-----END PUBLIC KEY-----'],
    ['a block of other bytes', '-----BEGIN PUBLIC KEY-----\nMAMBAf8=\n-----END PUBLIC KEY-----'],
    ['more text than keys have', `${'x'.repeat(1_048_576)}\n${pkix(rsa)}`],
  ])('cannot have %s alone', async (_, text) => {
    const error = await thrownBy(() => verificationKeysFromPem(text))
    expect(error).toBeInstanceOf(ConfigurationError)
    expect(error).toMatchObject({ problems: [{ message: NO_KEYS }] })
  })

  it('cannot contain a short RSA key, not even among others', async () => {
    expect(await thrownBy(() => verificationKeysFromPem(pkix(shortRsa) + pkix(rsa)))).toMatchObject({
      problems: [{ message: 'an RSA key must have 2048 to 16384 bits' }],
    })
  })

  it('cannot have a point that is not on its curve', async () => {
    const der = Buffer.from(p256.publicKey.export({ type: 'spki', format: 'der' }))
    der[40] = (der[40] ?? 0) ^ 1
    const text = `-----BEGIN X-----\n${der.toString('base64')}\n-----END X-----`
    expect(await thrownBy(() => verificationKeysFromPem(text))).toBeInstanceOf(ConfigurationError)
  })
})

describe('a JWK', () => {
  const jwk = { kty: 'EC', ...p256.publicKey.export({ format: 'jwk' }) } as JsonWebKey

  it('may have zeros in front of its modulus, which do not count', async () => {
    const n = Buffer.from(rsa.publicKey.export({ format: 'jwk' }).n ?? '', 'base64url')
    const padded = {
      ...rsa.publicKey.export({ format: 'jwk' }),
      n: Buffer.from([0, ...n]).toString('base64url'),
    }
    const [fromPem] = await verificationKeysFromPem(pkix(rsa))
    expect((await verificationKeyOfJwk(padded as JsonWebKey)).kid).toBe(fromPem?.kid)
  })

  it.each([
    [2047, false],
    [2048, true],
    [16_384, true],
    [16_385, false],
  ])('of RSA may have %d bits: %j', async (bits, isKey) => {
    const n = Buffer.alloc(Math.ceil(bits / 8), 0xff)
    n[0] = 0xff >> (n.length * 8 - bits)
    const key = { kty: 'RSA', n: n.toString('base64url'), e: 'AQAB' }
    const made = verificationKeyOfJwk(key).then(
      () => true,
      () => false,
    )
    expect(await made).toBe(isKey)
  })

  it('keeps the name it has, and nothing private', async () => {
    const key = await verificationKeyOfJwk({ ...p256.privateKey.export({ format: 'jwk' }), kid: 'k' })
    expect(key).toMatchObject({ kid: 'k', alg: 'ES256', jwk })
    expect(key.jwk).not.toHaveProperty('d')
  })

  const rsaJwk = rsa.publicKey.export({ format: 'jwk' }) as JsonWebKey
  const shortJwk = shortRsa.publicKey.export({ format: 'jwk' }) as JsonWebKey
  it.each([
    ['of no kind', {}],
    ['symmetric', { kty: 'oct', k: 'AAAA' }],
    ['on another curve', { ...jwk, crv: 'secp256k1' }],
    ['on a curve called like a property', { ...jwk, crv: '__proto__' }],
    ['without a coordinate', { kty: 'EC', crv: 'P-256', x: jwk.x ?? '' }],
    ['padded', { ...jwk, x: `${jwk.x}=` }],
    ['not on its curve', { ...jwk, x: jwk.y ?? '' }],
    ['RSA with exponent 1', { ...rsaJwk, e: 'AQ' }],
    ['RSA with exponent 0', { ...rsaJwk, e: 'AA' }],
    ['RSA with exponent 1 behind zeros', { ...rsaJwk, e: 'AAAAAQ' }],
    ['RSA with exponent 2', { ...rsaJwk, e: 'Ag' }],
    ['RSA with an even exponent', { ...rsaJwk, e: 'AQAC' }],
    ['RSA with an exponent of 32 bits', { ...rsaJwk, e: '_____w' }],
    ['RSA with an exponent as long as its modulus', { ...rsaJwk, e: rsaJwk.n ?? '' }],
    ['RSA that is short behind zeros', { ...shortJwk, n: `${'A'.repeat(172)}${shortJwk.n ?? ''}` }],
    ['called by a number', { ...jwk, kid: 1 as unknown as string }],
    ['RSA that is short', shortRsa.publicKey.export({ format: 'jwk' }) as JsonWebKey],
    ['RSA that is huge', { ...rsaJwk, n: '_'.repeat(3000) }],
  ])('cannot be %s', async (_, bad: JsonWebKey) => {
    expect(await thrownBy(() => verificationKeyOfJwk(bad))).toBeInstanceOf(ConfigurationError)
  })
})
