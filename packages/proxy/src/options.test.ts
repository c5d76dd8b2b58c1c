import { isConfigurationError } from '@kube-authn/core/internal'
import { describe, expect, it } from 'vitest'
import { everyoneIs, jane } from '../test/servers.ts'
import { impersonatingProxy, type ImpersonatingProxy } from './index.ts'

const server = 'https://10.0.0.1:6443'
const credential = { type: 'token', token: 'x' } as const
const upstream = { server, credential }
const text = (): string => 'x'

function problemsOf(options: object): readonly string[] {
  try {
    const made: unknown = Reflect.apply(impersonatingProxy, undefined, [
      { authenticator: everyoneIs(jane), ...options },
    ])
    if (isProxy(made)) void made.close()
    return []
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`)
  }
}

function isProxy(made: unknown): made is ImpersonatingProxy {
  return typeof made === 'object' && made !== null && 'close' in made
}

describe('options of impersonatingProxy', () => {
  it.each([
    { upstream },
    { upstream, prefix: '/a/b-c_~.d' },
    { upstream, responseHeaders: ['Link', "x.a_b!#$%&'+^`|~"] },
    {
      upstream,
      refusedGroups: ['contractors'],
      allowMasters: true,
      allowAnonymous: true,
      removeHeaders: ['X-A', 'x-b-*'],
      sandbox: false,
    },
    { upstream, responseHeaders: ['Link', "x.a_b!#$%&'+^`|~"] },
    { upstream: { server }, credentials: text },
    { upstream: { server }, mode: 'token', userToken: text },
    { upstream: { server: 'http://127.0.0.1:8001' }, allowInsecureHttp: true },
    { upstream: { server: `${server}/k8s/clusters/a/`, credential } },
  ])('takes %j', (options) => {
    expect(problemsOf(options)).toEqual([])
  })

  it.each([
    [{}, /^upstream: /],
    [{ upstream: null }, /^upstream: /],
    [{ upstream: { server } }, /^upstream\.credential: is required/],
    [{ upstream: { ...upstream, server: 'http://10.0.0.1' } }, /^server: /],
    [{ upstream: { ...upstream, server: `${server}/?a=b` } }, /^upstream\.server: must not have a query/],
    [{ upstream: { ...upstream, proxyUrl: 'http://proxy' } }, /^upstream\.proxyUrl: is not supported/],
    [{ upstream: { ...upstream, nope: 1 } }, /^nope: unknown option/],
    [{ upstream, mode: 'token' }, /^userToken: is required/],
    [{ upstream, mode: 'other' }, /^mode: /],
    [{ upstream, userToken: text }, /^userToken: is of no use/],
    [
      { upstream: { server }, mode: 'token', userToken: text, credentials: text },
      /^credentials: is of no use/,
    ],
    [
      { upstream: { server: 'http://a' }, allowInsecureHttp: true, credentials: text },
      /^credentials: would be sent without TLS/,
    ],
    [
      { upstream: { server: 'http://a' }, allowInsecureHttp: true, mode: 'token', userToken: text },
      /^upstream\.server: must be https/,
    ],
    [{ upstream, prefix: 'a' }, /^prefix: /],
    [{ upstream, prefix: '/' }, /^prefix: /],
    [{ upstream, prefix: '/a/' }, /^prefix: /],
    [{ upstream, prefix: '/a/../b' }, /^prefix: /],
    [{ upstream, prefix: '/%61' }, /^prefix: /],
    [{ upstream, refusedGroups: 'system:masters' }, /^refusedGroups: /],
    [{ upstream, refusedGroups: ['*'] }, /^refusedGroups\[0\]: must be the name of a group, without \*/],
    [{ upstream, refusedGroups: ['a', 'system:*'] }, /^refusedGroups\[1\]: must be the name of a group/],
    [{ upstream, refusedGroups: [''] }, /^refusedGroups\[0\]: must be the name of a group/],
    [{ upstream, allowMasters: 'true' }, /^allowMasters: /],
    [{ upstream, authenticator: undefined }, /^authenticator: is required/],
    [{ upstream, authenticator: {} }, /^authenticator: /],
    [{ upstream, optional: true }, /^optional: unknown option/],
    [{ upstream, impersonationHeaders: 'pass' }, /^impersonationHeaders: unknown option/],
    [{ upstream, attributes: text }, /^attributes: unknown option/],
    [{ upstream, limit: true }, /^limit: /],
    [{ upstream, guard: true }, /^guard: /],
    [{ upstream, allowAnonymous: 'false' }, /^allowAnonymous: /],
    [{ upstream, removeHeaders: ['a b'] }, /^removeHeaders\[0\]: /],
    ...[
      'x-*',
      '*',
      'a b',
      '',
      7,
      'Set-Cookie',
      'set-cookie2',
      'AUDIT-ID',
      'Connection',
      'Transfer-Encoding',
      'Trailer',
      'Proxy-Authenticate',
    ].map((name): [object, RegExp] => [
      { upstream, responseHeaders: ['Link', name] },
      /^responseHeaders\[1\]: must be the name of a header that may be passed on/,
    ]),
    [{ upstream, responseHeaders: 'Link' }, /^responseHeaders: /],
    [{ upstream, connectTimeoutSeconds: 0 }, /^connectTimeoutSeconds: /],
    [{ upstream, responseTimeoutSeconds: 86_401 }, /^responseTimeoutSeconds: /],
    [{ upstream, maxConnectionSeconds: -1 }, /^maxConnectionSeconds: /],
    [{ upstream, authorization: {} }, /^authorization: /],
    [{ upstream, impersonation: {} }, /^impersonation: /],
    [{ upstream, authorizer: {} }, /^authorizer: unknown option/],
    [{ upstream, unknown: 1 }, /^unknown: unknown option/],
  ])('refuses %j', (options, expected) => {
    const problems = problemsOf(options)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(expected)
  })
})
