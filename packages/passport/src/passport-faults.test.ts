import { authenticatorChain, type UserInfo, userInfo } from '@kube-authn/core'
import { requestHeader } from '@kube-authn/core/client-certificate'
import { fakeAuthenticator } from '@kube-authn/testing'
import type express from 'express'
import passport from 'passport'
import { BasicStrategy } from 'passport-http'
import { Strategy as BearerStrategy } from 'passport-http-bearer'
import { describe, expect, it } from 'vitest'
import { listen, withAnonymous, later, appWith, bearer, password, tokens } from '../test/apps.ts'
import { Strategy, type StrategyActions } from './index.ts'

describe('two requests of one instance', () => {
  /** Sends two requests, of `a` and `b`, and completes the first of them when both are in progress. */
  async function usersOf(strategyOf: (wait: () => Promise<void>) => unknown): Promise<readonly unknown[]> {
    const releases: (() => void)[] = []
    const wait = (): Promise<void> => new Promise((resolve) => releases.push(resolve))
    const authenticate = new passport.Passport().authenticate(strategyOf(wait) as never, { session: false })
    const requests = ['a', 'b'].map((name) => ({ headers: { 'x-name': name }, user: undefined as unknown }))
    for (const req of requests) (authenticate as (...args: unknown[]) => void)(req, {}, () => undefined)
    releases[0]?.()
    await new Promise(setImmediate)
    return requests.map(({ user }) => (user as Partial<UserInfo> | undefined)?.username)
  }

  it('get the user of the other from a strategy that waits and then uses `this`', async () => {
    const naive = (wait: () => Promise<void>): object => ({
      async authenticate(this: StrategyActions, { headers }: express.Request) {
        await wait()
        this.success({ username: headers['x-name'] })
      },
    })
    expect(await usersOf(naive)).toEqual([undefined, 'a'])
  })

  it('get their own from this one', async () => {
    const byName = (wait: () => Promise<void>): Strategy =>
      new Strategy(
        fakeAuthenticator(async ({ headers }) => {
          await wait()
          return { user: userInfo({ username: headers.first('x-name') ?? '' }) }
        }),
      )
    expect(await usersOf(byName)).toEqual(['a', undefined])
  })
})

describe('Strategy among others', () => {
  const partners = new BearerStrategy((token, done) => done(null, token === 'partner' ? { id: 'p' } : false))
  const people = new BasicStrategy((name, secret, done) =>
    done(null, name === 'ann' && secret === 'x' ? { id: 'ann' } : false),
  )

  it.each([
    { what: 'a token of the next one', init: bearer('partner') },
    { what: 'a password of the one after it', init: password('ann', 'x') },
  ])('comes first, and anonymous with it, and $what is still known', async ({ init }) => {
    for (const authenticator of [withAnonymous, later(withAnonymous)]) {
      const app = appWith([new Strategy(authenticator), partners, people])
      const response = await fetch(await listen(app), init)
      expect(response.status).toBe(200)
      expect(await response.text()).toMatch(/"user":\{"id"/)
    }
  })

  it.each([
    { what: 'a wrong token', init: bearer('wrong') },
    { what: 'a wrong password', init: password('ann', 'y') },
    { what: 'an odd header', init: { headers: { authorization: 'Bearer a b' } } },
    { what: 'an unknown scheme', init: { headers: { authorization: 'Digest a="b"' } } },
  ])('never lets $what be anonymous, nor a 400', async ({ init }) => {
    const app = appWith([new Strategy(withAnonymous), partners, people])
    const response = await fetch(await listen(app), init)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toContain('Bearer realm="kubernetes-master"')
  })

  it('does not end the search where it refuses a request for good, as one of a proxy with a twin', async () => {
    const proxied = authenticatorChain({
      requestHeader: requestHeader({ trusts: () => true, usernameHeaders: ['X-Remote-User'] }),
      tokens: [tokens],
    })
    const statusOf = async (token: string): Promise<number> => {
      const headers = { authorization: `Bearer ${token}`, 'x-remote-user': 'jane', x_remote_user: 'root' }
      return (await fetch(await listen(appWith([new Strategy(proxied), partners])), { headers })).status
    }
    expect([await statusOf('good'), await statusOf('partner')]).toEqual([401, 200])
  })

  it('is anonymous without any credential, where the chain lets it be', async () => {
    const response = await fetch(await listen(appWith([new Strategy(withAnonymous)])))
    expect(await response.json()).toMatchObject({ user: { username: 'system:anonymous' } })
  })

  it('is not where it is told that others come next, which look elsewhere', async () => {
    const byKey = {
      authenticate(this: StrategyActions, { headers }: express.Request) {
        if (headers['x-api-key'] === 'key') this.success({ id: 'key' })
        else this.fail(401)
      },
    } as passport.Strategy
    const origin = await listen(appWith([new Strategy(withAnonymous, { anonymous: false }), byKey]))
    expect(await (await fetch(origin, { headers: { 'x-api-key': 'key' } })).json()).toMatchObject({
      user: { id: 'key' },
    })
    expect((await fetch(origin)).status).toBe(401)
  })
})
