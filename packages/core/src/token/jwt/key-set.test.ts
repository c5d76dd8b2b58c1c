import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { fixedClock, settled, thrownBy } from '../../../test/fakes.ts'
import {
  type Answer,
  ecKey,
  endless,
  fakeFetch,
  jwkOf,
  jwksOf,
  type KeyPair,
  never,
  NOW,
  rsaKey,
  signed,
} from '../../../test/issuer.ts'
import { FetchLimit } from './limited-fetch.ts'
import { parseJwks, type KeySet, localKeySet } from './key-set.ts'
import { readJwt, type UnverifiedJwt } from './read-jwt.ts'
import { maxAgeSeconds, remoteKeySet, type RemoteKeySetOptions } from './remote-key-set.ts'

const KEYS = 'https://issuer.example.com/keys'
let rsa: KeyPair
let other: KeyPair
let p256: KeyPair
let p384: KeyPair
let p521: KeyPair

beforeAll(() => {
  rsa = rsaKey('a')
  other = rsaKey('b')
  p256 = ecKey('p256')
  p384 = ecKey('p384', 'P-384')
  p521 = ecKey('p521', 'P-521')
})

function jwt(key: KeyPair, alg = 'RS256', header: object = { kid: key.kid }): UnverifiedJwt {
  const read = readJwt(signed(key, { alg, ...header }, { iss: 'x' }, alg))
  if (read === undefined) throw new Error('the token of the test is not a JWT')
  return read
}

const isRejected = {
  code: 'rejected',
  message: 'failed to verify signature: failed to verify id token signature',
}

describe('keys that are known', () => {
  it.each(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'])('verify %s of an RSA key', async (alg) => {
    await localKeySet(jwksOf(other, rsa)).verify(jwt(rsa, alg))
    expect(await thrownBy(() => localKeySet(jwksOf(other)).verify(jwt(rsa, alg)))).toMatchObject(isRejected)
  })

  it('verify the one algorithm of each curve', async () => {
    const keys = localKeySet(jwksOf(p256, p384, p521))
    await keys.verify(jwt(p256, 'ES256'))
    await keys.verify(jwt(p384, 'ES384'))
    await keys.verify(jwt(p521, 'ES512'))
    // Signed with the hash of another curve.
    expect(await thrownBy(() => keys.verify(jwt(p256, 'ES384')))).toMatchObject(isRejected)
    expect(await thrownBy(() => keys.verify(jwt(p384, 'ES256')))).toMatchObject(isRejected)
  })

  it('are all tried for a token that names none', async () => {
    const keys = localKeySet(jwksOf(other, p256, rsa))
    expect(await accepts(keys, jwt(rsa, 'RS256', {}))).toBe(true)
    expect(await accepts(keys, jwt(rsa, 'RS256', { kid: '' }))).toBe(true)
  })

  it('are tried by name, also where several have one', async () => {
    const twice = JSON.stringify({ keys: [{ ...jwkOf(other), kid: 'a' }, jwkOf(rsa)] })
    await localKeySet(twice).verify(jwt(rsa))
    const unnamed = JSON.stringify({ keys: [{ ...jwkOf(rsa), kid: undefined }] })
    expect(await thrownBy(() => localKeySet(unnamed).verify(jwt(rsa)))).toMatchObject(isRejected)
  })

  it('are found by name among a thousand', async () => {
    const many = Array.from({ length: 999 }, (_, index) => ({ ...jwkOf(other), kid: `k${index}` }))
    const keys = localKeySet(JSON.stringify({ keys: [...many, jwkOf(rsa)] }))
    await keys.verify(jwt(rsa))
    expect(await thrownBy(() => keys.verify(jwt(rsa, 'RS256', { kid: 'k5' })))).toMatchObject(isRejected)
    expect(await thrownBy(() => keys.verify(jwt(rsa, 'RS256', { kid: 'k999' })))).toMatchObject(isRejected)
    expect(await thrownBy(() => keys.verify(jwt(rsa, 'RS256', { kid: '__proto__' })))).toMatchObject(
      isRejected,
    )
  })

  it.each([
    ['names none', {}, { kid: 'x' }],
    ['names all of them', { kid: 'x' }, { kid: 'x' }],
  ])('are tried for a token that %s up to sixteen, and beyond that none is', async (_, header, named) => {
    const setOf = (count: number): KeySet => {
      const others = Array.from({ length: count - 1 }, () => ({ ...jwkOf(other), ...named }))
      // Keys of another kind are not candidates.
      const curves = Array.from({ length: 20 }, () => ({ ...jwkOf(p256), ...named }))
      return localKeySet(JSON.stringify({ keys: [...curves, ...others, { ...jwkOf(rsa), ...named }] }))
    }
    await setOf(16).verify(jwt(rsa, 'RS256', header))
    expect(await thrownBy(() => setOf(17).verify(jwt(rsa, 'RS256', header)))).toMatchObject({
      code: 'rejected',
      message: 'failed to verify signature: more than 16 keys match the token',
    })
  })

  it('count whatever they say that they are for', async () => {
    const said = { ...jwkOf(rsa), use: 'enc', alg: 'RSA-OAEP', key_ops: ['encrypt'], x5c: ['!'], ext: 'no' }
    expect(await accepts(localKeySet(JSON.stringify({ keys: [said] })), jwt(rsa))).toBe(true)
  })

  it.each(['none', 'HS256', 'RS1', 'EdDSA', '__proto__', ''])('verify no %j', async (alg) => {
    const [, ...rest] = jwt(rsa).token.split('.')
    const token = [Buffer.from(JSON.stringify({ alg, kid: 'a' })).toString('base64url'), ...rest].join('.')
    const read = readJwt(token)
    expect(await thrownBy(() => localKeySet(jwksOf(rsa)).verify(read!))).toMatchObject(isRejected)
  })
})

