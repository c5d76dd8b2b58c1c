import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigurationError, emptyContext, userInfo } from '@kube-authn/core'
import { attributesOf } from '@kube-authn/core/authorization'
import { recordEvents } from '@kube-authn/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { rbacAt } from '../index.ts'
import type { RbacAtOptions } from './rbac-at.ts'

let folder: string
const open: { close(): void }[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rbac-at-'))
})
afterEach(() => {
  for (const each of open.splice(0)) each.close()
  rmSync(folder, { recursive: true, force: true })
})

const group = 'rbac.authorization.k8s.io'
const role = (verb: string): string =>
  `{"apiVersion":"${group}/v1","kind":"ClusterRole","metadata":{"name":"r"},"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["${verb}"]}]}`
const binding = (user: string, name = 'b'): string =>
  `{"apiVersion":"${group}/v1","kind":"ClusterRoleBinding","metadata":{"name":"${name}"},"subjects":[{"kind":"User","name":"${user}","apiGroup":"${group}"}],"roleRef":{"kind":"ClusterRole","name":"r","apiGroup":"${group}"}}`

function start(paths: string | readonly string[], options: RbacAtOptions = {}) {
  const { observer, events } = recordEvents()
  const authorizer = rbacAt(paths, { settleSeconds: 0.02, observer, ...options })
  open.push(authorizer)
  const may = async (username: string, verb: string): Promise<boolean> => {
    const attributes = attributesOf(userInfo({ username }), { verb, resource: 'pods', namespace: 'n' })
    return (await authorizer.authorize(attributes, emptyContext)).verdict === 'allow'
  }
  return { may, events }
}

