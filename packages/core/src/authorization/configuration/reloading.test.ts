import { describe, expect, it } from 'vitest'
import { fixedClock, recorder } from '../../../test/fakes.ts'
import { attributesOf } from '../attributes.ts'
import type { Authorizer } from '../authorizer.ts'
import { decide } from '../decide.ts'
import { allow, deny, noOpinion } from '../decision.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { userInfo } from '../../authenticator/user.ts'
import { authorizationConfiguration, type AuthorizationConfigurationOptions } from './reloading.ts'

const textOf = (...authorizers: readonly object[]): string =>
  JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthorizationConfiguration',
    authorizers,
  })
const RBAC = { type: 'RBAC', name: 'rbac' }
const DENY = { type: 'AlwaysDeny', name: 'alwaysdeny' }
const ALLOW = { type: 'AlwaysAllow', name: 'alwaysallow' }
const hook = (name: string, changes: object = {}): object => ({
  type: 'Webhook',
  name,
  webhook: {
    timeout: '3s',
    subjectAccessReviewVersion: 'v1',
    failurePolicy: 'Deny',
    connectionInfo: { type: 'InClusterConfig' },
    matchConditionSubjectAccessReviewVersion: 'v1',
    ...changes,
  },
})

/** Allows users of its name; a webhook denies those whose name ends with its own. */
const roles: Authorizer = {
  name: 'anything',
  authorize: ({ user }) => (user.username === 'rbac' ? allow('by a role') : noOpinion('no role')),
}

function start(text: string, options: Partial<AuthorizationConfigurationOptions> = {}) {
  const clock = fixedClock()
  const { events, observer } = recorder()
  const open = new Set<string>()
  const authorizer = authorizationConfiguration(text, {
    webhookFor(webhook, name) {
      if (name.startsWith('broken')) throw new Error('no way to it')
      const key = `${name}#${webhook.timeoutSeconds}`
      open.add(key)
      return {
        name,
        authorize: ({ user }) =>
          user.username === name ? allow(key) : user.username === `not-${name}` ? deny(key) : noOpinion(key),
        close: () => void open.delete(key),
      }
    },
    clock,
    observer,
    source: 'authorization.yaml',
    ...options,
  })
  const ask = async (username: string, groups: readonly string[] = []) => {
    const { verdict, reason } = await decide(
      authorizer,
      attributesOf(userInfo({ username, groups }), { verb: 'get', path: '/x' }),
      { observer },
    )
    return `${verdict} ${reason}`
  }
  const reloads = (): readonly string[] =>
    events.flatMap((event) => (event.type === 'authorizationConfigReload' ? [event.outcome] : []))
  return { authorizer, ask, clock, events, open, reloads }
}

