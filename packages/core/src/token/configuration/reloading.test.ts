import { beforeAll, describe, expect, it, vi } from 'vitest'
import { issueCa } from '../../../../x509/test/certificates.ts'
import { fixedClock, recorder, settled, thrownBy } from '../../../test/fakes.ts'
import { fakeFetch, issuerAnswers, jwksOf, type KeyPair, NOW, rsaKey, signed } from '../../../test/issuer.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { authenticationConfiguration, type AuthenticationConfigurationOptions } from './reloading.ts'

const A = 'https://a.example.com'
const B = 'https://b.example.com'
let key: KeyPair

beforeAll(() => {
  key = rsaKey('key')
})

const configOf = (issuers: readonly string[], more: object = {}): string =>
  JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: issuers.map((url) => ({
      issuer: { url, audiences: ['app'] },
      claimMappings: { username: { claim: 'sub', prefix: `${url}#` } },
    })),
    ...more,
  })

function start(issuers: readonly string[], options: Partial<AuthenticationConfigurationOptions> = {}) {
  const clock = fixedClock(NOW * 1000)
  const { events, observer } = recorder()
  const fetch = fakeFetch(issuerAnswers(jwksOf(key), A))
  const tokens = authenticationConfiguration(configOf(issuers), {
    fetchFor: () => fetch,
    clock,
    observer,
    source: 'authentication.yaml',
    ...options,
  })
  const ask = async (iss: string) => {
    const token = signed(key, { alg: 'RS256' }, { iss, aud: 'app', sub: 'jane', exp: NOW * 2 })
    return (await tokens.authenticateToken(token, {}))?.user.username
  }
  const reloads = () => events.filter((event) => event.type === 'reload' && event.outcome !== 'initial')
  const reach = (...urls: readonly string[]): void => {
    fetch.answers = Object.assign(
      {},
      ...urls.map((url) => issuerAnswers(jwksOf(key), url)),
    ) as typeof fetch.answers
  }
  return { clock, events, fetch, tokens, ask, reloads, reach }
}

describe('a configuration', () => {
  it('knows the users of its issuers, each of its own', async () => {
    const fetch = fakeFetch({ ...issuerAnswers(jwksOf(key), A), ...issuerAnswers(jwksOf(key), B) })
    const { ask } = start([A, B], { fetchFor: () => fetch })
    expect(await ask(A)).toBe(`${A}#jane`)
    expect(await ask(B)).toBe(`${B}#jane`)
    expect(await ask('https://c.example.com')).toBeUndefined()
  })

  it('accepts both issuer names of Google, and no malformed token', async () => {
    const google = 'https://accounts.google.com'
    const { ask, tokens } = start([A, google], {
      fetchFor: ({ url }) => fakeFetch(issuerAnswers(jwksOf(key), url)),
    })
    expect(await ask('accounts.google.com')).toBe(`${google}#jane`)
    expect(await ask(google)).toBe(`${google}#jane`)
    const [, payload = ''] = signed(key, { alg: 'RS256' }, { iss: A }).split('.')
    expect(await thrownBy(async () => tokens.authenticateToken(`e30.${payload}.`, {}))).toMatchObject({
      code: 'rejected',
      message: 'oidc: verify token: oidc: malformed jwt',
    })
    expect(await tokens.authenticateToken('abc', {})).toBeUndefined()
  })

  it('starts without its issuers', async () => {
    const { ask, tokens, clock, reach } = start([B])
    await settled()
    expect(tokens.health()).toEqual([`oidc: authenticator for issuer "${B}" is not healthy: fetch failed`])
    expect(await thrownBy(() => ask(B))).toMatchObject({ code: 'unavailable' })
    reach(B)
    clock.advance(10_000)
    await settled()
    expect(await ask(B)).toBe(`${B}#jane`)
    expect(tokens.health()).toEqual([])
  })

  it('tells its content before anything else happens, and nothing if it is refused', () => {
    const { events } = start([A])
    expect(events[0]).toEqual({
      type: 'reload',
      kind: 'authenticationConfiguration',
      source: 'authentication.yaml',
      content: configOf([A]),
      outcome: 'initial',
    })
    const { events: others, observer } = recorder()
    expect(() => authenticationConfiguration(configOf(['http://x']), { observer })).toThrow(
      ConfigurationError,
    )
    expect(others).toEqual([])
  })

  it('may have no issuer', async () => {
    const { ask } = start([])
    expect(await ask(A)).toBeUndefined()
  })

  it('is refused at the start with everything that is wrong', () => {
    expect(() => authenticationConfiguration('kind: Nonsense')).toThrow(ConfigurationError)
    expect(() => authenticationConfiguration(configOf(['http://x', '']))).toThrow(
      /jwt\[0\]\.issuer\.url.*jwt\[1\]\.issuer\.url/,
    )
  })

  it.each([
    ['a CA of its own', { certificateAuthority: 'x' }],
    ['an egress', { egressSelectorType: 'cluster' }],
  ])('is refused where the runtime has no way to an issuer with %s', (_, issuer) => {
    const text = configOf([A]).replace('"audiences"', `${JSON.stringify(issuer).slice(1, -1)},"audiences"`)
    expect(() => authenticationConfiguration(text)).toThrow(ConfigurationError)
  })

  it('closes the ways to issuers when one of them cannot be had', () => {
    const closed: string[] = []
    const fetchFor: AuthenticationConfigurationOptions['fetchFor'] = ({ url }) => {
      if (url === B) throw new Error('no way')
      return Object.assign(fakeFetch({}), { close: () => closed.push(url) })
    }
    expect(() => authenticationConfiguration(configOf([A, B]), { fetchFor })).toThrow('jwt[1].issuer: no way')
    expect(closed).toEqual([A])
  })
})