describe('rbacAt', () => {
  it('reads files and folders together, and of a folder the manifests only', async () => {
    const rules = join(folder, 'rules')
    mkdirSync(rules)
    writeFileSync(join(rules, 'role.yaml'), role('get'))
    writeFileSync(join(rules, 'README.md'), 'not: [a manifest')
    writeFileSync(join(rules, '.hidden.yaml'), 'not: [a manifest')
    writeFileSync(join(folder, 'binding.json'), binding('jane'))
    const { may } = start([rules, join(folder, 'binding.json')])
    expect([await may('jane', 'get'), await may('jane', 'delete'), await may('joe', 'get')]).toEqual([
      true,
      false,
      false,
    ])
  })

  it('sees a manifest that comes, changes and goes', async () => {
    writeFileSync(join(folder, 'a.yaml'), `${role('get')}\n---\n${binding('jane')}`)
    const { may } = start(folder)
    writeFileSync(join(folder, 'b.yaml'), binding('joe', 'b2'))
    await vi.waitFor(async () => expect(await may('joe', 'get')).toBe(true))
    writeFileSync(join(folder, 'b.yaml'), binding('jim', 'b2'))
    await vi.waitFor(async () => expect(await may('jim', 'get')).toBe(true))
    rmSync(join(folder, 'b.yaml'))
    await vi.waitFor(async () => expect(await may('jim', 'get')).toBe(false))
    expect(await may('jane', 'get')).toBe(true)
  })

  it('keeps the old rules, all of them, while one of the new is bad, and says which', async () => {
    writeFileSync(join(folder, 'a.yaml'), `${role('get')}\n---\n${binding('jane')}`)
    const { may, events } = start(folder)
    writeFileSync(join(folder, 'a.yaml'), `${role('delete')}\n---\n${binding('')}`)
    await vi.waitFor(() => expect(events).toHaveLength(1))
    expect(events[0]).toMatchObject({ type: 'reload', outcome: 'failed' })
    expect(String((events[0] as { error?: Error }).error?.message)).toContain('subjects[0].name')
    expect([await may('jane', 'get'), await may('jane', 'delete')]).toEqual([true, false])
  })

  it('sees the swap of links by which Kubernetes changes a mounted ConfigMap', async () => {
    const mount = (version: string, verb: string): void => {
      mkdirSync(join(folder, `..${version}`))
      writeFileSync(join(folder, `..${version}`, 'rbac.yaml'), `${role(verb)}\n---\n${binding('jane')}`)
      symlinkSync(`..${version}`, join(folder, '..tmp'))
      renameSync(join(folder, '..tmp'), join(folder, '..data'))
    }
    mount('one', 'get')
    symlinkSync('..data/rbac.yaml', join(folder, 'rbac.yaml'))
    const { may } = start(folder)
    expect(await may('jane', 'get')).toBe(true)
    mount('two', 'list')
    await vi.waitFor(async () => expect(await may('jane', 'list')).toBe(true))
    expect(await may('jane', 'get')).toBe(false)
  })

  it('puts what has no namespace into the one that it is told', async () => {
    const bound = binding('jane').replace('ClusterRoleBinding', 'RoleBinding')
    writeFileSync(join(folder, 'a.yaml'), `${role('get')}\n---\n${bound}`)
    expect(() => start(folder)).toThrow('metadata.namespace: Required value')
    expect(await start(folder, { namespace: 'n' }).may('jane', 'get')).toBe(true)
    expect(await start(folder, { namespace: 'other' }).may('jane', 'get')).toBe(false)
    expect(() => start(folder, { namespace: 'A' })).toThrow(/^namespace: Invalid value: "A"/)
  })

  it('takes a file of more than a megabyte in plain YAML, and in JSON', async () => {
    const count = 6000
    const json = Array.from({ length: count }, (_, index) => binding(`joe-${index}`, `b${index}`))
    const yaml = Array.from({ length: count }, (_, index) => {
      const lines = ['kind: Group', `name: team-${index}`, `apiGroup: ${group}`].join('\n    ')
      return `  - ${lines}`
    })
    const ofGroups = `apiVersion: ${group}/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: all\nsubjects:\n${yaml.join('\n')}\nroleRef:\n  kind: ClusterRole\n  name: r\n  apiGroup: ${group}\n`
    const text = [role('get'), ...json, ofGroups].join('\n---\n')
    expect(text.length).toBeGreaterThan(1_048_576)
    writeFileSync(join(folder, 'a.yaml'), text)
    const { may, events } = start(folder)
    expect([await may('joe-5999', 'get'), await may('joe-6000', 'get')]).toEqual([true, false])
    expect(events).toEqual([])
  })

  it('tells what will hardly do what its author meant', () => {
    writeFileSync(join(folder, 'a.yaml'), binding('jane'))
    const { events } = start(folder)
    expect(events).toMatchObject([
      { type: 'fileNotice', notice: { code: 'danglingRoleRef', severity: 'advice' } },
    ])
  })

  it.each([
    { what: 'is not there', prepare: () => {}, error: /ENOENT/ },
    {
      what: 'is not YAML',
      prepare: () => writeFileSync(join(folder, 'x.yaml'), 'a: [b'),
      error: ConfigurationError,
    },
    {
      what: 'is not UTF-8',
      prepare: () => writeFileSync(join(folder, 'x.yaml'), Buffer.from([0xff])),
      error: /not UTF-8/,
    },
    {
      what: 'is too large',
      prepare: () => {
        writeFileSync(join(folder, 'x.yaml'), '')
        truncateSync(join(folder, 'x.yaml'), 100 * 1024 * 1024 + 1)
      },
      error: /larger than 104857600 bytes/,
    },
    {
      what: 'has a large document that is not plain YAML',
      prepare: () => writeFileSync(join(folder, 'x.yaml'), `a: 1\n---\na: "\\n${'x'.repeat(1_048_576)}"`),
      error: /x\.yaml: the document at line 3 must be at most 1048576 characters/,
    },
  ])('throws at once when a manifest $what', ({ prepare, error }) => {
    prepare()
    expect(() => start(join(folder, 'x.yaml'))).toThrow(error)
  })
})
