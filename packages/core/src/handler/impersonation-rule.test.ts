import { describe, expect, it, vi } from 'vitest'
import { jane, knows, noOpinion, recorder, request, requests } from '../../test/fakes.ts'
import { ConfigurationError } from '../authenticator/errors.ts'
import { selectorOf } from '../request/headers/changes.ts'
import { userInfo } from '../authenticator/user.ts'
import { authenticateRequest } from './authenticate-request.ts'
import type {
  AuthenticateRequestContext,
  AuthenticateRequestOptions,
} from './authenticate-request-options.ts'
import { IMPERSONATES, leadsToImpersonation } from './impersonation-rule.ts'

type Header = readonly [name: string, value: string]
const IMPERSONATE: Header = ['impersonate-user', 'superman']

async function decide(
  headers: readonly Header[],
  options: AuthenticateRequestOptions = {},
  context?: AuthenticateRequestContext,
  answer = knows(jane),
) {
  return authenticateRequest(requests(answer), options)(request({ headers }), context)
}

describe('a request that asks to act as another user', () => {
  it.each<Header>([
    IMPERSONATE,
    ['Impersonate-User', ''],
    ['IMPERSONATE-GROUP', 'system:masters'],
    ['impersonate-uid', '1'],
    ['impersonate-extra-scopes', 'a'],
    ['impersonate-extra_scopes', 'a'],
    ['impersonate-what-kubernetes-may-add', 'a'],
  ])('is refused where nothing handles %s: %j', async (...header) => {
    const outcome = await decide([header])
    expect('failure' in outcome && outcome.failure.body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message:
        'forbidden: User "jane" cannot impersonate: no impersonation middleware handles the Impersonate-* headers of this request',
      reason: 'Forbidden',
      code: 403,
    })
  })

  it('is held for its own caller, and not for that of an earlier request', async () => {
    const bob = userInfo({ username: 'bob' })
    const recurring = { user: jane }
    const answers = [recurring, recurring, { user: bob }, recurring, { user: bob }]
    const [next] = [[...answers]]
    const decideNext = authenticateRequest(
      requests(() => next.shift()),
      { impersonationHeaders: 'later' },
    )
    for (const { user } of answers) {
      const outcome = await decideNext(request({ headers: [IMPERSONATE] }))
      expect(outcome).toMatchObject({ authentication: { user }, held: { caller: { user } } })
      const { held, unresolvedImpersonation } = { ...outcome, held: undefined, ...outcome }
      expect(held?.failure.message).toContain(`User "${user.username}" cannot impersonate`)
      expect(unresolvedImpersonation?.message).toBe(held?.failure.message)
      // Errors can be changed, so no two requests share one.
      expect(held?.failure).not.toBe(held?.failure)
    }
  })

  it('is refused with a cause that names the options', async () => {
    const outcome = await decide([IMPERSONATE])
    expect('failure' in outcome && String(outcome.failure.cause)).toMatch(
      /mount impersonation\(\.\.\.\).*'later'.*'pass'/,
    )
  })

  it.each<[AuthenticateRequestOptions, AuthenticateRequestContext | undefined]>([
    [{}, {}],
    [{}, { impersonates: false }],
    [{}, { impersonates: undefined, askedToImpersonate: true }],
    [{ impersonationHeaders: 'auto' }, { impersonates: true, askedToImpersonate: true }],
    [{ impersonationHeaders: 'later' }, { askedToImpersonate: true }],
  ])('is refused with %j where %j is known of it', async (options, context) => {
    expect(await decide([IMPERSONATE], options, context)).toMatchObject({ failure: { status: 403 } })
  })

  it.each<[AuthenticateRequestOptions, AuthenticateRequestContext | undefined]>([
    [{}, { impersonates: true }],
    [{ impersonationHeaders: 'later' }, undefined],
    [{ impersonationHeaders: 'later' }, { impersonates: false }],
  ])('waits for impersonation with %j where %j is known of it', async (options, context) => {
    const outcome = await decide([IMPERSONATE], options, context)
    expect(outcome).toMatchObject({
      authentication: { user: jane },
      unresolvedImpersonation: { status: 403, body: { reason: 'Forbidden' } },
    })
    const isRemoved = selectorOf(outcome.headerChanges)
    expect(isRemoved('Impersonate-User')).toBe(false)
    expect(isRemoved('Impersonate_User')).toBe(true)
  })

  it('is the caller, headers and all, where they are passed on', async () => {
    const outcome = await decide(
      [IMPERSONATE],
      { impersonationHeaders: 'pass' },
      { askedToImpersonate: true },
    )
    expect(outcome).toMatchObject({ authentication: { user: jane } })
    expect(outcome).not.toHaveProperty('unresolvedImpersonation')
    expect(selectorOf(outcome.headerChanges)('impersonate-user')).toBe(false)
  })

  it('is a 401 first where the caller is not known', async () => {
    const outcome = await decide([IMPERSONATE], {}, undefined, noOpinion)
    expect(outcome).toMatchObject({ failure: { status: 401 } })
    // Another authentication that comes after it has to see them.
    expect(selectorOf(outcome.headerChanges)('impersonate-user')).toBe(false)
    expect(selectorOf(outcome.headerChanges)('impersonate_user')).toBe(true)
  })

  it('loses its headers when it is refused, and the credential', async () => {
    const { headerChanges } = await decide([IMPERSONATE])
    expect(
      [
        'Impersonate-User',
        'impersonate-extra-a',
        'impersonate_user',
        'authorization',
        'x-remote-user',
        'x-remote-extra-scopes',
      ].filter((name) => !selectorOf(headerChanges)(name)),
    ).toEqual([])
  })

  it('has its warnings when it is refused', async () => {
    const authenticate = authenticateRequest({
      name: 'warning',
      authenticate(_, context) {
        context.warn?.('old')
        return { user: jane }
      },
    })
    expect(await authenticate(request({ headers: [IMPERSONATE] }))).toMatchObject({
      failure: { headers: { warning: ['299 - "old"'] } },
    })
  })

  it('closes the HTTP/2 connection only of an unauthenticated user', async () => {
    const asked = request({ headers: [IMPERSONATE], httpVersionMajor: 2 })
    const closes = async (user: typeof jane) =>
      (await authenticateRequest(requests(knows(user)))(asked)).closesConnection
    expect(await closes(jane)).toBe(false)
    expect(await closes(userInfo({ username: 'system:anonymous', groups: ['system:unauthenticated'] }))).toBe(
      true,
    )
  })

  it('writes the name of the user into the answer as Kubernetes does', async () => {
    const outcome = await decide([IMPERSONATE], {}, undefined, knows(userInfo({ username: '<"b">' })))
    expect('failure' in outcome && outcome.failure.message).toContain(String.raw`User "&lt;\"b\"&gt;" cannot`)
  })

  it('is an event with the caller and the answer', async () => {
    const { observer, events } = recorder()
    await decide([IMPERSONATE], { observer })
    expect(events.filter(({ type }) => type === 'impersonation')).toMatchObject([
      { result: 'denied', requester: jane, failure: { status: 403 } },
    ])
  })
})

