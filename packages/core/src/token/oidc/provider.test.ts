import { inspect } from 'node:util'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { fixedClock, settled, thrownBy } from '../../../test/fakes.ts'
import {
  type Answer,
  fakeFetch,
  ISSUER,
  issuerAnswers,
  jwksOf,
  type KeyPair,
  never,
  NOW,
  rsaKey,
  signed,
} from '../../../test/issuer.ts'
import { discoveryUrlOf } from './provider.ts'
import { oidc } from './oidc.ts'
import type { OidcOptions } from './oidc-options.ts'

const DOCUMENT = `${ISSUER}/.well-known/openid-configuration`
let key: KeyPair

beforeAll(() => {
  key = rsaKey('key')
})

const OPTIONS = {
  issuer: ISSUER,
  audience: 'app',
  claimMappings: { username: { claim: 'sub', prefix: '' } },
} satisfies OidcOptions

function start(answers: Record<string, Answer>, options: Partial<OidcOptions> = {}) {
  const clock = fixedClock(NOW * 1000)
  const fetch = fakeFetch(answers)
  const tokens = oidc({ ...OPTIONS, fetch, clock, ...options })
  const ask = async () =>
    tokens.authenticateToken(
      signed(key, { alg: 'RS256' }, { iss: ISSUER, aud: 'app', sub: 'jane', exp: NOW * 2 }),
      {},
    )
  const asked = (): readonly string[] => fetch.calls.map(({ url }) => url)
  return { clock, fetch, tokens, ask, asked }
}

const notReady = { code: 'unavailable', message: 'oidc: authenticator not initialized' }

describe('the address of a discovery document', () => {
  it.each([
    [ISSUER, '', DOCUMENT],
    [`${ISSUER}/`, '', DOCUMENT],
    [`${ISSUER}//`, '', `${ISSUER}//.well-known/openid-configuration`],
    [`${ISSUER}/a/b`, '', `${ISSUER}/a/b/.well-known/openid-configuration`],
    [ISSUER, 'https://elsewhere.example.com/x/', 'https://elsewhere.example.com/x/'],
  ])('of %j with %j is %j', (url, discoveryURL, expected) => {
    expect(discoveryUrlOf({ url, discoveryURL })).toBe(expected)
  })
})