describe('a JWK set', () => {
  it.each([
    ['a symmetric key', { kty: 'oct', k: 'c2VjcmV0', kid: 'a' }],
    ['an OKP key', { kty: 'OKP', crv: 'Ed25519', x: 'AAAA' }],
    ['an unsupported curve', { kty: 'EC', crv: 'secp256k1', x: 'AAAA', y: 'AAAA' }],
    ['a curve that is not a string', { kty: 'EC', crv: 1, x: 'AAAA', y: 'AAAA' }],
    ['an RSA key without exponent', { kty: 'RSA', n: 'AAAA' }],
    ['an RSA key with exponent 1', { kty: 'RSA', n: 'x'.repeat(342), e: 'AQ' }],
    ['a short RSA key', { kty: 'RSA', n: 'x'.repeat(170), e: 'AQAB' }],
    ['a huge RSA key', { kty: 'RSA', n: 'x'.repeat(2734), e: 'AQAB' }],
    ['padding', { kty: 'RSA', n: `${'x'.repeat(342)}==`, e: 'AQAB' }],
    ['null', null],
    ['a text', 'key'],
    ['a list', []],
    ['nothing', {}],
    ['a prototype', JSON.parse('{"__proto__":{"kty":"RSA"}}') as unknown],
  ])('may hold %s, which is skipped', (_, key) => {
    expect(parseJwks(JSON.stringify({ keys: [key, jwkOf(p256)] })).map(({ kid }) => kid)).toEqual(['p256'])
  })

  it('gives public members only', () => {
    const key = { ...rsa.privateKey.export({ format: 'jwk' }), kid: 'a', extra: 1 }
    expect(Object.keys(parseJwks(JSON.stringify({ keys: [key] }))[0]!.jwk)).toEqual(['kty', 'n', 'e'])
  })

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"keys":{}}',
    '{"keys":null}',
    '"keys"',
    '<html>',
    '{"__proto__":{"keys":[]}}',
  ])('is not %j', (text) => {
    expect(() => parseJwks(text)).toThrow()
  })

  it.each(['secret', '<html>secret', '{"keys":[secret]}', '[{"secret"'])('is never quoted: %s', (text) => {
    expect(() => parseJwks(text)).toThrow(/^not a JWK set$/)
  })

  it('has at most 2,048 keys', () => {
    const keys = (count: number) => JSON.stringify({ keys: Array.from({ length: count }, () => jwkOf(p256)) })
    expect(parseJwks(keys(2048))).toHaveLength(2048)
    expect(() => parseJwks(keys(2049))).toThrow('more than 2048 keys')
  })
})

