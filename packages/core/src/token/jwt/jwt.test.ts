import { createHmac, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { thrownBy } from '../../../test/fakes.ts'
import { ecPair, rsaPair } from '../../../test/key-pairs.ts'
import { AuthenticationError } from '../../authenticator/errors.ts'
import { base64urlOf, bytesOfBase64url, isCanonicalBase64url } from '../../internal/base64url.ts'
import { verificationKeysFromPem } from './pem-keys.ts'
import { MAX_TOKEN_LENGTH, readJws, readJwt, unverifiedIssuer } from './read-jwt.ts'
import { verifySignature } from './verify-signature.ts'

const pairs = {
  a: ecPair(),
  b: ecPair(),
  rsa: rsaPair(),
}
const pemOf = (name: keyof typeof pairs): string =>
  String(pairs[name].publicKey.export({ type: 'spki', format: 'pem' }))
const keysOf = (...names: readonly (keyof typeof pairs)[]) =>
  verificationKeysFromPem(names.map(pemOf).join(''))

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

function token(header: unknown, claims: unknown, key: keyof typeof pairs | undefined = 'a'): string {
  const text = `${encode(header)}.${encode(claims)}`
  const signature = sign('sha256', Buffer.from(text), {
    key: pairs[key].privateKey,
    dsaEncoding: 'ieee-p1363',
  })
  return `${text}.${signature.toString('base64url')}`
}

const good = token({ alg: 'ES256' }, { iss: 'i' })
const [header = '', claims = '', signature = ''] = good.split('.')

describe('the text of a token', () => {
  it.each([
    ['a signed token', good, 'i'],
    ['a token without a signature', `${header}.${claims}.`, 'i'],
    ['a token with an invalid header', `${encode('{')}.${claims}.${signature}`, 'i'],
    ['a token with an invalid signature', `${header}.${claims}.$`, 'i'],
    ['no issuer', token({ alg: 'ES256' }, {}), ''],
    ['an issuer that is null', token({ alg: 'ES256' }, { iss: null }), ''],
    ['an issuer among colons', token({ alg: 'ES256' }, '{"a:b\\":":":\\\\","iss":"i","c":{"d":[":"]}}'), 'i'],
    [
      'half a surrogate pair',
      token({ alg: 'ES256' }, '{"iss":"\\udc73ystem \\ud83d\\uDE00 \\\\ud800"}'),
      '\ufffdystem 😀 \\ud800',
    ],
    ['an issuer that is a property of every object', token({ alg: 'ES256' }, { toString: 1 }), ''],
  ])('gives the issuer of %s', (_, text, issuer) => {
    expect(unverifiedIssuer(text)).toBe(issuer)
  })

  it.each([
    ['nothing', ''],
    ['an opaque token', 'abc'],
    ['two parts', `${header}.${claims}`],
    ['four parts', `${good}.`],
    ['five parts', `${good}.a.a`],
    ['an empty header', `.${claims}.${signature}`],
    ['no claims', `${header}..${signature}`],
    ['padding', `${good}==`],
    ['a line end', `${good}\n`],
    ['a space inside', `${header}.${claims}. ${signature}`],
    ['the alphabet of base64', `${header}.${claims}.+/${signature.slice(2)}`],
    ['bits that do not count', `${header}.${claims}.AB`],
    ['a length that no bytes have', `${header}.${claims}.A`],
    ['JSON serialisation', JSON.stringify({ payload: claims, protected: header, signature })],
    ['claims that are a list', token({ alg: 'ES256' }, [])],
    ['claims that are null', token({ alg: 'ES256' }, null)],
    ['claims that are not JSON', token({ alg: 'ES256' }, 'iss')],
    ['a header that is not JSON', token('{', { iss: 'i' })],
    ['no algorithm', token({}, { iss: 'i' })],
    ['an algorithm that is not a string', token({ alg: 1 }, { iss: 'i' })],
    ['a key ID that is not a string', token({ alg: 'ES256', kid: 1 }, { iss: 'i' })],
    ['an issuer that is a list', token({ alg: 'ES256' }, { iss: ['i'] })],
    ['claims that are not UTF-8', `${header}.${Buffer.from([0x22, 0xff, 0x22]).toString('base64url')}.`],
    ['an issuer twice', token({ alg: 'ES256' }, '{"iss":"a","iss":"i"}')],
    ['an issuer twice, spelled otherwise', token({ alg: 'ES256' }, '{"iss":"a","\\u0069ss":"i"}')],
    ['a prototype twice', token({ alg: 'ES256' }, '{"__proto__":1,"__proto__":{"iss":"i"}}')],
    ['a claim twice, in a list in a claim', token({ alg: 'ES256' }, '{"iss":"i","a":[{"b":1,"b":2}]}')],
    ['an algorithm twice', token('{"alg":"none","alg":"ES256"}', { iss: 'i' })],
    ['a byte order mark before the claims', token({ alg: 'ES256' }, '\ufeff{"iss":"i"}')],
    ['more than the maximum length', token({ alg: 'ES256' }, { iss: 'i', x: 'x'.repeat(MAX_TOKEN_LENGTH) })],
  ])('is not a JWT with %s', (_, text) => {
    expect(readJwt(text)).toBeUndefined()
  })

  it('may have a payload other than claims, and is then not a JWT', () => {
    for (const payload of ['', encode('foo'), encode([])]) {
      const text = `${header}.${payload}.${signature}`
      expect(readJws(text)).toEqual({
        token: text,
        algorithm: 'ES256',
        keyId: '',
        isCritical: false,
        payload,
      })
      expect(readJwt(text)).toBeUndefined()
    }
  })

  it('has the header that it has, whatever those before had', () => {
    const headers = [
      { alg: 'ES256' },
      { alg: 'ES256', kid: 'a' },
      { alg: 'RS256', kid: 'a', typ: 'JWT' },
      { alg: 'RS256', kid: 'a', typ: 'JWT', crit: [] },
      { alg: 'RS256', kid: 'x'.repeat(1000) },
      { alg: 1 },
      { alg: 'ES256', typ: { x: [] } },
    ]
    for (const one of headers) {
      for (const each of [one, one, ...headers]) {
        const { alg, kid = '', typ } = { kid: undefined, typ: undefined, ...each }
        const jws = readJws(`${encode(each)}.${claims}.${signature}`)
        const expected = { algorithm: alg, keyId: kid, type: typ, isCritical: 'crit' in each }
        if (alg === 1) expect(jws).toBeUndefined()
        else expect(jws).toMatchObject(expected)
      }
    }
  })

  it('shares no object with another token', () => {
    const text = `${encode({ alg: 'ES256', typ: { x: [] } })}.${claims}.${signature}`
    expect(readJws(text)?.type).not.toBe(readJws(text)?.type)
  })

  it('is read or not, whatever it is', () => {
    const part = fc.oneof(fc.string(), fc.json().map(encode), fc.constantFrom('', header, claims))
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        const jwt = readJwt(parts.join('.'))
        expect(jwt === undefined || typeof jwt.issuer === 'string').toBe(true)
      }),
    )
  })

  it('has one spelling for every signature', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = base64urlOf(bytes)
        expect(text).toBe(Buffer.from(bytes).toString('base64url'))
        expect(isCanonicalBase64url(text)).toBe(true)
        expect(bytesOfBase64url(text)).toEqual(bytes)
      }),
    )
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('A', 'B', 'g', 'w', '0', '4', '8', '_', '-', '=', '+', '/', ' ', '\n'),
        }),
        (text) => {
          const isTheSpelling = Buffer.from(text, 'base64url').toString('base64url') === text
          expect(isCanonicalBase64url(text)).toBe(isTheSpelling)
        },
      ),
    )
  })
})

