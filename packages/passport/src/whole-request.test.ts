import { anonymous, authenticatorChain, emptyContext, failFast, union } from '@kube-authn/core'
import { passwordFile } from '@kube-authn/core/password-file'
import { fakeRequest } from '@kube-authn/testing'
import { describe, expect, it, vi } from 'vitest'
import {
  user,
  type Actions,
  type Request,
  strategy,
  authorized,
  asBasic,
  outcome,
} from '../test/strategies.ts'
import { fromPassport, Strategy } from './index.ts'

describe('a whole request', () => {
  const apiKey = strategy(function (req) {
    if (req.headers['x-api-key'] === 'key') this.success({ id: 'robot' })
    else this.fail('ApiKey')
  }, 'apikey')

  it.each([
    ['the key', [['X-Api-Key', 'key']], 'robot'],
    ['a wrong key', [['X-Api-Key', 'wrong']], 'rejected: apikey refused the credential'],
    ['an empty key', [['X-Api-Key', '']], 'rejected: apikey refused the credential'],
    ['no key', [], 'no opinion'],
    [
      'another credential',
      [
        ['Authorization', 'Bearer t'],
        ['Cookie', 'a=b'],
      ],
      'no opinion',
    ],
  ] as const)('with %s is what the strategy says, or no opinion', async (_, headers, expected) => {
    for (const one of [
      fromPassport(apiKey, { user }),
      fromPassport(apiKey, { user, headers: ['X-Api-Key'] }),
    ]) {
      expect(await outcome(one, fakeRequest({ headers }))).toBe(expected)
    }
  })

  it('loses the headers that the credential is in', async () => {
    const one = fromPassport(apiKey, { user, headers: ['X-Api-Key'] })
    const answer = await one.authenticate(fakeRequest({ headers: [['X-Api-Key', 'key']] }), emptyContext)
    expect(answer?.consumed).toEqual({ remove: ['authorization', 'x-api-key'] })
  })

  it('is asked about only where its credential is, once that is said', async () => {
    const asked = vi.fn(function (this: Actions) {
      this.fail()
    })
    const one = fromPassport(strategy(asked), { user, headers: ['x-api-key'], schemes: ['Negotiate'] })
    for (const request of [fakeRequest(), authorized('Bearer t'), authorized('NegotiateX t')]) {
      expect(await outcome(one, request)).toBe('no opinion')
    }
    expect(asked).not.toHaveBeenCalled()
    expect(await outcome(one, authorized('negotiate t'))).toMatch(/^rejected/)
    expect(await outcome(one, fakeRequest({ headers: [['X-API-KEY', 'k']] }))).toMatch(/^rejected/)
    expect(one.credentials).toEqual({ schemes: ['Negotiate'] })
  })

  it.each([
    ['a header by get()', (req: Request) => req.get('X-Api-Key')],
    ['all headers', (req: Request) => JSON.stringify(req.headers)],
    ['a copy of them', (req: Request) => ({ ...req.headers })],
    ['the query', (req: Request) => req.query['key']],
    ['the URL', (req: Request) => req.url],
  ])('is rejected when a strategy that fails looked at %s', async (_, look) => {
    const looks = strategy(function (req) {
      look(req)
      this.fail()
    })
    const request = fakeRequest({ url: '/?key=k', headers: [['X-Api-Key', 'k']] })
    expect(await outcome(fromPassport(looks, { user }), request)).toMatch(/^rejected/)
    const bare = fakeRequest({
      headers: [
        ['Host', 'x'],
        ['User-Agent', 'y'],
        ['Accept', '*/*'],
      ],
    })
    expect(await outcome(fromPassport(looks, { user }), bare)).toBe('no opinion')
  })

  it('with a bad credential is never anonymous, nor does it hide a good one', async () => {
    const chain = failFast(
      union(fromPassport(apiKey, { user }), authenticatorChain({ passwords: [passwordFile('pw,joe,2\n')] })),
      anonymous(),
    )
    expect(await outcome(chain, fakeRequest())).toBe('system:anonymous')
    expect(await outcome(chain, fakeRequest({ headers: [['X-Api-Key', 'wrong']] }))).toMatch(/^rejected/)
    expect(await outcome(chain, asBasic('joe', 'pw'))).toBe('joe')
  })

  it('lets a strategy that passes, as passport-anonymous does, never win', async () => {
    const passes = fromPassport(
      strategy(function () {
        this.pass()
      }, 'anonymous'),
      { user },
    )
    const chain = union(passes, authenticatorChain({ passwords: [passwordFile('pw,joe,2\n')] }))
    expect(await outcome(chain, asBasic('joe', 'pw'))).toBe('joe')
    expect(await outcome(chain, asBasic('joe', 'wrong'))).toMatch(/^rejected/)
    expect(await outcome(chain, fakeRequest())).toBe('no opinion')
  })

  it('may be one of our own strategies', async () => {
    const inner = new Strategy(authenticatorChain({ passwords: [passwordFile('pw,joe,2\n')] }))
    const one = fromPassport(inner, {
      user: ({ username }: { username: string }) => ({ username }),
    })
    expect(await outcome(one, asBasic('joe', 'pw'))).toBe('joe')
    expect(await outcome(one, asBasic('joe', 'wrong'))).toMatch(/^rejected/)
  })
})
