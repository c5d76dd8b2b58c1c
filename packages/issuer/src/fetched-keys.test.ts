import { describe, expect, it } from 'vitest'
import type { AuthenticationEvent } from '@kube-authn/core'
import {
  verificationKeyFromDer,
  type VerificationKey,
  serviceAccountToken,
  serviceAccountObjects,
} from '@kube-authn/core/service-account'
import { fixedClock } from '../../core/test/fakes.ts'
import { ecPair } from '../../core/test/key-pairs.ts'
import { issuerDiscovery } from './issuer-discovery.ts'
import { fetchedKeys, type FetchedKeySet, type FetchedKeysOptions } from './fetched-keys.ts'

const spki = ecPair('P-256').publicKey.export({ type: 'spki', format: 'der' })
const named = (kid: string): Promise<VerificationKey> => verificationKeyFromDer(spki, kid)
const [a, b] = [await named('a'), await named('b')]
const ticks = async (count = 30): Promise<void> => {
  for (let index = 0; index < count; index++) await new Promise(setImmediate)
}

/** A source whose answers can be changed while it is used. */
async function source(more: Partial<FetchedKeysOptions> = {}, first: FetchedKeySet = set(a)) {
  const clock = fixedClock()
  const events: AuthenticationEvent[] = []
  const state = { answer: (): Promise<FetchedKeySet> => Promise.resolve(first), fetches: 0 }
  const keys = await fetchedKeys({
    fetchKeys: () => {
      state.fetches++
      return state.answer()
    },
    clock,
    observer: (event) => void events.push(event),
    ...more,
  })
  return { clock, events, state, keys }
}
const set = (...keys: readonly VerificationKey[]): FetchedKeySet => ({ keys, refreshAfterSeconds: 60 })
const idsOf = (keys: readonly VerificationKey[]): readonly string[] => keys.map(({ kid }) => kid)