async function verified(text: string, ...names: readonly (keyof typeof pairs)[]): Promise<unknown> {
  const jwt = readJwt(text)
  if (jwt === undefined) throw new Error('not a JWT')
  return verifySignature(jwt, names.length === 0 ? [] : await keysOf(...names))
}

describe('a signature', () => {
  it('is verified with the key that the token names, or with any', async () => {
    const [, b] = await keysOf('a', 'b')
    expect(await verified(token({ alg: 'ES256', kid: b?.kid }, { n: 1 }, 'b'), 'a', 'b')).toEqual({ n: 1 })
    expect(await verified(token({ alg: 'ES256' }, { n: 2 }, 'b'), 'rsa', 'a', 'b')).toEqual({ n: 2 })
    expect(await verified(token({ alg: 'RS256', kid: '' }, { n: 3 }, 'rsa'), 'a', 'rsa')).toEqual({ n: 3 })
  })

  const hmac = (text: string): string =>
    `${text}.${createHmac('sha256', pemOf('rsa')).update(text).digest('base64url')}`

  it.each([
    ['another key', token({ alg: 'ES256' }, {}, 'b')],
    ['no algorithm at all', `${encode({ alg: 'none' })}.${claims}.`],
    ['no signature', `${header}.${claims}.`],
    ['a signature of something else', `${header}.${encode({ iss: 'j' })}.${signature}`],
    ['a signature that is cut short', `${header}.${claims}.${signature.slice(0, -6)}`],
    ['a signature that goes on', `${header}.${claims}.${signature}AAAA`],
    ['a signature of zeros', `${header}.${claims}.${'A'.repeat(86)}`],
    ['the public key as a secret', hmac(`${encode({ alg: 'HS256' })}.${claims}`)],
    ['an algorithm of another kind of key', token({ alg: 'RS256' }, {}, 'a')],
    ['an algorithm that the key could also do', token({ alg: 'PS256' }, {}, 'rsa')],
    ['an algorithm called like a property', token({ alg: '__proto__' }, {})],
    ['something critical', token({ alg: 'ES256', crit: ['x'], x: 1 }, {})],
    ['a payload that is critically something else', token({ alg: 'ES256', crit: ['b64'], b64: false }, {})],
    ['a key of its own', token({ alg: 'ES256', jwk: pairs.b.publicKey.export({ format: 'jwk' }) }, {}, 'b')],
  ])('is refused with %s, always in the same words', async (_, text) => {
    const error = await thrownBy(() => verified(text, 'a', 'rsa'))
    expect(error).toBeInstanceOf(AuthenticationError)
    expect(error).toMatchObject({ code: 'rejected', message: 'invalid signature' })
    expect((error as AuthenticationError).cause).toBeUndefined()
  })

  it.each([
    ['an unknown key', token({ alg: 'ES256', kid: 'x' }, {}), ['a']],
    ['any key where there is none', good, []],
  ] as const)('is refused with %s', async (_, text, names) => {
    expect(await thrownBy(() => verified(text, ...names))).toMatchObject({
      code: 'rejected',
      message: 'invalid signature, no keys found',
    })
  })
})