describe('the authorizers of a configuration', () => {
  it('are asked in order, after the group that may do everything', async () => {
    const { ask } = start(textOf(hook('first'), RBAC, hook('second'), DENY), { rbac: roles })
    expect(await ask('x', ['system:masters'])).toBe('allow ')
    expect(await ask('not-first', ['system:masters'])).toBe('allow ')
    expect(await ask('first')).toBe('allow first#3')
    expect(await ask('not-first')).toBe('deny first#3')
    expect(await ask('rbac')).toBe('allow by a role')
    expect(await ask('second')).toBe('allow second#3')
    expect(await ask('stranger')).toBe('noOpinion first#3\nno role\nsecond#3\nEverything is forbidden.')
  })

  it('tell their names before their reasons since 1.37', async () => {
    const { ask } = start(textOf(hook('first'), RBAC, DENY), { rbac: roles, kubernetesVersion: '1.37' })
    expect(await ask('not-first')).toBe('deny first#3')
    expect(await ask('rbac')).toBe('allow by a role')
    expect(await ask('stranger')).toBe(
      'noOpinion first: first#3\nrbac: no role\nalwaysdeny: Everything is forbidden.',
    )
  })

  it('have the expressions of their release, also in updates', () => {
    const condition = { matchConditions: [{ expression: "request.groups.includes('a')" }] }
    const text = textOf(hook('first', condition))
    expect(() => start(text)).toThrow("undeclared reference to 'includes'")
    const { authorizer } = start(textOf(hook('first')), { kubernetesVersion: '1.37' })
    expect(authorizer.update(text)).toBe('updated')
    expect(start(textOf(hook('first'))).authorizer.update(text)).toBe('refused')
  })

  it('are told by the names and types of the configuration', async () => {
    const { ask, events } = start(textOf(hook('first'), RBAC, ALLOW), { rbac: roles })
    await ask('stranger')
    expect(
      events.flatMap((event) =>
        event.type === 'authorizerConsulted' ? [`${event.authorizer} ${event.authorizerType ?? '-'}`] : [],
      ),
    ).toEqual(['privilegedGroups -', 'first Webhook', 'rbac RBAC', 'alwaysallow AlwaysAllow', 'union -'])
  })

  it('are asked where their conditions match', async () => {
    const condition = { matchConditions: [{ expression: "request.user.startsWith('first')" }] }
    const { ask } = start(textOf(hook('first', condition), hook('second')))
    expect(await ask('first')).toBe('allow first#3')
    expect(await ask('not-first')).toBe('noOpinion second#3')
  })

  it('list what they allow, as far as they can', () => {
    const { authorizer } = start(textOf(hook('first'), hook('second'), ALLOW))
    expect(authorizer.rulesFor(userInfo({ username: 'x' }), 'n')).toMatchObject({
      incomplete: true,
      evaluationError: 'webhook authorizer does not support user rule resolution',
      nonResourceRules: [{ verbs: ['*'] }],
    })
  })

  it.each<[string, string, Partial<AuthorizationConfigurationOptions>]>([
    [textOf(RBAC), 'authorizers[0].type: the type RBAC needs the manifests', {}],
    [textOf(hook('first'), hook('broken')), 'authorizers[1]: no way to it', {}],
    [textOf({ type: 'Foo' }), 'Unsupported value: "Foo"', {}],
    ['', 'authorizers: Required value', {}],
  ])('%s is refused', (text, message, options) => {
    const open: string[] = []
    expect(() => start(text, options)).toThrow(ConfigurationError)
    expect(() => start(text, options)).toThrow(message)
    expect(open).toEqual([])
  })

  it('need not have the type RBAC where there are roles, until an update has it', async () => {
    const { ask, authorizer } = start(textOf(hook('first')), { rbac: roles })
    expect(await ask('rbac')).toBe('noOpinion first#3')
    expect(authorizer.update(textOf(hook('first'), RBAC))).toBe('updated')
    expect(await ask('rbac')).toBe('allow by a role')
  })

  it('that are webhooks need a way to them', () => {
    expect(() => authorizationConfiguration(textOf(hook('first')))).toThrow(
      'authorizers[0]: type Webhook needs the option webhookFor',
    )
  })

  it('are closed again when one of them cannot be made', () => {
    let closed = 0
    const webhookFor: AuthorizationConfigurationOptions['webhookFor'] = (_, name) => {
      if (name === 'broken') throw new ConfigurationError([{ path: 'server', message: 'must be https' }])
      return { name, authorize: () => noOpinion(), close: () => void closed++ }
    }
    expect(() => authorizationConfiguration(textOf(hook('first'), hook('broken')), { webhookFor })).toThrow(
      'authorizers[1]: server: must be https',
    )
    expect(closed).toBe(1)
  })
})

