import { describe, expect, it } from 'vitest'
import { settled, thrownBy } from '../../../test/fakes.ts'
import { impatientClock } from '../../../test/webhooks.ts'
import { webhookAuthenticator, type WebhookAuthenticatorOptions } from './webhook-authenticator.ts'

/** A webhook that knows one token, and answers when it is told to. */
function webhook(options: Partial<WebhookAuthenticatorOptions> = {}) {
  const open: (() => void)[] = []
  let mode: 'answers' | 'hangs' | 'is down' = 'answers'
  let calls = 0
  const tokens = webhookAuthenticator({
    url: 'https://authn.example.com/',
    clock: impatientClock(),
    random: () => 0.5,
    async fetch(_, init) {
      calls++
      if (mode === 'hangs') await new Promise<void>((resolve) => open.push(resolve))
      if (mode === 'is down') return new Response(null, { status: 500 })
      const isGood = init.body.includes('"good"')
      const status = isGood ? { authenticated: true, user: { username: 'jane' } } : { authenticated: false }
      return Response.json({ kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', status })
    },
    ...options,
  })
  const ask = async (token: string): Promise<string> =>
    (await tokens.authenticateToken(token, {}))?.user.username ?? 'unknown'
  const flood = (count: number): Promise<unknown>[] =>
    Array.from({ length: count }, (_, index) => ask(`made up ${index}`).catch((error: unknown) => error))
  return {
    ask,
    flood,
    open,
    is: (next: typeof mode) => void (mode = next),
    callsOf: async (step: () => Promise<unknown>): Promise<number> => {
      const before = calls
      await step()
      return calls - before
    },
  }
}

describe('a flood of made up tokens', () => {
  it('pushes no user out of what is remembered, so that an outage is none for them', async () => {
    const { ask, is } = webhook({ maxEntries: 8 })
    await ask('good')
    for (let index = 0; index < 100; index++) expect(await ask(`made up ${index}`)).toBe('unknown')
    is('is down')
    expect(await ask('good')).toBe('jane')
    expect(await thrownBy(() => ask('made up 0'))).toMatchObject({ code: 'unavailable' })
  })

  it('has so many calls under way and no more, and what cannot even wait may be asked again later', async () => {
    const { ask, flood, open, is } = webhook({ maxConcurrent: 3, maxWaiting: 4 })
    await ask('good')
    is('hangs')
    const answers = flood(20)
    await settled()
    expect(open).toHaveLength(3)
    for (const refused of await Promise.all(answers.slice(7))) {
      expect(refused).toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
    }
    expect(await ask('good')).toBe('jane')
    for (let round = 0; round < 3; round++) {
      for (const end of open.splice(0)) end()
      await settled()
    }
    expect(open).toHaveLength(0)
  })

  it('has 64 calls under way and 256 that wait where nothing else is said', async () => {
    const { flood, open, is } = webhook()
    is('hangs')
    const answers = flood(64 + 256 + 1)
    await settled()
    expect(open).toHaveLength(64)
    expect(await answers.at(-1)).toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
    for (let round = 0; round < 5; round++) {
      for (const end of open.splice(0)) end()
      await settled()
    }
    expect(await Promise.all(answers.slice(0, -1))).toEqual(Array.from({ length: 320 }, () => 'unknown'))
  })

  it('repeats calls while half of them are under way', async () => {
    const { ask, flood, open, is, callsOf } = webhook({ maxConcurrent: 4, maxWaiting: 0 })
    is('hangs')
    const other = flood(1)
    await settled()
    is('is down')
    expect(await callsOf(() => thrownBy(() => ask('one of two')))).toBe(5)
    for (const end of open.splice(0)) end()
    await Promise.all(other)
  })

  it('repeats no call while more than half of them are under way', async () => {
    const { ask, flood, open, is, callsOf } = webhook({ maxConcurrent: 4, maxWaiting: 0 })
    is('is down')
    expect(await callsOf(() => thrownBy(() => ask('alone')))).toBe(5)
    is('hangs')
    const others = flood(3)
    await settled()
    is('is down')
    expect(await callsOf(() => thrownBy(() => ask('one of many')))).toBe(1)
    for (const end of open.splice(0)) end()
    await Promise.all(others)
    expect(await callsOf(() => thrownBy(() => ask('alone again')))).toBe(5)
  })

  it('is refused as too much where its turn does not come in time, and makes no call then', async () => {
    const timers: (() => void)[] = []
    const clock = {
      ...impatientClock(),
      after: (_: number, callback: () => void) => (timers.push(callback), () => {}),
    }
    const { ask, open, is, callsOf } = webhook({ clock, maxConcurrent: 1, ttlSeconds: 0 })
    is('hangs')
    const first = thrownBy(() => ask('first'))
    await settled()
    expect(
      await callsOf(async () => {
        const second = thrownBy(() => ask('second'))
        await settled()
        timers.at(-1)?.()
        expect(await second).toMatchObject({ code: 'unavailable', retryAfterSeconds: 2 })
      }),
    ).toBe(0)
    open[0]?.()
    await first.catch(() => undefined)
  })
})

describe('limits of calls', () => {
  it.each([
    [{ maxConcurrent: 0 }, 'maxConcurrent: must be a whole number above 0'],
    [{ maxConcurrent: 1.5 }, 'maxConcurrent: must be a whole number above 0'],
    [{ maxWaiting: -1 }, 'maxWaiting: must be a whole number, 0 or more'],
    [{ maxWaiting: Infinity }, 'maxWaiting: must be a whole number, 0 or more'],
  ])('are numbers that can work, not %j', (options, message) => {
    expect(() => webhook(options)).toThrow(message)
  })
})
