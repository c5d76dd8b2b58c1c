import { describe, expect, it } from 'vitest'
import {
  fails,
  jane,
  knows,
  noOpinion,
  passwords,
  recorder,
  request,
  requests,
  thrownBy,
  tokens,
} from '../../test/fakes.ts'
import { authenticatorChain, type AuthenticatorChainOptions } from './chain.ts'
import { ConfigurationError, rejected } from '../authenticator/errors.ts'

const headers = {
  token: ['Authorization', 'Bearer t'],
  password: ['Authorization', `Basic ${btoa('jane:secret')}`],
} as const

const answerOf = async (
  options: AuthenticatorChainOptions,
  kind?: keyof typeof headers,
  audiences?: readonly string[],
) =>
  authenticatorChain(options).authenticate(
    request({ headers: kind === undefined ? [] : [headers[kind]] }),
    audiences === undefined ? {} : { audiences },
  )

describe('authenticatorChain', () => {
  it('asks in the order of kube-apiserver', async () => {
    const { observer, events } = recorder()
    const chain = authenticatorChain({
      requestHeader: requests(noOpinion, 'requestHeader'),
      clientCertificate: requests(noOpinion, 'clientCertificate'),
      passwords: [passwords(noOpinion)],
      requests: [requests(noOpinion, 'other'), requests(noOpinion, 'another')],
      tokens: [tokens(noOpinion, 'first'), tokens(noOpinion, 'second')],
      anonymous: true,
    })
    await chain.authenticate(request(), { observer })
    const asked = events.flatMap((event) => (event.type === 'consulting' ? [event.authenticator] : []))
    expect(asked.filter((name) => !['union', 'failFast', 'authenticatedGroup'].includes(name))).toEqual([
      'requestHeader',
      'basic',
      'clientCertificate',
      'other',
      'another',
      'bearerToken',
      'webSocketProtocol',
      'anonymous',
    ])
  })

  it.each([
    ['a request', { requestHeader: requests(knows(jane)) }, undefined],
    ['another thing in a request', { requests: [requests(noOpinion), requests(knows(jane))] }, undefined],
    ['a certificate', { clientCertificate: requests(knows(jane)) }, undefined],
    ['a token', { tokens: [tokens(noOpinion), tokens(knows(jane))] }, 'token'],
    ['a password', { passwords: [passwords(noOpinion), passwords(knows(jane))] }, 'password'],
  ] as const)('adds system:authenticated to users authenticated by %s', async (_, options, kind) => {
    expect((await answerOf(options, kind))?.user.groups).toEqual(['developers', 'system:authenticated'])
  })

  it.each([
    ['an unknown token', 'token', 'invalid bearer token'],
    ['a password that is not accepted', 'password', 'invalid username/password combination'],
  ] as const)('refuses %s, and never calls it anonymous', async (_, kind, message) => {
    const options = { tokens: [tokens(noOpinion)], passwords: [passwords(noOpinion)], anonymous: true }
    expect(await thrownBy(() => answerOf(options, kind))).toMatchObject({ message })
  })

  it('refuses any token where no token is known at all', async () => {
    expect(await thrownBy(() => answerOf({ anonymous: true }, 'token'))).toMatchObject({
      message: 'invalid bearer token',
    })
  })

  it('does not look at tokens that are ignored', async () => {
    expect(await answerOf({ tokens: 'ignored', anonymous: true }, 'token')).toMatchObject({
      user: { username: 'system:anonymous' },
    })
    expect(
      await answerOf({ tokens: 'ignored', clientCertificate: requests(noOpinion) }, 'token'),
    ).toBeUndefined()
    expect(() => authenticatorChain({ tokens: 'ignored' })).toThrow('no authentication method configured')
  })

  it.each([
    ['a certificate', { clientCertificate: requests(knows(jane)) }, 0],
    ['a proxy', { requestHeader: requests(knows(jane)) }, 0],
    ['the token', {}, 1],
  ] as const)(
    'warns of blanks before a token only where it asks about it: known by %s',
    async (_, options, count) => {
      const warnings: string[] = []
      const chain = authenticatorChain({ tokens: [tokens(knows(jane))], ...options })
      await chain.authenticate(request({ headers: [['Authorization', 'Bearer  t']] }), {
        warn: (text) => warnings.push(text),
      })
      expect(warnings).toHaveLength(count)
    },
  )

  it('lets a good credential win over a bad one', async () => {
    const options = { clientCertificate: requests(fails(rejected('expired'))), tokens: [tokens(knows(jane))] }
    expect((await answerOf(options, 'token'))?.user.username).toBe('jane')
  })

  it.each([
    ['refuses requests without a credential by default', undefined, undefined],
    ['refuses them when told so', false, undefined],
    ['lets them through when told so', true, 'system:anonymous'],
    [
      'lets them through where conditions say so',
      { enabled: true, conditions: [{ path: '/' }] },
      'system:anonymous',
    ],
    ['refuses them elsewhere', { enabled: true, conditions: [{ path: '/healthz' }] }, undefined],
  ])('%s', async (_, anonymous, username) => {
    const options = { tokens: [tokens(noOpinion)], ...(anonymous !== undefined && { anonymous }) }
    expect((await answerOf(options))?.user.username).toBe(username)
  })

  it('does not put anonymous users into system:authenticated', async () => {
    expect((await answerOf({ anonymous: true }))?.user.groups).toEqual(['system:unauthenticated'])
  })

  it('never calls what is wrong with another thing in a request anonymous', async () => {
    const options = { requests: [requests(fails(rejected('no')))], anonymous: true }
    expect(await thrownBy(() => answerOf(options))).toMatchObject({ message: 'no' })
  })

  it('says what is accepted', () => {
    const schemes = (options: AuthenticatorChainOptions) => authenticatorChain(options).credentials?.schemes
    expect(schemes({ tokens: [tokens(noOpinion)] })).toEqual(['Bearer'])
    expect(schemes({ passwords: [passwords(noOpinion)] })).toEqual(['Basic', 'Bearer'])
  })

  it.each<[readonly string[] | undefined, readonly string[] | undefined, readonly string[]]>([
    [undefined, undefined, []],
    [['https://a.example'], undefined, ['https://a.example']],
    [undefined, ['https://b.example'], ['https://b.example']],
    [['https://a.example'], ['https://b.example'], ['https://a.example', 'https://b.example']],
  ])('trusts the origins of an authenticator, %j, and its own, %j', (known, own, all) => {
    const session = {
      ...requests(noOpinion),
      credentials: { schemes: ['Own'], ...(known !== undefined && { trustedOrigins: known }) },
    }
    const chain = authenticatorChain({
      requests: [session],
      ...(own !== undefined && { trustedOrigins: own }),
    })
    expect(chain).toMatchObject({
      name: 'chain',
      credentials: { schemes: ['Own', 'Bearer'], trustedOrigins: all },
    })
  })

  it.each([
    ['there is no authenticator', {}, 'authenticators'],
    ['lists are empty', { tokens: [], passwords: [] }, 'authenticators'],
    [
      'anonymous contradicts itself',
      { tokens: [tokens(noOpinion)], anonymous: { enabled: false, conditions: [{ path: '/' }] } },
      'anonymous.conditions',
    ],
    ['audiences are an empty list', { tokens: [tokens(noOpinion)], audiences: [] }, 'audiences'],
  ])('is refused when %s', (_, options, path) => {
    expect(() => authenticatorChain(options)).toThrow(ConfigurationError)
    expect(() => authenticatorChain(options)).toThrow(path)
  })
})

