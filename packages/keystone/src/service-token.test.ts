import { ConfigurationError } from '@kube-authn/core'
import { describe, expect, it } from 'vitest'
import { fixedClock, settled, thrownBy } from '../../core/test/fakes.ts'
import {
  EXPIRES_AT_MS,
  fakeKeystone,
  type KeystoneScript,
  loginAnswer,
  refusalAnswer,
} from '../test/keystone.ts'
import { keystoneServiceToken } from './service-token.ts'

const url = 'https://keystone.example.com:5000'
const credential = { name: 'my-app', domain: { id: 'default' }, password: 'secret' } as const
const scope = { project: { name: 'service', domain: { id: 'default' } } } as const

function serviceOf(script?: KeystoneScript) {
  let number = 0
  const { fetch, calls } = fakeKeystone(script ?? (() => loginAnswer({}, `token-${++number}`)))
  const clock = fixedClock(EXPIRES_AT_MS - 3_600_000)
  return { serviceToken: keystoneServiceToken({ url, credential, scope, fetch, clock }), calls, clock }
}

describe('keystoneServiceToken', () => {
  it('logs in once for all who ask at once, with the scope', async () => {
    const { serviceToken, calls } = serviceOf()
    expect(await Promise.all([serviceToken(), serviceToken()])).toEqual(['token-1', 'token-1'])
    expect(await serviceToken()).toBe('token-1')
    expect(calls.map(({ body }) => body)).toEqual([
      { auth: { identity: { methods: ['password'], password: { user: credential } }, scope } },
    ])
  })

  it('renews a token a minute before it ends', async () => {
    const { serviceToken, clock } = serviceOf()
    await serviceToken()
    clock.advance(3_600_000 - 60_001)
    expect(await serviceToken()).toBe('token-1')
    clock.advance(1)
    expect(await serviceToken()).toBe('token-2')
  })

  it('renews a token that is refused, and only that', async () => {
    const { serviceToken, clock } = serviceOf()
    await serviceToken()
    clock.advance(5000)
    expect(await serviceToken('token-0')).toBe('token-1')
    expect(await serviceToken('token-1')).toBe('token-2')
    expect(await serviceToken('token-1')).toBe('token-2')
  })

  it.each<[string, KeystoneScript]>([
    ['a refusal', () => refusalAnswer(401)],
    ['an outage', () => refusalAnswer(503)],
    ['silence', () => new Promise(() => undefined)],
  ])('cannot tell after %s, and does not ask again for a while', async (_, script) => {
    const { serviceToken, calls, clock } = serviceOf(script)
    const thrown = thrownBy(() => serviceToken())
    await settled()
    clock.advance(10_000)
    expect(await thrown).toMatchObject({ code: 'unavailable' })
    clock.advance(-10_000)
    expect(await thrownBy(() => serviceToken())).toMatchObject({
      code: 'unavailable',
      message: 'the last login of the service to Keystone was too recent',
    })
    expect(calls).toHaveLength(1)
    clock.advance(5000)
    const second = thrownBy(() => serviceToken())
    await settled()
    clock.advance(10_000)
    expect(await second).toMatchObject({ code: 'unavailable' })
    expect(calls).toHaveLength(2)
  })

  it('does not log in again and again with tokens that are all refused', async () => {
    const { serviceToken, calls } = serviceOf()
    const first = await serviceToken()
    expect(await thrownBy(() => serviceToken(first))).toMatchObject({ code: 'unavailable' })
    expect(calls).toHaveLength(1)
  })

  it.each([
    ['no password', { ...credential, password: '' }],
    ['no name', { ...credential, name: '' }],
    ['neither id nor name', { password: 'secret' } as never],
    ['no domain', { name: 'my-app', password: 'secret' } as never],
    ['an empty id', { id: '', password: 'secret' }],
  ])('is refused for %s, without telling the password', (_, wrong) => {
    const make = (): unknown => keystoneServiceToken({ url, credential: wrong, scope })
    expect(make).toThrow(ConfigurationError)
    expect(make).toThrow('credential: must have a password and either an id or a name and a domain')
    expect(make).not.toThrow('secret')
  })

  it('logs in again after a login that ended together with the request that began it', async () => {
    let answer: KeystoneScript = () => new Promise(() => undefined)
    const { serviceToken, clock, calls } = serviceOf((...call) => answer(...call))
    void thrownBy(() => serviceToken())
    await settled()
    clock.endRequest()
    answer = () => loginAnswer({}, 'token-1')
    const waits = thrownBy(() => serviceToken())
    await settled()
    clock.advance(11_000)
    expect(await waits).toMatchObject({ code: 'unavailable' })
    expect(await serviceToken()).toBe('token-1')
    expect(calls).toHaveLength(2)
  })

  it('is refused for a URL and a scope that cannot be', () => {
    const make = (): unknown => keystoneServiceToken({ url: 'http://k', credential, scope: {} as never })
    expect(make).toThrow(/url: .*; scope: /)
  })
})