/** A remote set whose server says what it is told to. */
function remote(answer: Answer, options: Partial<RemoteKeySetOptions> = {}) {
  const clock = fixedClock(NOW * 1000)
  const fetch = fakeFetch({ [KEYS]: answer })
  const keys = remoteKeySet({ url: KEYS, fetch, clock, ...options })
  const answerWith = (next: Answer): void => void (fetch.answers[KEYS] = next)
  return { clock, keys, answerWith, fetches: () => fetch.calls.length }
}

const publishes =
  (...keys: readonly KeyPair[]): Answer =>
  () =>
    new Response(jwksOf(...keys))

async function accepts(keys: KeySet, token: UnverifiedJwt): Promise<boolean> {
  await keys.verify(token)
  return true
}

/** Another key under the name of the first. */
const sameName = (): KeyPair => ({ ...other, kid: rsa.kid })

/** Three tokens with unknown keys. */
async function useUpFetches(keys: KeySet): Promise<void> {
  for (let count = 0; count < 3; count++) await useUpFetch(keys)
}

async function useUpFetch(keys: KeySet): Promise<void> {
  await thrownBy(() => keys.verify(jwt(other, 'RS256', { kid: 'x' })))
}

describe('keys that an issuer publishes', () => {
  it('are fetched when a token needs them, once for all who wait', async () => {
    const { keys, fetches } = remote(publishes(rsa))
    expect(fetches()).toBe(0)
    await Promise.all(Array.from({ length: 50 }, () => accepts(keys, jwt(rsa))))
    expect(fetches()).toBe(1)
    await keys.verify(jwt(rsa, 'PS512'))
    expect(fetches()).toBe(1)
  })

  it('are fetched again for a key that is new, and old tokens stay good while theirs is there', async () => {
    const { keys, answerWith, clock, fetches } = remote(publishes(rsa))
    await keys.verify(jwt(rsa))
    answerWith(publishes(rsa, other))
    await Promise.all([keys.verify(jwt(other)), keys.verify(jwt(rsa)), keys.verify(jwt(other))])
    expect(fetches()).toBe(2)
    answerWith(publishes(other))
    clock.advance(60_000)
    // A known `kid` proves nothing.
    expect(await thrownBy(() => keys.verify(jwt({ ...rsa, kid: 'b' })))).toMatchObject(isRejected)
    expect(await thrownBy(() => keys.verify(jwt(rsa)))).toMatchObject(isRejected)
  })

  it('are fetched again where a fetch had begun before the new key was there', async () => {
    const { keys, answerWith, fetches } = remote(publishes(rsa))
    await keys.verify(jwt(rsa))
    let end: (response: Response) => void = () => {}
    answerWith(() => new Promise<Response>((resolve) => (end = resolve)))
    const unknown = thrownBy(() => keys.verify(jwt(p256, 'ES256')))
    await settled()
    const early = keys.verify(jwt(other))
    await settled()
    answerWith(publishes(rsa, other))
    end(new Response(jwksOf(rsa)))
    await early
    expect(fetches()).toBe(3)
    expect(await unknown).toMatchObject(isRejected)
  })

  it('are fetched again where one has not signed what names it, once for all who wait', async () => {
    const { keys, answerWith, clock, fetches } = remote(publishes(rsa))
    await keys.verify(jwt(rsa))
    answerWith(publishes(sameName()))
    clock.advance(5000)
    await Promise.all(Array.from({ length: 20 }, () => accepts(keys, jwt(sameName()))))
    expect(fetches()).toBe(2)
    expect(await thrownBy(() => keys.verify(jwt(rsa)))).toMatchObject(isRejected)
    expect(fetches()).toBe(2)
  })

  it('refuse what names one that has not signed it, at once where they were fetched a moment ago', async () => {
    const { keys, answerWith, clock, fetches } = remote(publishes(rsa))
    await keys.verify(jwt(rsa))
    answerWith(publishes(sameName()))
    clock.advance(4999)
    for (let count = 0; count < 500; count++) {
      expect(() => keys.verify(jwt(sameName()))).toThrow(isRejected.message)
    }
    expect([fetches(), clock.pending]).toEqual([1, 0])
    clock.advance(1)
    await keys.verify(jwt(sameName()))
  })

  it('refuse it at once where no fetch may begin, and leave fetches to names that are new', async () => {
    const { keys, answerWith, clock, fetches } = remote(publishes(rsa))
    await useUpFetches(keys)
    clock.advance(4999)
    expect(fetches()).toBe(3)
    expect(() => keys.verify(jwt(sameName()))).toThrow(isRejected.message)
    expect(clock.pending).toBe(0)
    clock.advance(15_001)
    expect(await thrownBy(() => keys.verify(jwt(sameName())))).toMatchObject(isRejected)
    for (let count = 0; count < 100; count++) await thrownBy(() => keys.verify(jwt(sameName())))
    expect(fetches()).toBe(4)
    answerWith(publishes(rsa, p256))
    await keys.verify(jwt(p256, 'ES256'))
    expect(fetches()).toBe(5)
  })

  it('cannot tell of what names one that has not signed it while the issuer is down', async () => {
    const { keys, answerWith, clock, fetches } = remote(publishes(rsa))
    await keys.verify(jwt(rsa))
    answerWith(() => new Response('', { status: 503 }))
    clock.advance(5000)
    const isDown = { code: 'unavailable', message: expect.stringContaining('HTTP status 503') }
    for (let count = 0; count < 10; count++) {
      expect(await thrownBy(() => keys.verify(jwt(sameName())))).toMatchObject(isDown)
    }
    expect(fetches()).toBe(2)
    await keys.verify(jwt(rsa))
    answerWith(publishes(sameName()))
    clock.advance(5000)
    await keys.verify(jwt(sameName()))
  })

  it('verify while the issuer is down, and unknown ones are an outage, which ends by itself', async () => {
    const { keys, answerWith, clock } = remote(publishes(rsa))
    await keys.verify(jwt(rsa))
    answerWith(() => new Response('<html>', { status: 503 }))
    for (let hour = 0; hour < 48; hour++) {
      clock.advance(3_600_000)
      await keys.verify(jwt(rsa))
    }
    for (const token of Array.from({ length: 10 }, () => jwt(other))) {
      expect(await thrownBy(() => keys.verify(token))).toMatchObject({
        code: 'unavailable',
        message: 'failed to verify signature: fetching keys HTTP status 503',
      })
    }
    answerWith(publishes(rsa, other))
    clock.advance(5000)
    await keys.verify(jwt(other))
  })

  it('are no reason to fetch more than three times at once and then every five seconds', async () => {
    const { keys, clock, fetches } = remote(publishes(rsa))
    const unknown = Array.from({ length: 30 }, (_, index) => jwt(other, 'RS256', { kid: `k${index}` }))
    const ends: unknown[] = []
    const flood = async (): Promise<void> => {
      for (const token of unknown) {
        void thrownBy(() => keys.verify(token)).then((error) => ends.push(error))
        await settled()
      }
    }
    await flood()
    expect(fetches()).toBe(3)
    clock.advance(4999)
    await flood()
    expect(fetches()).toBe(3)
    // Tokens with known keys pass meanwhile.
    await keys.verify(jwt(rsa))
    clock.advance(1)
    await settled()
    expect(fetches()).toBe(4)
    clock.advance(60_000)
    await settled()
    expect(ends).toHaveLength(60)
    for (const error of ends) expect(error).toMatchObject(isRejected)
    expect(clock.pending).toBe(0)
  })

  it('that are new are waited for while unknown ones use up all fetches', async () => {
    const { keys, answerWith, clock } = remote(publishes(rsa))
    await useUpFetches(keys)
    answerWith(publishes(rsa, other))
    const fresh = keys.verify(jwt(other))
    await settled()
    clock.advance(5000)
    await expect(fresh).resolves.toBeUndefined()
  })

  it('that are new are waited for until a fetch may begin, by all, also if a timer is early', async () => {
    const clock = fixedClock(NOW * 1000)
    const { keys, answerWith, fetches } = remote(publishes(rsa), {
      clock: { now: clock.now, after: (milliseconds, callback) => clock.after(milliseconds - 1, callback) },
    })
    await useUpFetches(keys)
    answerWith(publishes(rsa, other))
    const fresh = Promise.all([keys.verify(jwt(other)), keys.verify(jwt(other))])
    await settled()
    clock.advance(4999)
    await settled()
    expect(fetches()).toBe(3)
    clock.advance(1)
    await fresh
    expect(fetches()).toBe(4)
  })

  it('are an outage where the turn to fetch them does not come, as with a clock that stands still', async () => {
    const clock = fixedClock(NOW * 1000)
    const { keys, answerWith, fetches } = remote(publishes(rsa), {
      clock: { now: () => NOW * 1000, after: clock.after },
    })
    await useUpFetches(keys)
    answerWith(publishes(rsa, other))
    const outcome = thrownBy(() => keys.verify(jwt(other)))
    for (let waits = 0; waits < 4; waits++) {
      await settled()
      clock.advance(5000)
    }
    expect(await outcome).toMatchObject({ code: 'unavailable' })
    expect([fetches(), clock.pending]).toEqual([3, 0])
  })

  it('are unavailable for further tokens while 256 wait for them', async () => {
    const { keys, clock } = remote(publishes(rsa))
    await useUpFetches(keys)
    const waiting = Array.from({ length: 256 }, () => thrownBy(() => keys.verify(jwt(other))))
    await settled()
    expect(await thrownBy(() => keys.verify(jwt(other)))).toMatchObject({
      code: 'unavailable',
      message: 'failed to verify signature: fetching keys too many tokens with unknown keys',
    })
    await keys.verify(jwt(rsa))
    clock.advance(5000)
    for (const error of await Promise.all(waiting)) expect(error).toMatchObject(isRejected)
  })

  it('that were withdrawn count until the old ones are looked at again', async () => {
    const { keys, answerWith, clock, fetches } = remote(publishes(rsa, other))
    await keys.verify(jwt(other))
    answerWith(publishes(rsa))
    clock.advance(599_999)
    await keys.verify(jwt(other))
    expect(fetches()).toBe(1)
    clock.advance(1)
    await keys.verify(jwt(other))
    await settled()
    expect(fetches()).toBe(2)
    expect(await thrownBy(() => keys.verify(jwt(other)))).toMatchObject(isRejected)
  })

  it('are looked at again where the clock was set back, so that a withdrawn one counts no longer', async () => {
    const { keys, answerWith, clock, fetches } = remote(publishes(rsa, other))
    await keys.verify(jwt(other))
    answerWith(publishes(rsa))
    clock.advance(-3_600_000)
    await keys.verify(jwt(other))
    await settled()
    expect(fetches()).toBe(2)
    expect(await thrownBy(() => keys.verify(jwt(other)))).toMatchObject(isRejected)
  })

  it('are fetched again where one has not signed what names it, also where the clock was set back', async () => {
    const { keys, answerWith, clock, fetches } = remote(publishes(rsa))
    await keys.verify(jwt(rsa))
    answerWith(publishes(sameName()))
    clock.advance(-3_600_000)
    await keys.verify(jwt(sameName()))
    expect(fetches()).toBe(2)
  })

  it.each([
    ['no-store', 300],
    ['max-age=10', 300],
    ['max-age=1200', 1200],
    ['max-age=9999999', 86_400],
  ])('with %s are looked at again after %i seconds', async (cacheControl, seconds) => {
    const { keys, clock, fetches } = remote(
      () => new Response(jwksOf(rsa), { headers: { 'cache-control': cacheControl } }),
    )
    await keys.verify(jwt(rsa))
    clock.advance(seconds * 1000 - 1)
    await keys.verify(jwt(rsa))
    expect(fetches()).toBe(1)
    clock.advance(1)
    await keys.verify(jwt(rsa))
    expect(fetches()).toBe(2)
  })

  it.each<[string, Answer, RegExp]>([
    ['nothing', () => new Response(''), /fetching keys/],
    ['HTML', () => new Response('<html>'), /fetching keys/],
    ['a list', () => new Response('[]'), /not a JWK set/],
    ['a redirect', () => new Response('', { status: 302, headers: { location: KEYS } }), /HTTP status 302/],
    ['204', () => new Response(null, { status: 204 }), /HTTP status 204/],
    ['ten thousand keys', () => new Response(`{"keys":[${'{},'.repeat(9999)}{}]}`), /more than 2048 keys/],
    ['more than a megabyte', () => new Response(' '.repeat(1_048_577)), /longer than 1048576 bytes/],
    ['no end', () => endless().response(), /longer than 1048576 bytes/],
    ['an error', () => Promise.reject(new TypeError('fetch failed')), /fetching keys fetch failed/],
  ])('cannot be had where the issuer answers with %s', async (_, answer, message) => {
    const { keys } = remote(answer)
    const error = await thrownBy(() => keys.verify(jwt(rsa)))
    expect(error).toMatchObject({ code: 'unavailable' })
    expect(String(error)).toMatch(message)
  })

  it('are not waited for where the issuer hangs, and are asked for anew', async () => {
    const { keys, clock, answerWith, fetches } = remote(never)
    const first = thrownBy(() => keys.verify(jwt(rsa)))
    await settled()
    clock.advance(10_000)
    expect(await first).toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('no answer within 10'),
    })
    answerWith(publishes(rsa))
    await keys.verify(jwt(rsa))
    expect(fetches()).toBe(2)
  })

  it('are waited for once, also by who comes while the issuer hangs', async () => {
    const { keys, clock, fetches } = remote(never)
    const all = [thrownBy(() => keys.verify(jwt(rsa)))]
    await settled()
    all.push(thrownBy(() => keys.verify(jwt(rsa))))
    await settled()
    clock.advance(10_000)
    for (const error of await Promise.all(all)) expect(error).toMatchObject({ code: 'unavailable' })
    expect(fetches()).toBe(1)
  })

  it('are told of, with the text of the set or an error', async () => {
    const told: unknown[] = []
    const { keys, answerWith } = remote(publishes(rsa), { onFetch: (result) => told.push(result) })
    await keys.verify(jwt(rsa))
    answerWith(() => new Response('', { status: 500 }))
    await thrownBy(() => keys.verify(jwt(other)))
    expect(told).toEqual([{ jwks: jwksOf(rsa) }, { error: new Error('HTTP status 500') }])
  })

  it.each<[string, () => void]>([
    [
      'at once',
      () => {
        throw new Error('full')
      },
    ],
    // An asynchronous function passes for one that returns nothing. What it rejects with would end the process.
    ['later', () => Promise.reject(new Error('full'))],
  ])('count whatever the callback does wrong %s', async (_, onFetch) => {
    const { keys, answerWith } = remote(publishes(rsa), { onFetch })
    await keys.verify(jwt(rsa))
    answerWith(() => new Response('', { status: 500 }))
    expect(await thrownBy(() => keys.verify(jwt(other)))).toMatchObject({
      code: 'unavailable',
      message: 'failed to verify signature: fetching keys HTTP status 500',
    })
  })
})

