import { createHmac, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  ask,
  attacker,
  CLAIMS,
  encode,
  ES256,
  good,
  kids,
  UNKNOWN_TOKEN,
  outcomeOf,
  pairs,
  pemOf,
  publishedRsaKey,
  refused,
  signed,
} from '../../../test/attack-tokens.ts'

const [head = '', body = '', signature = ''] = good.split('.')

it('an unchanged token is accepted', async () => {
  expect((await ask(good))?.user.username).toBe('system:serviceaccount:ns:sa')
  expect(await ask(signed({ alg: 'RS256', kid: kids.rsa }, CLAIMS, pairs.rsa.privateKey))).toBeDefined()
})

it('neither typ nor a key that a token is bound to counts, as in Kubernetes', async () => {
  const token = signed(
    { ...ES256, typ: 'logout+jwt' },
    { ...CLAIMS, cnf: { jkt: 'x' }, events: {} },
    pairs.ec.privateKey,
  )
  expect((await ask(token))?.user.username).toBe('system:serviceaccount:ns:sa')
})

describe('the algorithm', () => {
  it.each(['none', 'None', 'NONE', 'nOnE', ''])('%j without a signature is refused', async (alg) => {
    for (const kid of [kids.ec, '']) {
      expect(await outcomeOf(`${encode({ alg, kid })}.${body}.`)).toBe(refused('invalid signature'))
      expect(await outcomeOf(`${encode({ alg, kid })}.${body}.${signature}`)).toBe(
        refused('invalid signature'),
      )
    }
  })

  const secrets: readonly (readonly [string, string | Buffer])[] = [
    ['as PEM', pemOf(pairs.rsa)],
    ['as PEM without its last line end', pemOf(pairs.rsa).trimEnd()],
    ['as DER', pairs.rsa.publicKey.export({ type: 'spki', format: 'der' })],
    ['as DER of PKCS#1', pairs.rsa.publicKey.export({ type: 'pkcs1', format: 'der' })],
    ['as a JWK', JSON.stringify(pairs.rsa.publicKey.export({ format: 'jwk' }))],
    ['as the JWK that is published', JSON.stringify(publishedRsaKey)],
    ['as its id', kids.rsa],
    ['as nothing', ''],
  ]
  it.each(secrets)('HMAC takes the public key %s for no secret', async (_, secret) => {
    for (const [alg, hash] of [
      ['HS256', 'sha256'],
      ['HS384', 'sha384'],
      ['HS512', 'sha512'],
    ] as const) {
      for (const kid of [kids.rsa, '']) {
        const text = `${encode({ alg, kid })}.${body}`
        const mac = createHmac(hash, secret).update(text).digest('base64url')
        expect(await outcomeOf(`${text}.${mac}`)).toBe(refused('invalid signature'))
      }
    }
  })

  it('of one key does not let another key sign', async () => {
    expect(await outcomeOf(signed({ alg: 'ES256', kid: kids.rsa }, CLAIMS))).toBe(
      refused('invalid signature'),
    )
    expect(await outcomeOf(signed({ alg: 'RS256', kid: kids.ec }, CLAIMS, pairs.rsa.privateKey))).toBe(
      refused('invalid signature'),
    )
  })

  it.each(['PS256', 'RS512', 'ES384', 'EdDSA', 'RSA1_5', 'dir', 'es256', 'ES256 ', '__proto__'])(
    '%s is none of the keys',
    async (alg) => {
      expect(await outcomeOf(signed({ alg, kid: kids.ec }, CLAIMS))).toBe(refused('invalid signature'))
      expect(await outcomeOf(signed({ alg }, CLAIMS, pairs.rsa.privateKey))).toBe(
        refused('invalid signature'),
      )
    },
  )
})

