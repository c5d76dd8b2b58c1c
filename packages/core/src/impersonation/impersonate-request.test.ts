import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Attributes } from '../authorization/attributes.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import { alwaysAllow } from '../authorization/always.ts'
import { allow, deny, noOpinion } from '../authorization/decision.ts'
import { AuthorizationError } from '../authorization/errors.ts'
import type { Clock } from '../internal/clock.ts'
import { ConfigurationError } from '../authenticator/errors.ts'
import type { ImpersonationEvent } from '../authenticator/events.ts'
import { exactHeaders } from '../request/headers/exact.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import { userInfo } from '../authenticator/user.ts'
import { impersonateRequest, type ImpersonationOutcome } from './impersonate-request.ts'
import type { ImpersonateRequestOptions } from './impersonate-request-options.ts'
import { IMPERSONATION_HEADERS } from './read-headers.ts'

const clark = userInfo({ username: 'clark', groups: ['reporters'] })

function request(
  raw: readonly string[],
  path = '/api/v1/namespaces/n/pods/p',
  query = '',
): AuthenticationRequest {
  return { method: 'GET', path, query, headers: exactHeaders(raw) }
}

/** Allows what the predicate allows, and records the attributes it was asked about. */
function asking(isAllowed: (attributes: Attributes) => boolean): {
  authorizer: Authorizer
  asked: Attributes[]
} {
  const asked: Attributes[] = []
  return {
    asked,
    authorizer: {
      name: 'asking',
      authorize(attributes) {
        asked.push(attributes)
        return isAllowed(attributes) ? allow() : noOpinion()
      },
    },
  }
}

const statusOf = (outcome: ImpersonationOutcome): number | undefined =>
  'failure' in outcome ? outcome.failure.status : undefined

function text({
  verb,
  apiGroup,
  resource,
  subresource,
  namespace,
  name,
  path,
  resourceRequest,
}: Attributes): string {
  if (!resourceRequest) return `${verb} ${path}`
  return `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}.${apiGroup}${namespace === '' ? '' : ` in ${namespace}`} ${name}`
}

const MODES = ['legacy', 'constrained'] as const