describe('audiences of a chain', () => {
  const audiences = ['api']

  it.each([
    ['a token', { tokens: [tokens(knows(jane))] }, 'token'],
    ['a password', { passwords: [passwords(knows(jane))] }, 'password'],
    ['a front proxy', { requestHeader: requests(knows(jane)) }, undefined],
    ['another thing in a request', { requests: [requests(knows(jane))] }, undefined],
  ] as const)('are what %s counts for', async (_, options, kind) => {
    expect(await answerOf({ ...options, audiences }, kind, ['x', 'api'])).toMatchObject({
      audiences: ['api'],
    })
  })

  it('are what the chain says of itself', () => {
    expect(authenticatorChain({ tokens: [tokens(noOpinion)], audiences }).audiences).toEqual(['api'])
    expect(authenticatorChain({ tokens: [tokens(noOpinion)] })).not.toHaveProperty('audiences')
  })

  it('are left to tokens that know their own', async () => {
    const aware = { ...tokens(knows(jane, { audiences: ['other'] })), audienceAware: true }
    expect(await answerOf({ tokens: [aware], audiences }, 'token', ['other'])).toMatchObject({
      audiences: ['other'],
    })
  })

  it.each([
    ['a token', { tokens: [tokens(knows(jane))] }, 'token', 'invalid bearer token'],
    [
      'a password',
      { passwords: [passwords(knows(jane))] },
      'password',
      'invalid username/password combination',
    ],
  ] as const)('of others are not what %s counts for', async (_, options, kind, message) => {
    expect(await thrownBy(() => answerOf({ ...options, audiences }, kind, ['x']))).toMatchObject({ message })
  })

  it('do not concern client certificates', async () => {
    expect(
      await answerOf({ clientCertificate: requests(knows(jane)), audiences }, undefined, ['x']),
    ).toMatchObject({
      user: { username: 'jane' },
    })
  })
})
