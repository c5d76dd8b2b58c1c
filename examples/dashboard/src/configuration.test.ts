import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { emptyContext, userInfo } from '@kube-authn/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { impersonationPolicy, isAdmin } from './admins.ts'
import { readConfiguration } from './configuration.ts'
import { writtenConfiguration } from './demonstration/written-configuration.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dashboard-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function read(text: string): ReturnType<typeof readConfiguration> {
  const path = join(folder, 'dashboard.yaml')
  writeFileSync(path, text)
  return readConfiguration(path)
}
const written = writtenConfiguration(8443, 8444)

describe('dashboard.yaml', () => {
  it('that the first run writes is read, with paths beside it', () => {
    const { provider, listen, sessions, admins } = read(written)
    expect(listen.keyFile).toBe(join(folder, 'server.key'))
    expect(provider).toMatchObject({
      issuer: 'https://127.0.0.1:8444',
      caFile: join(folder, 'provider-ca.crt'),
    })
    expect(sessions).toMatchObject({ checkSeconds: 10, keyFile: join(folder, 'session-key') })
    expect(admins).toEqual({
      groups: ['oidc:admins'],
      impersonate: { groups: ['oidc:developers', 'oidc:accounting'] },
    })
  })

  it.each([
    ['publicUrl: https://localhost:8443', 'publicUrl: localhost', 'publicUrl'],
    ['checkSeconds: 10', 'checkSeconds: 0', 'sessions.checkSeconds'],
    ['checkSeconds: 10', 'checkSeconds: 601', 'sessions.checkSeconds'],
    ['checkSeconds: 10', 'checkSecond: 10', 'checkSecond'],
    [`groups: ['oidc:admins']`, 'groups: []', 'admins.groups'],
    ['port: 8443', 'port: 65536', 'listen.port'],
  ])('with a mistake is refused, and the mistake named: %s as %s', (line, wrong, named) => {
    expect(written).toContain(line)
    expect(() => read(written.replace(line, wrong))).toThrow(named)
  })
})

describe('admins', () => {
  const { admins } = { admins: { groups: ['oidc:admins'], impersonate: { groups: ['oidc:developers'] } } }
  const ada = userInfo({ username: 'ada', groups: ['oidc:admins'] })
  const jane = userInfo({ username: 'jane', groups: ['oidc:developers', 'admins'] })

  it('are the members of their groups', () => {
    expect([isAdmin(ada, admins), isAdmin(jane, admins)]).toEqual([true, false])
  })

  it.each([
    ['a user', ada, admins, 'users', 'jane', 'allow'],
    ['a group of the list', ada, admins, 'groups', 'oidc:developers', 'allow'],
    ['another group', ada, admins, 'groups', 'system:masters', 'noOpinion'],
    ['a user of Kubernetes', ada, admins, 'users', 'system:kube-controller-manager', 'noOpinion'],
    ['a node', ada, admins, 'users', 'system:node:a', 'noOpinion'],
    ['a user whose name begins alike', ada, admins, 'users', 'systems', 'allow'],
    [
      'a user of Kubernetes of the list',
      ada,
      { ...admins, impersonate: { users: ['system:node:a'], groups: [] } },
      'users',
      'system:node:a',
      'allow',
    ],
    ['a user, as no admin', jane, admins, 'users', 'ada', 'noOpinion'],
    [
      'a user of the list',
      ada,
      { ...admins, impersonate: { users: ['joe'], groups: [] } },
      'users',
      'joe',
      'allow',
    ],
    [
      'another user',
      ada,
      { ...admins, impersonate: { users: ['joe'], groups: [] } },
      'users',
      'jane',
      'noOpinion',
    ],
    ['a group without a list', ada, { ...admins, impersonate: { groups: [] } }, 'groups', 'x', 'noOpinion'],
    ['a user without the setting', ada, { groups: ['oidc:admins'] }, 'users', 'jane', 'noOpinion'],
  ])(
    'may act as %s only if the configuration says so',
    async (_, user, settings, resource, name, expected) => {
      const decision = await impersonationPolicy(settings).authorize(
        {
          user,
          verb: 'impersonate',
          resourceRequest: true,
          apiGroup: '',
          apiVersion: 'v1',
          namespace: '',
          resource,
          subresource: '',
          name,
          path: '',
        },
        emptyContext,
      )
      expect(decision.verdict).toBe(expected)
    },
  )
})
