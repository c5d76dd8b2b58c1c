import { describe, expect, it } from 'vitest'
import { type LoginAppOptions, loginApp } from '../test/login-app.ts'

type Routes = NonNullable<NonNullable<LoginAppOptions['options']>['routes']>

describe('the routes of a login', () => {
  it.each<Routes>([
    {},
    { login: '/a', logout: '/b' },
    { login: '/anmelden', callback: '/login' },
    { login: '/a.b/..c/~d/e-f/...' },
  ])('may be %j', async (routes) => {
    await expect(loginApp({ options: { routes } })).resolves.toBeDefined()
  })

  it.each<[Routes, string]>([
    [{ login: '/x', callback: '/x' }, 'routes.login: is the path of callback too'],
    [{ login: '/l', logout: '/l' }, 'routes.logout: is the path of login too'],
    [{ logout: '/login' }, 'routes.logout: is the path of login too'],
    [{ loggedOut: '/logout' }, 'routes.loggedOut: is the path of logout too'],
    [{ frontChannelLogout: '/o', backChannelLogout: '/o' }, 'routes.frontChannelLogout: is the path of'],
    [{ callback: '/logout/done' }, 'routes.loggedOut: is the path of callback too'],
  ])('have different paths, not %j', async (routes, message) => {
    await expect(loginApp({ options: { routes } })).rejects.toThrow(message)
  })

  it('have other paths than the redirect URI of any provider', async () => {
    const urls = ['https://issuer.example.com', 'https://other.example.com']
    for (const login of ['/login/callback/p1', '/login/callback'])
      await expect(loginApp({ urls, options: { routes: { login } } })).rejects.toThrow(
        'routes.login: is the path of callback too',
      )
  })

  it.each([
    '/a/../b',
    '/a/..',
    '/..',
    '/.',
    '/./a',
    '/a/.',
    '/a?b',
    '/a#b',
    '/a%2fb',
    '/a%2Fb',
    '/a\\b',
    '/a;b',
    '/..;/a',
    '/a/',
    '//a',
    '/a//b',
    '/',
    '',
    'a',
    'https://app.example.com/a',
    '/a b',
    '/ä',
  ])('are plain paths, not %j', async (login) => {
    await expect(loginApp({ options: { routes: { login } } })).rejects.toThrow(
      'routes.login: must be a path, such as /login',
    )
  })
})