describe('a request that does not ask to act as another user', () => {
  it.each<readonly Header[]>([
    [],
    [['impersonate', 'superman']],
    [['impersonate_user', 'superman']],
    [['x-impersonate-user', 'superman']],
  ])('is the caller, whatever follows: %j', async (...headers) => {
    const given = { impersonates: vi.fn<() => boolean>(() => true) }
    const context = {
      get impersonates() {
        return given.impersonates()
      },
    }
    const outcome = await decide(headers, {}, context)
    expect(outcome).toMatchObject({ authentication: { user: jane } })
    expect(outcome).not.toHaveProperty('unresolvedImpersonation')
    expect(given.impersonates).not.toHaveBeenCalled()
  })

  it('is refused where it asked before, by headers that are gone', async () => {
    expect(await decide([], {}, { askedToImpersonate: true })).toMatchObject({ failure: { status: 403 } })
  })
})

describe('what impersonationHeaders and a context may be', () => {
  it.each(['refuse', '', true, null, 'PASS'])('refuses %j at construction', (impersonationHeaders) => {
    const options = { impersonationHeaders } as unknown as AuthenticateRequestOptions
    expect(() => authenticateRequest(requests(knows(jane)), options)).toThrow(ConfigurationError)
  })

  it.each(['true', 1, {}])('takes %j for no promise of impersonation', async (impersonates) => {
    const context = { impersonates } as unknown as AuthenticateRequestContext
    expect(await decide([IMPERSONATE], {}, context)).toMatchObject({ failure: { status: 403 } })
  })

  it('fails closed when it cannot be told whether impersonation follows', async () => {
    const context = {
      get impersonates(): boolean {
        throw new Error('cannot be told')
      },
    }
    expect(await decide([IMPERSONATE], {}, context)).toMatchObject({ failure: { status: 403 } })
  })
})

describe('leadsToImpersonation', () => {
  const own = (): void => undefined
  const other = (): void => undefined
  const marked = Object.assign(() => 0, { [IMPERSONATES]: true })
  const END = undefined

  it.each([
    ['it comes next', [own, marked], true],
    ['it comes later', [other, own, other, marked, END], true],
    [
      'another copy marked it',
      [own, Object.assign(() => 0, { [Symbol.for('@kube-authn/impersonates')]: true })],
      true,
    ],
    ['a route that was passed ended before', [END, own, marked], true],
    ['it comes after a second place of the middleware', [own, own, marked], true],
    ['there is nothing', [], false],
    ['the middleware is the last', [other, own], false],
    ['it came before', [marked, own, other], false],
    ['a route answers first', [own, END, marked], false],
    ['the middleware is not among the handlers', [other, marked], false],
    ['the mark is another', [own, Object.assign(() => 0, { [IMPERSONATES]: 'yes' })], false],
    ['what is marked is no function', [own, { [IMPERSONATES]: true }, null, 'impersonation'], false],
  ])('when %s', (_, handlers, expected) => {
    expect(leadsToImpersonation(handlers, own)).toBe(expected)
  })
})