describe('a new version', () => {
  it('counts at once, and what it replaces is closed when no question needs it any more', async () => {
    const { authorizer, ask, clock, open, reloads } = start(textOf(hook('first'), RBAC), { rbac: roles })
    expect(authorizer.update(textOf(RBAC, hook('second')))).toBe('updated')
    expect([await ask('first'), await ask('second')]).toEqual([
      'noOpinion no role\nsecond#3',
      'allow second#3',
    ])
    expect(authorizer.configuration.authorizers.map(({ name }) => name)).toEqual(['rbac', 'second'])
    expect([...open]).toEqual(['first#3', 'second#3'])
    clock.advance(59_999)
    expect(open.size).toBe(2)
    clock.advance(1)
    expect([...open]).toEqual(['second#3'])
    expect(reloads()).toEqual(['initial', 'loaded'])
  })

  it.each<[string, string]>([
    ['apiVersion: v1', "Object 'Kind' is missing"],
    [textOf(), 'at least one authorization mode must be defined'],
    ['', 'at least one authorization mode must be defined'],
    [textOf(hook('first')), 'authorizers: missing required types: [AlwaysDeny RBAC]'],
    [textOf(hook('first'), RBAC), 'authorizers: missing required types: [AlwaysDeny]'],
    [textOf(RBAC, DENY, hook('first', { timeout: '0s' })), 'authorizers[2].timeout: Required value'],
    [textOf(RBAC, DENY, hook('broken')), 'authorizers[2]: no way to it'],
    [
      textOf(RBAC, DENY, hook('first', { matchConditions: [{ expression: 'request.x' }] })),
      "undefined field 'x'",
    ],
  ])('%s changes nothing', async (text, message) => {
    const { authorizer, ask, events, open, reloads } = start(textOf(RBAC, hook('first'), DENY), {
      rbac: roles,
    })
    expect(authorizer.update(text)).toBe('refused')
    expect(authorizer.update(text)).toBe('unchanged')
    expect(reloads()).toEqual(['initial', 'failed'])
    expect(events.at(-1)).toMatchObject({ source: 'authorization.yaml', content: text })
    expect(String((events.at(-1) as { error?: unknown }).error)).toContain(message)
    expect(await ask('first')).toBe('allow first#3')
    expect([...open]).toEqual(['first#3'])
  })

  it('must not ask for roles where the first one did not', async () => {
    const { authorizer, events } = start(textOf(DENY))
    expect(authorizer.update(textOf(DENY, RBAC))).toBe('refused')
    expect(String((events.at(-1) as { error?: unknown }).error)).toContain(
      'authorizer type RBAC is not allowed if it was not enabled at initial server startup',
    )
  })

  it('may have further types that need nothing', async () => {
    const { authorizer, ask } = start(textOf(DENY))
    expect(authorizer.update(textOf(DENY, ALLOW))).toBe('updated')
    expect(await ask('x')).toBe('allow ')
    // A type that was added later stays optional.
    expect(authorizer.update(textOf(DENY))).toBe('updated')
  })

  it('that says the same is none, and is not told', () => {
    const { authorizer, reloads } = start(textOf(hook('first')))
    expect(authorizer.update(`${textOf(hook('first'))}\n`)).toBe('unchanged')
    expect(authorizer.update(textOf(hook('first', { authorizedTTL: '5m' })))).toBe('unchanged')
    expect(authorizer.update(textOf(hook('first', { authorizedTTL: '5m1s' })))).toBe('updated')
    expect(reloads()).toEqual(['initial', 'loaded'])
  })

  it('is tried again when it is written again, where there was no way to a webhook', () => {
    let isThere = false
    const { authorizer, reloads } = start(textOf(DENY), {
      webhookFor(_, name) {
        if (!isThere) throw new Error('no such file')
        return { name, authorize: () => noOpinion() }
      },
    })
    expect(authorizer.update(textOf(DENY, hook('late')))).toBe('refused')
    isThere = true
    expect(authorizer.update(`${textOf(DENY, hook('late'))} `)).toBe('updated')
    expect(reloads()).toEqual(['initial', 'failed', 'loaded'])
  })

  it('is none once it is closed, and nothing is left open', () => {
    const { authorizer, clock, open } = start(textOf(hook('first')))
    authorizer.update(textOf(hook('second')))
    authorizer.close()
    expect([...open]).toEqual([])
    expect(authorizer.update(textOf(hook('third')))).toBe('unchanged')
    expect([...open]).toEqual([])
    expect(clock.pending).toBe(0)
  })
})
