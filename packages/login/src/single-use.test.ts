import { oidc } from '@kube-authn/core/oidc'
import { memoryObjectStore } from '@kube-authn/store'
import { fixedClock, type FixedClock } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { type Browser, browserOf, locationOf } from '../test/browser.ts'
import { ORIGIN } from '../test/login-app.ts'
import { type LoginProvider, loginProvider } from '../test/login-provider.ts'
import { hooked, keyOf } from '../test/sessions.ts'
import { cookieSessions, storedSessions, webLogin } from './index.ts'

type Sessions = ReturnType<typeof cookieSessions>

interface Replicas {
  readonly clock: FixedClock
  readonly provider: LoginProvider
  /** The same browser at each replica. */
  readonly one: Browser
  readonly two: Browser
}

/** Two replicas with the same keys, and a browser that a balancer sends to either. */
async function replicas(sessionsOf: (clock: FixedClock) => readonly [Sessions, Sessions]): Promise<Replicas> {
  const clock = fixedClock()
  const provider = await loginProvider({ clock })
  const { fetch } = provider
  const issuer = provider.issuer.url
  const [one, two] = sessionsOf(clock).map((sessions) => {
    const login = webLogin({
      issuer,
      clientId: 'my-app',
      publicUrl: ORIGIN,
      tokens: [oidc({ issuer, audience: 'my-app', clock, fetch, discoverAtOnce: false })],
      keys: [keyOf(1)],
      sessions,
      clock,
      fetch,
      log: false,
    })
    return browserOf(
      {
        request: async (url, init) => (await login.handle(new Request(url, init))) ?? new Response('the app'),
      },
      ORIGIN,
    )
  })
  if (one === undefined || two === undefined) throw new Error('two are needed')
  return { clock, provider, one, two }
}

/** Begins a login, and takes its cookies to the other replica. Returns the callback. */
async function begun({ provider, one, two }: Replicas): Promise<string> {
  const callback = provider.logIn(locationOf(await one.open('/login')), 'jane')
  for (const [name, value] of one.cookies) two.cookies.set(name, value)
  return callback
}

const stored = (clock: FixedClock): readonly [Sessions, Sessions] => {
  const store = memoryObjectStore({ clock })
  return [storedSessions({ store, clock }), storedSessions({ store, clock })]
}
const isSession = (name: string): boolean => name.startsWith('__Host-session')

describe('the state of a login, with sessions in a store that replicas share', () => {
  it('counts once on all of them, and the provider is asked once', async () => {
    const given = await replicas(stored)
    const callback = await begun(given)
    expect((await given.one.open(callback)).status).toBe(303)
    const again = await given.two.open(callback)
    expect(again.status).toBe(400)
    expect(await again.text()).toContain('This login is over')
    expect([...given.two.cookies.keys()]).toEqual([])
    expect(given.provider.tokenRequests).toHaveLength(1)
  })

  it('counts once if it comes to both at the same time', async () => {
    const given = await replicas(stored)
    const callback = await begun(given)
    const answers = await Promise.all([given.one, given.two].map((browser) => browser.open(callback)))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([303, 400])
    expect(given.provider.tokenRequests).toHaveLength(1)
  })

  it('counts once until its cookie is over, also on a replica whose clock is behind by ten seconds', async () => {
    const late = fixedClock()
    const given = await replicas((clock) => {
      const store = memoryObjectStore({ clock })
      return [storedSessions({ store, clock }), storedSessions({ store, clock: late })]
    })
    const callback = await begun(given)
    const cookies = new Map(given.one.cookies)
    expect((await given.one.open(callback)).status).toBe(303)
    given.clock.advance(909_999)
    for (const [name, value] of cookies) given.two.cookies.set(name, value)
    expect((await given.two.open(callback)).status).toBe(400)
    expect(given.provider.tokenRequests).toHaveLength(1)
  })

  it('leaves one record, which is gone when the login is over', async () => {
    let store = memoryObjectStore()
    const given = await replicas((clock) => {
      store = memoryObjectStore({ clock })
      return [storedSessions({ store, clock }), storedSessions({ store, clock })]
    })
    const used = async (): Promise<number> => (await store.list('/sessions/used/')).objects.length
    // Without a state that this browser has, nothing is written.
    await given.one.open('/login/callback?code=a&state=b')
    const callback = await begun(given)
    expect(await used()).toBe(0)
    await given.one.open(callback)
    expect(await used()).toBe(1)
    given.clock.advance(909_999)
    expect(await used()).toBe(1)
    given.clock.advance(1)
    expect(await used()).toBe(0)
  })

  it('is not used up while the store is down: the browser can open the callback again', async () => {
    let isDown = false
    const given = await replicas((clock) => {
      const store = hooked(memoryObjectStore({ clock }), () => {
        if (isDown) throw new Error('down')
      })
      return [storedSessions({ store, clock }), storedSessions({ store, clock })]
    })
    const callback = await begun(given)
    isDown = true
    const answer = await given.one.open(callback)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, expect.any(String)])
    expect(given.provider.tokenRequests).toEqual([])
    isDown = false
    expect((await given.one.open(callback)).status).toBe(303)
    expect([...given.one.cookies.keys()].some(isSession)).toBe(true)
  })
})

describe('the state of a login, with sessions in cookies', () => {
  it('counts once in a process; in another one the provider refuses its code', async () => {
    const given = await replicas((clock) => [
      cookieSessions({ keys: [keyOf(2)], clock }),
      cookieSessions({ keys: [keyOf(2)], clock }),
    ])
    const callback = await begun(given)
    const cookies = new Map(given.one.cookies)
    expect((await given.one.open(callback)).status).toBe(303)
    for (const [name, value] of cookies) given.one.cookies.set(name, value)
    expect((await given.one.open(callback)).status).toBe(400)
    expect((await given.two.open(callback)).status).toBe(502)
    expect([...given.two.cookies.keys()].some(isSession)).toBe(false)
    expect(given.provider.tokenRequests).toHaveLength(2)
  })
})