describe.each(MODES)('impersonateRequest, %s', (mode) => {
  it('leaves a request without impersonation headers alone, with a user or without', () => {
    const impersonate = impersonateRequest(alwaysAllow(), { mode })
    expect(impersonate(request(['Host', 'x']), clark)).toEqual({ user: clark, headerChanges: { remove: [] } })
    expect(impersonate(request([]), undefined)).toEqual({ user: undefined, headerChanges: { remove: [] } })
  })

  it('keeps nothing of the requester but the requester', async () => {
    const outcome = await impersonateRequest(alwaysAllow(), { mode })(
      request(['Impersonate-User', 'bob']),
      clark,
    )
    expect(outcome).toEqual({
      user: userInfo({ username: 'bob', groups: ['system:authenticated'] }),
      requester: clark,
      mode: mode === 'legacy' ? 'legacy' : 'user-info',
      headerChanges: {
        remove: ['impersonate-user', 'impersonate-uid', 'impersonate-group'],
        removePrefixes: ['impersonate-extra-'],
      },
    })
  })

  it('is done at once when the authorizer is', () => {
    const outcome = impersonateRequest(alwaysAllow(), { mode })(request(['Impersonate-User', 'bob']), clark)
    expect(outcome).not.toBeInstanceOf(Promise)
  })

  it('fails closed without a requester', async () => {
    const impersonate = impersonateRequest(alwaysAllow(), { mode })
    for (const nobody of [undefined, null as unknown as undefined]) {
      const outcome = await impersonate(request(['Impersonate-User', 'bob'], '/x'), nobody)
      const why = mode === 'legacy' ? 'no user found for request' : 'no User found in the context'
      expect(outcome).toMatchObject({
        failure: { status: 500, content: `Internal Server Error: "/x": ${why}\n` },
      })
    }
  })

  it('refuses 10,000 extra headers without asking the authorizer', async () => {
    const { authorizer, asked } = asking(() => true)
    const raw = Array.from({ length: 10_000 }, (_, index) => [`Impersonate-Extra-k${index}`, 'v'])
    const outcome = await impersonateRequest(authorizer, { mode })(
      request(['Impersonate-User', 'bob', ...raw.flat()]),
      clark,
    )
    expect([statusOf(outcome), asked.length]).toEqual([400, 0])
  })

  it('takes 256 groups and extra values, and not one more', async () => {
    const outcomeOf = async (groups: number) => {
      const raw = Array.from({ length: groups }, (_, index) => ['Impersonate-Group', `g${index}`])
      const headers = ['Impersonate-User', 'bob', 'Impersonate-Extra-k', 'v', ...raw.flat()]
      return impersonateRequest(alwaysAllow(), { mode })(request(headers), clark)
    }
    expect(await outcomeOf(255)).toMatchObject({ user: { username: 'bob' } })
    expect(statusOf(await outcomeOf(256))).toBe(400)
  })

  it('is a 503 where the authorizer is too busy to find out', async () => {
    const error = new AuthorizationError('busy', { retryAfterSeconds: 2 })
    const outcome = await impersonateRequest(
      { name: 'busy', authorize: () => noOpinion('', error) },
      { mode },
    )(request(['Impersonate-User', 'bob']), clark)
    expect(statusOf(outcome)).toBe(503)
  })

  it.each([
    [
      'throws',
      (): never => {
        throw new Error('secret')
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
    ['answers nonsense', () => true as never],
    ['denies', () => deny('no')],
  ])('refuses with 403 when the authorizer %s', async (_, authorize) => {
    const outcome = await impersonateRequest({ name: 'odd', authorize }, { mode })(
      request(['Impersonate-User', 'bob']),
      clark,
    )
    expect(statusOf(outcome)).toBe(403)
    expect(JSON.stringify(outcome)).not.toContain('secret')
  })

  it('gives the app no user that was not allowed item by item', async () => {
    const name = fc.constantFrom(
      'a',
      'b',
      '',
      'system:masters',
      'system:anonymous',
      'system:authenticated',
      'system:serviceaccount:ns:sa',
      'system:node:n1',
      '__proto__',
    )
    const header = fc.oneof(
      fc.tuple(fc.constantFrom('Impersonate-User', 'impersonate-user', 'Impersonate-Uid'), name),
      fc.tuple(fc.constantFrom('Impersonate-Group', 'IMPERSONATE-GROUP'), name),
      fc.tuple(
        fc.constantFrom(
          'Impersonate-Extra-',
          'Impersonate-Extra-k',
          'Impersonate-Extra-a.io%2Fb',
          'impersonate-extra-__proto__',
          'Impersonate-Extra-%41',
        ),
        name,
      ),
      fc.tuple(fc.constantFrom('Impersonate', 'X-Impersonate-User', 'Authorization'), name),
    )
    const salt = fc.nat()
    await fc.assert(
      fc.asyncProperty(fc.array(header, { maxLength: 8 }), salt, async (headers, seed) => {
        const permitted = new Map<string, boolean>()
        const { authorizer } = asking((attributes) => {
          const key = text(attributes)
          // Half of all checks are allowed, pseudo-randomly but reproducibly; wildcards rarely.
          const isPermitted = permitted.get(key) ?? hash(`${seed}${key}`) % (key.endsWith('*') ? 8 : 2) === 0
          permitted.set(key, isPermitted)
          return isPermitted
        })
        const outcome = await impersonateRequest(authorizer, { mode, maxEntries: 16 })(
          request(headers.flat()),
          clark,
        )
        if ('failure' in outcome) return
        const asked = headers.some(
          ([sentName, value]) => sentName.toLowerCase() === 'impersonate-user' && value !== '',
        )
        if (outcome.requester === undefined) {
          expect(outcome.user).toBe(clark)
          return
        }
        expect(asked).toBe(true)
        for (const item of itemsOf(outcome)) {
          expect(
            item.some((key) => permitted.get(key) === true),
            `${item.join(' or ')} was not permitted`,
          ).toBe(true)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('shows the app only the requester if nothing is permitted', async () => {
    const value = fc.string({ unit: 'binary' })
    const header = fc.tuple(
      fc.constantFrom(
        'Impersonate-User',
        'Impersonate-Group',
        'Impersonate-Uid',
        'Impersonate-Extra-a.io%2fb',
      ),
      value,
    )
    await fc.assert(
      fc.asyncProperty(fc.array(header), async (headers) => {
        const { authorizer } = asking(() => false)
        const outcome = await impersonateRequest(authorizer, { mode, maxEntries: 16 })(
          request(headers.flat()),
          clark,
        )
        if ('failure' in outcome) return
        expect(outcome.user).toBe(clark)
        expect(outcome.requester).toBeUndefined()
        expect(outcome.headerChanges).toEqual(headers.length === 0 ? { remove: [] } : IMPERSONATION_HEADERS)
      }),
      { numRuns: 500 },
    )
  })

  it('reports the requester, the impersonated user and any refusal to the observer', async () => {
    const events: ImpersonationEvent[] = []
    const options: ImpersonateRequestOptions = {
      mode,
      observer: (event) => {
        if (event.type === 'impersonation') events.push(event)
      },
    }
    await impersonateRequest(alwaysAllow(), options)(request(['Impersonate-User', 'bob']), clark)
    await impersonateRequest(asking(() => false).authorizer, options)(
      request(['Impersonate-User', 'bob']),
      clark,
    )
    await impersonateRequest(alwaysAllow(), options)(request(['Impersonate-Group', 'g']), clark)
    await impersonateRequest(alwaysAllow(), options)(request([]), clark)
    expect(
      events.map(({ result, requester, impersonated, failure }) => [
        result,
        requester?.username,
        impersonated?.username,
        failure?.status,
      ]),
    ).toEqual([
      ['allowed', 'clark', 'bob', undefined],
      ['denied', 'clark', undefined, 403],
      ['denied', 'clark', undefined, 400],
    ])
  })
})

describe('impersonateRequest', () => {
  it.each([
    [{ mode: 'both' as 'legacy' }, 'mode'],
    [{ maxValues: 0 }, 'maxValues'],
    [{ maxEntries: 1.5 }, 'maxEntries'],
    [{ ttlSeconds: -1 }, 'ttlSeconds'],
  ])('refuses the options %j when it is made', (options, path) => {
    expect(() => impersonateRequest(alwaysAllow(), options)).toThrow(ConfigurationError)
    expect(() => impersonateRequest(alwaysAllow(), options)).toThrow(path)
  })

  it('refuses an allowed user in legacy mode when something went wrong, and says what went wrong in constrained mode', async () => {
    const error = new AuthorizationError('half of it')
    const half: Authorizer = { name: 'half', authorize: () => ({ ...allow(), error }) }
    const asBob = request(['Impersonate-User', 'bob'])
    expect(statusOf(await impersonateRequest(half, { mode: 'legacy' })(asBob, clark))).toBe(403)
    expect(statusOf(await impersonateRequest(half)(asBob, clark))).toBeUndefined()
    const broken: Authorizer = { name: 'broken', authorize: () => noOpinion('why', error) }
    const outcome = await impersonateRequest(broken, { mode: 'constrained' })(
      request(['Impersonate-User', 'bob']),
      clark,
    )
    expect('failure' in outcome && outcome.failure.message).toMatch(/: half of it: why$/)
  })

  it('remembers a permission for ten seconds, and a refusal not at all', async () => {
    let now = 1000
    const clock: Clock = { now: () => now, after: () => () => undefined }
    let isAllowed = true
    const { authorizer, asked } = asking(
      ({ verb }) =>
        (isAllowed && verb.startsWith('impersonate-on:user-info')) ||
        (isAllowed && verb === 'impersonate:user-info'),
    )
    const impersonate = impersonateRequest(authorizer, { mode: 'constrained', clock })
    const countFor = async (path?: string): Promise<number> => {
      asked.length = 0
      await impersonate(request(['Impersonate-User', 'bob'], path), clark)
      return asked.length
    }
    expect(await countFor()).toBe(2)
    expect(await countFor()).toBe(0)
    expect(await countFor('/api/v1/pods')).toBe(1)
    now += 10_000
    expect(await countFor()).toBe(2)
    now += 10_000
    isAllowed = false
    expect(await countFor()).toBe(2)
    expect(await countFor()).toBe(2)
  })

  it('never gives one requester what another was allowed', async () => {
    const { authorizer } = asking(({ user }) => user.username === 'clark')
    const impersonate = impersonateRequest(authorizer, { mode: 'constrained' })
    const raw = ['Impersonate-User', 'bob']
    expect(statusOf(await impersonate(request(raw), clark))).toBeUndefined()
    const others = [
      userInfo({ username: 'eve', groups: ['reporters'] }),
      userInfo({ username: 'clark","uid":"1' }),
      userInfo({ username: '__proto__' }),
    ]
    for (const other of others) expect(statusOf(await impersonate(request(raw), other))).toBe(403)
  })

  it('never gives one requester the user that another was allowed, where both may make the request', async () => {
    const { authorizer } = asking(
      ({ user, verb }) => user.username === 'clark' || verb.startsWith('impersonate-on:'),
    )
    const impersonate = impersonateRequest(authorizer, { mode: 'constrained' })
    const raw = ['Impersonate-User', 'bob']
    expect(statusOf(await impersonate(request(raw), clark))).toBeUndefined()
    const other = userInfo({ ...clark, username: 'eve' })
    expect(statusOf(await impersonate(request(raw), other))).toBe(403)
  })

  it('gives a service account the node it runs on, and no other', async () => {
    const { authorizer, asked } = asking(({ verb }) => verb.includes('associated-node'))
    const impersonate = impersonateRequest(authorizer, { mode: 'constrained' })
    const agent = (node: string) =>
      userInfo({
        username: 'system:serviceaccount:ns:agent',
        extra: { 'authentication.kubernetes.io/node-name': [node], b: ['secret'] },
      })
    const outcome = await impersonate(request(['Impersonate-User', 'system:node:n1']), agent('n1'))
    expect('failure' in outcome ? undefined : outcome.user).toEqual(
      userInfo({ username: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] }),
    )
    expect(asked[0]?.user.extra).toEqual({
      'authentication.kubernetes.io/associated-node-keys': ['authentication.kubernetes.io/node-name', 'b'],
    })
    // The cached answer covers any node, so it must not allow a different node.
    expect(statusOf(await impersonate(request(['Impersonate-User', 'system:node:n1']), agent('n2')))).toBe(
      403,
    )
    expect(statusOf(await impersonate(request(['Impersonate-User', 'system:node:n1']), clark))).toBe(403)
  })

  it('asks about the attributes that an app gives', async () => {
    const { authorizer, asked } = asking(() => true)
    const impersonate = impersonateRequest(authorizer, {
      mode: 'constrained',
      attributes: () => ({ verb: 'pay', resource: 'invoices' }),
    })
    await impersonate(request(['Impersonate-User', 'bob'], '/invoices'), clark)
    expect(asked.map(text)).toEqual([
      'impersonate-on:user-info:pay invoices. ',
      'impersonate:user-info users.authentication.k8s.io bob',
    ])
  })
})

/** The checks that an allowed user requires: for each item, the attributes of which one must be allowed. */
function itemsOf(outcome: ImpersonationOutcome): readonly (readonly string[])[] {
  if ('failure' in outcome || outcome.user === undefined) return []
  const { user, mode } = outcome
  const isLegacy = mode === 'legacy'
  const verb = isLegacy ? 'impersonate' : `impersonate:${mode}`
  const core = isLegacy ? '' : 'authentication.k8s.io'
  const [, , namespace = '', account = ''] = user.username.split(':')
  const isServiceAccount = user.username === 'system:serviceaccount:ns:sa'
  const isNode = !isLegacy && user.username.startsWith('system:node:')
  const implied = new Set(['system:authenticated', 'system:unauthenticated'])
  if (isServiceAccount)
    for (const group of ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]) implied.add(group)
  if (isNode) implied.add('system:nodes')
  const self = isServiceAccount
    ? `${verb} serviceaccounts.${core} in ${namespace} ${account}`
    : isNode
      ? `${verb} nodes.${core} n1`
      : `${verb} users.${core} ${user.username}`
  return [
    [self],
    ...(user.uid === '' ? [] : [[`${verb} uids.authentication.k8s.io ${user.uid}`]]),
    ...user.groups
      .filter((group) => !implied.has(group))
      .map((group) => [`${verb} groups.${core} ${group}`, ...(isLegacy ? [] : [`${verb} groups.${core} *`])]),
    ...Object.entries(user.extra).flatMap(([key, values]) =>
      values.map((value) => [
        `${verb} userextras${key === '' ? '' : `/${key}`}.authentication.k8s.io ${value}`,
        ...(isLegacy ? [] : [`${verb} userextras/*.authentication.k8s.io *`]),
      ]),
    ),
    ...(isLegacy ? [] : [[`impersonate-on:${mode}:get pods. in n p`]]),
  ]
}

function hash(input: string): number {
  let value = 7
  for (const character of input) value = (value * 31 + character.charCodeAt(0)) % 1_000_003
  return value
}