describe('keys of an issuer, where all ends together with the request that began it,', () => {
  beforeEach(() => vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' }))

  it('are looked at again when they are old, by a request that stays for it', async () => {
    const { keys, answerWith, clock, fetches } = remote(publishes(rsa, other))
    await keys.verify(jwt(other))
    let end = (): void => {}
    answerWith(() => new Promise<Response>((resolve) => (end = () => resolve(new Response(jwksOf(rsa))))))
    clock.advance(600_000)
    let isOver = false
    const first = Promise.resolve(keys.verify(jwt(other))).then(() => (isOver = true))
    await vi.waitFor(() => expect(fetches()).toBe(2))
    // Others need not stay.
    await keys.verify(jwt(rsa))
    expect([isOver, fetches()]).toEqual([false, 2])
    answerWith(publishes(rsa))
    end()
    await first
    expect(await thrownBy(() => keys.verify(jwt(other)))).toMatchObject(isRejected)
  })

  it('verify after five seconds of an issuer that hangs', async () => {
    const { keys, answerWith, clock } = remote(publishes(rsa))
    await keys.verify(jwt(rsa))
    answerWith(never)
    clock.advance(600_000)
    let isOver = false
    const first = Promise.resolve(keys.verify(jwt(rsa))).then(() => (isOver = true))
    await vi.waitFor(() => expect(clock.pending).toBe(2))
    clock.advance(4999)
    await settled()
    expect(isOver).toBe(false)
    clock.advance(1)
    await first
  })

  it('are fetched by who waits for a fetch that ended so, when its time is over', async () => {
    const { keys, answerWith, clock, fetches } = remote(never)
    void thrownBy(() => keys.verify(jwt(rsa)))
    await settled()
    clock.endRequest()
    answerWith(publishes(rsa))
    const second = keys.verify(jwt(rsa))
    await settled()
    expect(fetches()).toBe(1)
    clock.advance(11_000)
    await second
    expect(fetches()).toBe(2)
  })

  it('are waited for also after 256 others who waited are gone', async () => {
    const { keys, answerWith, clock } = remote(publishes(rsa))
    await useUpFetches(keys)
    const gone = Array.from({ length: 256 }, () => jwt(other))
    for (const token of gone) void thrownBy(() => keys.verify(token))
    await settled()
    clock.endRequest()
    clock.advance(5000)
    await useUpFetch(keys)
    answerWith(publishes(rsa, other))
    const fresh = keys.verify(jwt(other))
    await settled()
    clock.advance(5000)
    await expect(fresh).resolves.toBeUndefined()
  })
})

describe('a limit of fetches', () => {
  it('does not suffer from a clock that is put back', () => {
    const limit = new FetchLimit()
    expect([limit.take(1000), limit.take(0), limit.take(0), limit.take(0), limit.take(4999)]).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
    expect(limit.take(5000)).toBe(true)
  })
})

describe('the freshness of an answer', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['public', undefined],
    ['max-age=60', 60],
    ['public, MAX-AGE=60', 60],
    ['max-age="60"', 60],
    ['max-age=0', 0],
    ['max-age=60, no-store', 0],
    ['no-cache', 0],
    ['max-age=-1', undefined],
    ['max-age=1e3', undefined],
    ['max-age=99999999999', undefined],
    ['s-maxage=60', undefined],
  ])('by %j is %j seconds', (cacheControl, seconds) => {
    expect(maxAgeSeconds(cacheControl)).toBe(seconds)
  })
})

it('a local key set is a JWK set, as an object or as its JSON', async () => {
  const set = JSON.parse(jwksOf(rsa)) as { keys: object[] }
  expect(await accepts(localKeySet(set), jwt(rsa))).toBe(true)
  for (const wrong of [undefined, null, [], 1, [set]])
    expect(() => localKeySet(wrong as never)).toThrow('jwks: must be a JWK set: its JSON, or { keys: [...] }')
  for (const wrong of [{}, { keys: {} }, 'x'])
    expect(() => localKeySet(wrong as never)).toThrow('not a JWK set')
})