describe('keys that are fetched', () => {
  it('are there when the observer hears of them', async () => {
    const seen: (readonly string[])[] = []
    const clock = fixedClock()
    const state = { answer: set(a) }
    const keys: { current(): readonly VerificationKey[]; maxAgeSeconds(): number } = await fetchedKeys({
      fetchKeys: () => Promise.resolve(state.answer),
      clock,
      observer: () => seen.push(known()),
    })
    function known(): readonly string[] {
      try {
        return [...idsOf(keys.current()), String(keys.maxAgeSeconds())]
      } catch {
        // Before the first fetch ends there is nothing to ask.
        return []
      }
    }
    state.answer = set(a, b)
    clock.advance(60_000)
    await ticks()
    expect(seen).toEqual([[], ['a', 'b', '60']])
  })

  it('whose refresh hint is a bigint are a failure, which is tried again', async () => {
    const { clock, events, state, keys } = await source()
    state.answer = () => Promise.resolve({ keys: [b], refreshAfterSeconds: 300n as unknown as number })
    clock.advance(60_000)
    await ticks()
    expect(events.at(-1)).toMatchObject({ type: 'externalSigner', code: 'unknown-non-grpc' })
    expect(idsOf(keys.current())).toEqual(['a'])
    state.answer = () => Promise.resolve(set(b))
    clock.advance(10_000)
    await ticks()
    expect(idsOf(keys.current())).toEqual(['b'])
  })

  it('are there at once, all and by name, and cost no further call', async () => {
    const { keys, state, events } = await source({}, { ...set(a, b), dataTimeMs: 7 })
    expect(idsOf(keys.current())).toEqual(['a', 'b'])
    expect(keys.find('b')).toEqual([b])
    expect(keys.find('')).toEqual([a, b])
    expect(state.fetches).toBe(1)
    expect(events).toEqual([{ type: 'externalSigner', operation: 'fetchKeys', code: 'OK', dataTimeMs: 7 }])
  })

  it('are fetched again when their time is over, and ten seconds after that failed', async () => {
    const { clock, keys, state, events } = await source()
    state.answer = () => Promise.reject(Object.assign(new Error('down'), { grpcCode: 'Unavailable' }))
    clock.advance(59_999)
    await ticks()
    expect(state.fetches).toBe(1)
    clock.advance(1)
    await ticks()
    expect(state.fetches).toBe(2)
    expect(idsOf(keys.current())).toEqual(['a'])
    expect(events.at(-1)).toEqual({ type: 'externalSigner', operation: 'fetchKeys', code: 'Unavailable' })
    expect(keys.maxAgeSeconds()).toBe(0)
    state.answer = () => Promise.resolve(set(b))
    clock.advance(10_000)
    await ticks()
    expect(idsOf(keys.current())).toEqual(['b'])
    keys.close()
    expect(clock.pending).toBe(0)
  })

  it('are looked for once when a token names one that is not known', async () => {
    const { keys, state } = await source()
    state.answer = () => Promise.resolve(set(a, b))
    const found = await Promise.all([keys.find('b'), keys.find('b'), keys.find('b')])
    expect(found.map(idsOf)).toEqual([['b'], ['b'], ['b']])
    expect(state.fetches).toBe(2)
  })

  it('are not fetched for each made-up name, and a known one does not wait for that', async () => {
    const { clock, keys, state } = await source()
    const strangers = (): readonly Promise<readonly string[] | string>[] =>
      Array.from({ length: 1000 }, (_, index) =>
        Promise.resolve(keys.find(`made-up-${index}`)).then(
          idsOf,
          (error: unknown) => (error as Error).message,
        ),
      )
    expect((await Promise.all(strangers())).flat()).toEqual([])
    expect(state.fetches).toBe(3)
    const waiting = strangers()
    await ticks()
    expect(keys.find('a')).toEqual([a])
    expect(state.fetches).toBe(3)
    for (let second = 0; second < 15; second++) {
      clock.advance(1000)
      await ticks()
    }
    const answers = await Promise.all(waiting)
    expect(answers.filter((answer) => answer === 'too many tokens with unknown keys')).toHaveLength(
      1000 - 256,
    )
    expect(answers.filter((answer) => typeof answer !== 'string' && answer.length === 0)).toHaveLength(256)
    expect(state.fetches).toBeLessThanOrEqual(7)
  })

  it('make a token with an unknown key unavailable while they cannot be had', async () => {
    const { keys, state } = await source()
    state.answer = () => Promise.reject(new Error('down'))
    await expect(keys.find('b')).rejects.toMatchObject({ code: 'unavailable' })
    expect(keys.find('a')).toEqual([a])
  })

  it.each(['', 'x'.repeat(1025), 'ü'.repeat(513)])(
    'are not looked for by a name that none can have',
    async (name) => {
      const { keys, state } = await source()
      expect(await keys.find(name)).toHaveLength(name === '' ? 1 : 0)
      expect(state.fetches).toBe(1)
    },
  )

  it('are given up when they do not come in time', async () => {
    const clock = fixedClock()
    let signal: AbortSignal | undefined
    const keys = fetchedKeys({
      fetchKeys: (options) => {
        ;({ signal } = options)
        return new Promise(() => {})
      },
      timeoutSeconds: 5,
      clock,
    })
    keys.catch(() => {})
    await ticks()
    clock.advance(5000)
    await expect(keys).rejects.toThrow('fetching the keys timed out')
    expect(signal?.aborted).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('are not fetched any more once they are closed', async () => {
    const { clock, keys, state } = await source()
    keys.close()
    clock.advance(3_600_000)
    await ticks()
    expect(idsOf(await keys.find('b'))).toEqual([])
    expect(keys.find('a')).toEqual([a])
    expect(state.fetches).toBe(1)
  })

  it.each<readonly [what: string, answer: unknown, why: string]>([
    ['no keys', { keys: [], refreshAfterSeconds: 1 }, 'found no keys'],
    ['no list', { keys: {}, refreshAfterSeconds: 1 }, 'found no keys'],
    ['no refresh hint', { keys: [a] }, 'found invalid refresh hint (undefineds)'],
    ['a refresh hint of 0', { keys: [a], refreshAfterSeconds: 0 }, 'found invalid refresh hint (0s)'],
    ['a negative one', { keys: [a], refreshAfterSeconds: -1 }, 'found invalid refresh hint (-1s)'],
    [
      'a key without a name',
      { keys: [{ ...a, kid: '' }], refreshAfterSeconds: 1 },
      'found invalid public key id',
    ],
    [
      'a long name',
      { keys: [{ ...a, kid: 'x'.repeat(1025) }], refreshAfterSeconds: 1 },
      'found invalid public key id',
    ],
    [
      'too many',
      { keys: Array.from({ length: 2049 }, () => a), refreshAfterSeconds: 1 },
      'found more than 2048 keys',
    ],
    ['nothing', undefined, 'undefined'],
  ])('must be usable at the start, and otherwise change nothing: %s', async (_, answer, why) => {
    const fetchKeys = (): Promise<FetchedKeySet> => Promise.resolve(answer as FetchedKeySet)
    await expect(fetchedKeys({ fetchKeys, clock: fixedClock() })).rejects.toThrow(why)
    const { clock, keys, state } = await source()
    state.answer = fetchKeys
    clock.advance(60_000)
    await ticks()
    expect(state.fetches).toBe(2)
    expect(idsOf(keys.current())).toEqual(['a'])
  })

  it('decide about tokens, and how long the documents of discovery may be kept', async () => {
    const { clock, keys } = await source()
    const issuer = 'https://issuer.example.com'
    const objects = serviceAccountObjects({ serviceAccounts: [] })
    const tokens = serviceAccountToken({ issuers: [issuer], keys, objects, clock })
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const token = `${part({ alg: 'ES256', kid: 'unknown' })}.${part({ iss: issuer })}.AAAA`
    await expect(tokens.authenticateToken(token, {})).rejects.toMatchObject({
      code: 'rejected',
      message: 'invalid signature, no keys found',
    })
    const { documentAt } = issuerDiscovery({ issuer, keys, externalAddress: 'x.example.com' })
    clock.advance(20_500)
    expect(documentAt('/openid/v1/jwks')?.headers['cache-control']).toBe('public, max-age=39')
  })
})