describe('a header cannot bring a key of its own', () => {
  const jwk = { ...attacker.publicKey.export({ format: 'jwk' }), kid: kids.ec, alg: 'ES256', use: 'sig' }
  const certificate = Buffer.from(pemOf(attacker)).toString('base64')
  it.each([
    ['jwk', { jwk }],
    ['jku', { jku: 'https://attacker.example/keys' }],
    ['x5u', { x5u: 'https://attacker.example/certificate' }],
    ['x5c', { x5c: [certificate] }],
    ['x5t', { x5t: 'AAAA', 'x5t#S256': 'AAAA' }],
    [
      'all of them',
      { jwk, jku: 'https://attacker.example', x5u: 'https://attacker.example', x5c: [certificate] },
    ],
  ])('in %s', async (_, more) => {
    for (const header of [
      { ...ES256, ...more },
      { alg: 'ES256', ...more },
    ]) {
      expect(await outcomeOf(signed(header, CLAIMS, attacker.privateKey))).toBe(refused('invalid signature'))
    }
  })

  it('by a name of its own', async () => {
    expect(await outcomeOf(signed({ alg: 'ES256', kid: 'mine', jwk }, CLAIMS, attacker.privateKey))).toBe(
      refused('invalid signature, no keys found'),
    )
  })
})

describe('a critical extension', () => {
  it.each([
    ['that is unknown', { crit: ['x'], x: 1 }],
    ['that is not there', { crit: ['x'] }],
    ['that is registered', { crit: ['alg'] }],
    ['that is none', { crit: [] }],
    ['that is a string', { crit: 'b64' }],
    ['that is null', { crit: null }],
    ['that has a number', { crit: [1] }],
    ['that changes the payload', { crit: ['b64'], b64: false }],
    ['that changes nothing', { crit: ['b64'], b64: true }],
    ['called like a property', { crit: ['__proto__'] }],
  ])('%s is refused', async (_, more) => {
    expect(await outcomeOf(signed({ ...ES256, ...more }, CLAIMS))).toBe(refused('invalid signature'))
  })
})

describe('a repeated member is ignored with its token', () => {
  const text = JSON.stringify(CLAIMS)
  it.each([
    ['the algorithm', `{"alg":"ES256","alg":"none","kid":"${kids.ec}"}`, text],
    ['the key', `{"alg":"ES256","kid":"x","kid":"${kids.ec}"}`, text],
    ['the issuer', ES256, text.replace('{', '{"iss":"https://other.example",')],
    ['the subject', ES256, text.replace('{', '{"sub":"system:serviceaccount:kube-system:admin",')],
    ['the subject, escaped', ES256, text.replace('{', '{"\\u0073ub":"x",')],
    ['the audience', ES256, text.replace('{', '{"aud":"x",')],
    ['the expiry', ES256, text.replace('{', '{"exp":1,')],
    ['the namespace', ES256, text.replace('"namespace":', '"namespace":"x","namespace":')],
    ['the prototype', ES256, text.replace('{', '{"__proto__":1,"__proto__":2,')],
  ])('%s', async (_, header, claims) => {
    expect(await outcomeOf(signed(header, claims))).toBe(UNKNOWN_TOKEN)
  })
})

describe('another spelling of a token is ignored', () => {
  const lastOf = (text: string, character: string): string => `${text.slice(0, -1)}${character}`
  it.each([
    ['padding', `${good}=`],
    ['more padding', `${good}==`],
    ['padding of the claims', `${head}.${body}=.${signature}`],
    ['a space in front', ` ${good}`],
    ['a space behind', `${good} `],
    ['a space inside', `${head} .${body}.${signature}`],
    ['a line end', `${good}\n`],
    ['a line end inside', `${head}.${body}\r\n.${signature}`],
    ['a tab in the signature', `${head}.${body}.${signature.slice(0, 9)}\t${signature.slice(9)}`],
    ['a zero byte', `${good}\0`],
    ['the other alphabet', `${head}.${body}.${signature.slice(0, -2)}+/`],
    ['bits that do not count', `${head}.${body}.${lastOf(signature, 'B')}`],
    ['a fourth part', `${good}.`],
    ['an empty part', `.${good}`],
    ['five parts', `${head}.${body}.${signature}.${body}.${signature}`],
    ['the JSON serialisation', JSON.stringify({ payload: body, protected: head, signature })],
    ['several signatures', JSON.stringify({ payload: body, signatures: [{ protected: head, signature }] })],
    ['quotes around it', `"${good}"`],
    ['letters that look alike', good.replace('e', 'е')],
    ['full-width letters', good.replace('e', 'ｅ')],
  ])('with %s', async (_, token) => {
    expect(await outcomeOf(token)).toBe(UNKNOWN_TOKEN)
  })
})