describe('a new version', () => {
  it('counts once its issuers are found, and the old one until then', async () => {
    const { tokens, ask, clock, reach, reloads } = start([A])
    const update = tokens.update(configOf([B]))
    await settled()
    expect(await ask(A)).toBe(`${A}#jane`)
    expect(await ask(B)).toBeUndefined()
    reach(B)
    clock.advance(10_000)
    expect(await update).toBe('updated')
    expect(await ask(B)).toBe(`${B}#jane`)
    expect(await ask(A)).toBeUndefined()
    expect(tokens.configuration.jwt.map(({ issuer }) => issuer.url)).toEqual([B])
    expect(reloads()).toMatchObject([
      { kind: 'authenticationConfiguration', source: 'authentication.yaml', outcome: 'loaded' },
    ])
  })

  it.each<[string, string, RegExp]>([
    ['is not YAML', 'not yaml: [', /authentication\.yaml/],
    ['is empty', '', /empty config data/],
    ['names an issuer twice', configOf([B, B]), /jwt\[1\]\.issuer\.url: Duplicate value/],
    [
      'has an anonymous section where there was none',
      configOf([A], { anonymous: { enabled: true } }),
      /^anonymous: Forbidden: changed from initial configuration file$/,
    ],
    [
      'has another anonymous section, and another fault',
      configOf([B, B], { anonymous: { enabled: true } }),
      /jwt\[1\]\.issuer\.url: Duplicate value: .*; anonymous: Forbidden: changed from initial/,
    ],
  ])('that %s is refused for good, once', async (_, text, message) => {
    const { tokens, ask, reloads } = start([A])
    expect(await tokens.update(text)).toBe('refused')
    expect(await tokens.update(text)).toBe('unchanged')
    expect(reloads()).toHaveLength(1)
    expect(reloads()[0]).toMatchObject({
      outcome: 'failed',
      error: { message: expect.stringMatching(message) },
    })
    expect(await ask(A)).toBe(`${A}#jane`)
    // What it was before is good again.
    expect(await tokens.update(configOf([A]))).toBe('updated')
  })

  it('may keep a certificate authority, and is refused with a bad one, wherever it is', async () => {
    const { pem } = await issueCa({ subject: 'issuer-ca' })
    const withCa = (audience: string, ...authorities: readonly string[]): string =>
      JSON.stringify({
        apiVersion: 'apiserver.config.k8s.io/v1',
        kind: 'AuthenticationConfiguration',
        jwt: authorities.map((certificateAuthority, index) => ({
          issuer: { url: [A, B][index], audiences: [audience], certificateAuthority },
          claimMappings: { username: { claim: 'sub', prefix: '' } },
        })),
      })
    const { tokens, reach, reloads } = start([A])
    reach(A, B)
    expect(await tokens.update(withCa('app', pem))).toBe('updated')
    expect(await tokens.update(withCa('other', pem, pem))).toBe('updated')
    const bad = pem.replace(/\n.{8}/, '\nAAAAAAAA')
    expect(await tokens.update(withCa('other', pem, bad))).toBe('refused')
    expect(await tokens.update(withCa('app', bad, pem))).toBe('refused')
    expect(await tokens.update(withCa('app', bad))).toBe('refused')
    expect(reloads().at(-2)).toMatchObject({
      error: { message: expect.stringContaining('jwt[0].issuer.certificateAuthority: Invalid value') },
    })
  })

  it('whose issuers are not found changes nothing, and may be tried again', async () => {
    const { tokens, ask, clock, fetch, reach, reloads } = start([A])
    const text = configOf([A, B])
    for (const time of [1, 2]) {
      const update = tokens.update(text)
      await settled()
      clock.advance(59_999)
      await settled()
      expect(reloads().length).toBe(time - 1)
      clock.advance(1)
      expect(await update).toBe('unhealthy')
    }
    expect(reloads()[0]).toMatchObject({ outcome: 'failed', error: { message: expect.stringContaining(B) } })
    expect(await ask(B)).toBeUndefined()
    const before = fetch.calls.length
    clock.advance(60_000)
    await settled()
    expect(fetch.calls.length).toBe(before)
    reach(A, B)
    expect(await tokens.update(text)).toBe('updated')
    expect(await ask(B)).toBe(`${B}#jane`)
  })

  it('for which there is no way to an issuer may be tried again', async () => {
    let isThere = true
    const { tokens, ask, reloads } = start([A], {
      fetchFor: ({ url }) => {
        if (!isThere) throw new Error(`no way to ${url}`)
        return fakeFetch(issuerAnswers(jwksOf(key), url))
      },
    })
    isThere = false
    expect(await tokens.update(configOf([B]))).toBe('unhealthy')
    expect(await tokens.update(configOf([B]))).toBe('unhealthy')
    expect(reloads()[1]).toMatchObject({
      outcome: 'failed',
      error: { message: `jwt[0].issuer: no way to ${B}` },
    })
    expect(await ask(A)).toBe(`${A}#jane`)
    isThere = true
    expect(await tokens.update(configOf([B]))).toBe('updated')
    expect(await ask(B)).toBe(`${B}#jane`)
  })

  it('with the same text is ignored', async () => {
    const { tokens, reloads } = start([A])
    expect(await tokens.update(configOf([A]))).toBe('unchanged')
    expect(reloads()).toEqual([])
  })

  it('may take all issuers away', async () => {
    const { tokens, ask } = start([A])
    expect(await tokens.update(configOf([]))).toBe('updated')
    expect(await ask(A)).toBeUndefined()
  })

  it('waits for the one before it', async () => {
    const { tokens, clock, reach, ask } = start([A])
    reach(A, B)
    const updates = [
      tokens.update(configOf([B])),
      tokens.update(configOf([A, B])),
      tokens.update(configOf([])),
    ]
    expect(await Promise.all(updates)).toEqual(['updated', 'updated', 'updated'])
    expect(await ask(A)).toBeUndefined()
    clock.advance(60_000)
    expect(clock.pending).toBe(0)
  })

  it('lets what was replaced end after a minute', async () => {
    const closed: string[] = []
    const { tokens, clock } = start([A], {
      fetchFor: ({ url }) =>
        Object.assign(fakeFetch(issuerAnswers(jwksOf(key), url)), { close: () => closed.push(url) }),
    })
    expect(await tokens.update(configOf([B]))).toBe('updated')
    clock.advance(59_999)
    expect(closed).toEqual([])
    clock.advance(1)
    expect(closed).toEqual([A])
    tokens.close()
    expect(closed).toEqual([A, B])
  })

  it('that was replaced ends with the whole, too', async () => {
    const closed: string[] = []
    const { tokens, clock } = start([A], {
      fetchFor: ({ url }) =>
        Object.assign(fakeFetch(issuerAnswers(jwksOf(key), url)), { close: () => closed.push(url) }),
    })
    expect(await tokens.update(configOf([B]))).toBe('updated')
    tokens.close()
    expect(closed).toEqual([A, B])
    expect(clock.pending).toBe(0)
  })

  it('is not taken after the end', async () => {
    const { tokens, clock, reach } = start([A])
    const pending = tokens.update(configOf([B]))
    await settled()
    tokens.close()
    reach(B)
    clock.advance(10_000)
    expect(await pending).toBe('unchanged')
    expect(await tokens.update(configOf([]))).toBe('unchanged')
  })

  it('does not count when its issuers are found after the end, and leaves nothing running', async () => {
    const { tokens, clock } = start([A])
    const pending = tokens.update(configOf([B]))
    await settled()
    tokens.close()
    clock.advance(60_000)
    expect(await pending).toBe('unhealthy')
    expect(clock.pending).toBe(0)
  })
})

describe('a new version on Workers', () => {
  it('looks for its issuers at once, which the first one does not', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    const { tokens, fetch, ask, reach } = start([A])
    await settled()
    expect(fetch.calls).toEqual([])
    reach(A, B)
    expect(await tokens.update(configOf([B]))).toBe('updated')
    expect(await ask(B)).toBe(`${B}#jane`)
  })

  it('does not wait for ever for one that ended with its request', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
    const { tokens, ask, clock, reach } = start([A])
    void tokens.update(configOf(['https://gone.example.com']))
    await settled()
    clock.endRequest()
    reach(A, B)
    const update = tokens.update(configOf([B]))
    await settled()
    clock.advance(61_000)
    expect(await update).toBe('updated')
    expect(await ask(B)).toBe(`${B}#jane`)
  })
})