describe('an issuer', () => {
  it('is looked for at once, and its keys when a token needs them', async () => {
    const { asked, ask, tokens, clock } = start(issuerAnswers(jwksOf(key)))
    await tokens.ready
    expect(tokens.health()).toBeUndefined()
    expect(asked()).toEqual([DOCUMENT])
    expect((await ask())?.user.username).toBe('jane')
    await ask()
    expect(asked()).toEqual([DOCUMENT, `${ISSUER}/keys`])
    clock.advance(86_400_000)
    await settled()
    expect(clock.pending).toBe(0)
    expect(asked()).toHaveLength(2)
  })

  it('may be described somewhere else', async () => {
    const elsewhere = 'https://internal.example.com/issuer'
    const { tokens, asked } = start(
      { [elsewhere]: Response.json({ issuer: ISSUER, jwks_uri: 'https://internal.example.com/keys' }) },
      { issuer: ISSUER, audience: 'app', discoveryURL: elsewhere },
    )
    await tokens.ready
    expect(asked()).toEqual([elsewhere])
  })

  it.each([
    [{ cause: Object.assign(new Error('secret'), { code: 'ECONNREFUSED' }) }, 'fetch failed (ECONNREFUSED)'],
    [{ cause: new Error('secret') }, 'fetch failed'],
    [{ cause: { code: 7 } }, 'fetch failed'],
    [{ cause: null }, 'fetch failed'],
  ])('is reported as unhealthy with the code of the network error, and no more: %o', async (init, said) => {
    const fetch = () => Promise.reject(new TypeError('fetch failed', init))
    const { tokens } = start({}, { fetch })
    await settled()
    expect(tokens.health()).toBe(`oidc: authenticator for issuer "${ISSUER}" is not healthy: ${said}`)
    tokens.close()
  })

  it('whose discovery fails is unavailable without what the fetch keeps of its request', async () => {
    const config = { headers: { 'proxy-authorization': 'secret' } }
    const cause = Object.assign(new Error('secret'), { code: 'ECONNRESET', config })
    const fetch = () => Promise.reject(Object.assign(new TypeError('fetch failed', { cause }), { config }))
    const { tokens, ask } = start({}, { fetch })
    await settled()
    const error = await thrownBy(ask)
    expect(error).toMatchObject({ ...notReady, cause: { message: 'fetch failed (ECONNRESET)' } })
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('secret')
    tokens.close()
  })

  it('is looked for every ten seconds until it is found', async () => {
    const { clock, fetch, asked, ask, tokens } = start({})
    const name = `oidc: authenticator for issuer "${ISSUER}"`
    expect(tokens.health()).toBe(`${name} is not healthy: ${name} is not initialized`)
    await settled()
    expect(tokens.health()).toBe(`oidc: authenticator for issuer "${ISSUER}" is not healthy: fetch failed`)
    expect(await thrownBy(ask)).toMatchObject(notReady)
    for (const count of [2, 3]) {
      clock.advance(9_999)
      await settled()
      expect(asked()).toHaveLength(count - 1)
      clock.advance(1)
      await settled()
      expect(asked()).toHaveLength(count)
    }
    fetch.answers = issuerAnswers(jwksOf(key))
    expect(await thrownBy(ask)).toMatchObject(notReady)
    clock.advance(10_000)
    await settled()
    expect(await ask()).toBeDefined()
  })

  it('has ten seconds for an answer where nothing else is said', async () => {
    const { clock, tokens } = start({ [DOCUMENT]: never })
    await settled()
    clock.advance(9999)
    await settled()
    expect(tokens.health()).not.toContain('no answer')
    clock.advance(1)
    await settled()
    expect(tokens.health()).toContain('no answer within 10 seconds')
    tokens.close()
  })

  it('is waited for briefly by requests during discovery', async () => {
    const { clock, ask, tokens } = start({ [DOCUMENT]: never })
    const early = thrownBy(ask)
    await settled()
    clock.advance(4999)
    await settled()
    clock.advance(1)
    expect(await early).toMatchObject(notReady)
    tokens.close()

    const { ask: askOther } = start(issuerAnswers(jwksOf(key)))
    expect(await askOther()).toBeDefined()
  })

  it('is asked once during discovery by requests whose timers are early, as with a slow clock', async () => {
    const clock = fixedClock(NOW * 1000)
    const slow = {
      now: clock.now,
      after: (ms: number, callback: () => void) => clock.after(ms - 1, callback),
    }
    const { ask, asked } = start({ [DOCUMENT]: never }, { clock: slow })
    const waiting = [thrownBy(ask), thrownBy(ask)]
    await settled()
    clock.advance(4999)
    for (const each of waiting) expect(await each).toMatchObject(notReady)
    expect(asked()).toEqual([DOCUMENT])
  })

  it('is looked for where the clock was set back, too', async () => {
    const { clock, fetch, ask } = start({}, { discoverAtOnce: false })
    expect(await thrownBy(ask)).toMatchObject(notReady)
    fetch.answers = issuerAnswers(jwksOf(key))
    clock.advance(-3_600_000)
    expect(await ask()).toBeDefined()
  })

  it('is looked for when a token comes where nothing can happen before', async () => {
    const { clock, fetch, asked, ask } = start({}, { discoverAtOnce: false })
    await settled()
    expect(asked()).toEqual([])
    expect(clock.pending).toBe(0)
    expect(await thrownBy(ask)).toMatchObject(notReady)
    expect(await thrownBy(ask)).toMatchObject(notReady)
    expect(asked()).toHaveLength(1)
    fetch.answers = issuerAnswers(jwksOf(key))
    clock.advance(10_000)
    expect(await ask()).toBeDefined()
  })

  it('is not looked for by itself on Cloudflare', () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    const { asked } = start({})
    vi.unstubAllGlobals()
    expect(asked()).toEqual([])
  })

  it('is looked for by the next one where a look ended together with the request that began it', async () => {
    const { clock, fetch, asked, ask } = start({ [DOCUMENT]: never }, { discoverAtOnce: false })
    void thrownBy(ask)
    await settled()
    clock.endRequest()
    fetch.answers = issuerAnswers(jwksOf(key))
    const waits = thrownBy(ask)
    await settled()
    clock.advance(5000)
    expect(await waits).toMatchObject(notReady)
    clock.advance(5000)
    expect(await ask()).toBeDefined()
    expect(asked()).toEqual([DOCUMENT, DOCUMENT, `${ISSUER}/keys`])
  })

  it('tells when it is ready to who asks before and after', async () => {
    const { tokens, ask } = start(issuerAnswers(jwksOf(key)), { discoverAtOnce: false })
    const before = tokens.ready
    await ask()
    await Promise.all([before, tokens.ready])
    expect(tokens.health()).toBeUndefined()
  })

  it('is not discovered any more after close', async () => {
    const { clock, asked, tokens, ask } = start({})
    await settled()
    tokens.close()
    clock.advance(60_000)
    await settled()
    expect(await thrownBy(ask)).toMatchObject(notReady)
    expect(asked()).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })

  it('is not discovered any more after close during discovery', async () => {
    const { clock, asked, tokens } = start({})
    tokens.close()
    await settled()
    clock.advance(60_000)
    await settled()
    expect(asked()).toHaveLength(1)
  })

  it.each<[string, Answer, RegExp]>([
    ['is not found', new Response('', { status: 404 }), /HTTP status 404/],
    [
      'sends somewhere else',
      new Response('', { status: 301, headers: { location: ISSUER } }),
      /HTTP status 301/,
    ],
    [
      'calls itself otherwise',
      Response.json({ issuer: `${ISSUER}/`, jwks_uri: `${ISSUER}/keys` }),
      /expected "https:\/\/issuer.example.com" got "https:\/\/issuer.example.com\/"/,
    ],
    ['calls itself something long', Response.json({ issuer: 'x'.repeat(9999) }), /^.{0,500}$/],
    ['has no name', Response.json({ jwks_uri: `${ISSUER}/keys` }), /got ""$/],
    [
      'has an issuer that is not a string',
      Response.json({ issuer: [ISSUER], jwks_uri: `${ISSUER}/keys` }),
      /got a value that is not a string$/,
    ],
    ['has no keys', Response.json({ issuer: ISSUER }), /provider did not return JWKS URL/],
    [
      'has a jwks_uri that is not a string',
      Response.json({ issuer: ISSUER, jwks_uri: ['x'] }),
      /not an https URL/,
    ],
    [
      'has keys without https',
      Response.json({ issuer: ISSUER, jwks_uri: 'http://issuer.example.com/keys' }),
      /not an https URL/,
    ],
    ['answers with HTML', new Response('<html>secret'), /is not a JSON object/],
    ['answers with a list', new Response('[]'), /is not a JSON object/],
    ['answers with too much', new Response(' '.repeat(1_048_577)), /longer than/],
  ])('is not ready where it %s', async (_, answer, message) => {
    const { tokens, ask } = start({ [DOCUMENT]: answer })
    await settled()
    await settled()
    expect(tokens.health()).toMatch(message)
    expect(tokens.health()).not.toContain('secret')
    expect(await thrownBy(ask)).toMatchObject(notReady)
    tokens.close()
  })

  it('is found by the fetch of the runtime', async () => {
    const fetch = fakeFetch(issuerAnswers(jwksOf(key)))
    vi.stubGlobal('fetch', fetch)
    await oidc(OPTIONS).ready
    vi.unstubAllGlobals()
    expect(fetch.calls).toHaveLength(1)
  })
})