describe('a signature', () => {
  const zero = Buffer.alloc(32)
  const order = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')
  const one = Buffer.concat([Buffer.alloc(31), Buffer.from([1])])
  const half = (from: number): Buffer => Buffer.from(signature, 'base64url').subarray(from, from + 32)
  const der = sign('sha256', Buffer.from(`${head}.${body}`), { key: pairs.ec.privateKey, dsaEncoding: 'der' })
  const [r, s] = [half(0), half(32)]
  const rsa = sign('sha256', Buffer.from(`${head}.${body}`), pairs.rsa.privateKey)

  it.each([
    ['no bytes', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(64)],
    ['r = 0', Buffer.concat([zero, s])],
    ['s = 0', Buffer.concat([r, zero])],
    ['r = s = 1', Buffer.concat([one, one])],
    ['r = the order', Buffer.concat([order, s])],
    ['s = the order', Buffer.concat([r, order])],
    ['r = 1 and s = the order', Buffer.concat([one, order])],
    ['all bits', Buffer.alloc(64, 0xff)],
    ['DER', der],
    ['DER cut to the right length', der.subarray(0, 64)],
    ['its halves changed over', Buffer.concat([s, r])],
    ['a byte less', Buffer.concat([r, s]).subarray(1)],
    ['a byte more', Buffer.concat([r, s, Buffer.alloc(1)])],
    ['zeros in front of both halves', Buffer.concat([Buffer.alloc(1), r, Buffer.alloc(1), s])],
    ['zeros in front, to the length of P-384', Buffer.concat([Buffer.alloc(16), r, Buffer.alloc(16), s])],
    ['an RSA key', rsa],
    ['20 kB', Buffer.alloc(20_000, 1)],
  ])('is not %s', async (_, bytes) => {
    for (const header of [head, encode({ alg: 'ES256' })]) {
      expect(await outcomeOf(`${header}.${body}.${bytes.toString('base64url')}`)).toBe(
        refused('invalid signature'),
      )
    }
  })

  it('of other claims, or of another header, is none', async () => {
    expect(await outcomeOf(`${head}.${encode({ ...CLAIMS, jti: 'x' })}.${signature}`)).toBe(
      refused('invalid signature'),
    )
    expect(await outcomeOf(`${encode({ ...ES256, x: 1 })}.${body}.${signature}`)).toBe(
      refused('invalid signature'),
    )
  })
})

describe('a key id', () => {
  it.each([
    ['a path', '../../../../dev/null'],
    ['a path with a zero byte', '/etc/passwd\0.pem'],
    ['a URL', 'https://attacker.example/key.pem'],
    ['SQL', "x' UNION SELECT 'key"],
    ['a command', '|/bin/sh'],
    ['nothing but a space', ' '],
    ['the id in another case', kids.ec.toLowerCase()],
    ['a part of the id', kids.ec.slice(0, -1)],
    ['the id and more', `${kids.ec}=`],
    ['30 kB', 'k'.repeat(22_000)],
  ])('is a name and nothing else: %s', async (_, kid) => {
    expect(await outcomeOf(signed({ alg: 'ES256', kid }, CLAIMS))).toBe(
      refused('invalid signature, no keys found'),
    )
  })

  it.each([
    ['a number', 1],
    ['a list', [kids.ec]],
    ['an object', {}],
    ['true', true],
  ])('is a text, and not %s', async (_, kid) => {
    expect(await outcomeOf(signed({ alg: 'ES256', kid }, CLAIMS))).toBe(UNKNOWN_TOKEN)
  })
})
