import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { fixedClock } from '../../../../core/test/fakes.ts'
import { snapshotOf } from '../../../test/store-exports.ts'
import type { StoredObject } from '@kube-authn/store'
import { readSqliteStore, sqliteDriver } from '@kube-authn/store/internal/node'
import { sqliteObjectStore } from '@kube-authn/store/sqlite'
import { storeFindings } from './check.ts'

const NOW = 1_000_000
const secret = (namespace: string, name: string): string =>
  JSON.stringify({
    kind: 'Secret',
    apiVersion: 'v1',
    metadata: { namespace, name },
    data: { p: 'aHVudGVyMg==' },
  })

const object = (key: string, value: string, revision = 1): StoredObject => ({
  key,
  value,
  revision,
  createdRevision: revision,
})

describe('the findings in a store', () => {
  it('count the objects of each resource, and what is overdue', async () => {
    const found = await storeFindings(
      snapshotOf([
        object('/other/a', 'anything', 1),
        {
          ...object(
            '/registry/rbac.authorization.k8s.io/clusterroles/view',
            '{"kind":"ClusterRole","metadata":{"name":"view"}}',
            2,
          ),
          expiresAtMs: NOW + 1,
        },
        { ...object('/registry/secrets/a/one', secret('a', 'one'), 3), expiresAtMs: NOW },
        object('/registry/secrets/b/two', secret('b', 'two'), 4),
      ]),
      NOW,
    )
    expect(found).toEqual({
      engine: 'memory',
      revision: 4,
      compactedRevision: 0,
      objects: 4,
      resources: { 'clusterroles.rbac.authorization.k8s.io': 1, others: 1, secrets: 2 },
      overdue: 1,
      unreadable: 0,
      unreadableObjects: [],
      problems: [],
    })
  })

  it.each([
    ['no JSON', 'hunter2{', 'the value is not the JSON of an object of Kubernetes'],
    ['a list', '["hunter2"]', 'the value is not the JSON of an object of Kubernetes'],
    [
      'no metadata',
      '{"kind":"Secret","data":"hunter2"}',
      'the value is not the JSON of an object of Kubernetes',
    ],
    [
      '__proto__',
      '{"__proto__":{"kind":"Secret","metadata":{}}}',
      'the value is not the JSON of an object of Kubernetes',
    ],
    [
      'another kind',
      '{"kind":"ConfigMap","metadata":{"namespace":"a","name":"x"}}',
      'the value is not that of a Secret',
    ],
    ['another name', secret('a', 'y'), 'the value has another name or namespace than its key'],
    ['another namespace', secret('b', 'x'), 'the value has another name or namespace than its key'],
    [
      'no namespace',
      '{"kind":"Secret","metadata":{"name":"x"}}',
      'the value has another name or namespace than its key',
    ],
    ['NUL', '\0', 'the value has a character that cannot be stored: U+0000 or an unpaired surrogate'],
    ['more than 1 MiB', 'x'.repeat(1_048_577), 'the value has more than 1048576 bytes'],
  ])('name an object whose value has %s, without the value', async (_, value, problem) => {
    const { unreadable, unreadableObjects } = await storeFindings(
      snapshotOf([object('/registry/secrets/a/x', value)]),
      NOW,
    )
    expect(unreadable).toBe(1)
    expect(unreadableObjects).toEqual([{ key: '/registry/secrets/a/x', problem }])
    expect(JSON.stringify(unreadableObjects)).not.toContain('hunter2')
  })

  it('name a hundred of more unreadable objects', async () => {
    const many = Array.from({ length: 101 }, (_, index) => ({ key: `/${1000 + index}`, problem: 'x' }))
    const { objects, unreadable, unreadableObjects } = await storeFindings(snapshotOf(many), NOW)
    expect([objects, unreadable, unreadableObjects.length]).toEqual([101, 101, 100])
  })

  it.each<[string, readonly StoredObject[], string]>([
    ['newer than the store', [object('/a', '', 2)], '1 objects are newer than the revision of the store'],
    [
      'created after their change',
      [{ ...object('/a', ''), createdRevision: 2 }],
      '1 objects have a revision of creation',
    ],
    [
      'created before the store',
      [{ ...object('/a', ''), createdRevision: 0 }],
      '1 objects have a revision of creation',
    ],
    ['there twice', [object('/a', ''), object('/a', '')], '1 keys are not in order, or there twice'],
    ['not in order', [object('/b', ''), object('/a', '')], '1 keys are not in order, or there twice'],
  ])('say that objects are %s', async (_, objects, problem) => {
    const { problems } = await storeFindings(snapshotOf(objects, { revision: objects.length }), NOW)
    expect(problems).toEqual([expect.stringContaining(problem)])
  })

  it('say that more was forgotten than written', async () => {
    const { problems } = await storeFindings(snapshotOf([], { compactedRevision: 1 }), NOW)
    expect(problems).toEqual(['more was forgotten than was ever written'])
  })
})

describe('the findings in a store in SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kube-authn-findings-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  let count = 0

  /** Of a store with a change of each kind, after these statements. */
  const after = async (
    ...statements: readonly string[]
  ): Promise<Awaited<ReturnType<typeof storeFindings>>> => {
    const file = join(folder, `${count++}.db`)
    const store = await sqliteObjectStore({ file, clock: fixedClock(NOW) })
    await store.create('/a', '1')
    await store.create('/b', '1')
    await store.compact(1)
    const { revision } = await store.create('/c', '1', { ttlMs: 1000 })
    await store.update('/c', '2', revision)
    await store.delete('/b')
    await store.close()
    const database = (await sqliteDriver())(file)
    for (const each of statements) database.exec(each)
    database.close()
    return readSqliteStore(file, (snapshot) => storeFindings(snapshot, NOW))
  }

  it('are none if it is whole', async () => {
    expect(await after()).toMatchObject({
      engine: 'SQLite',
      schemaVersion: 1,
      revision: 5,
      compactedRevision: 1,
      objects: 2,
      unreadable: 0,
      problems: [],
    })
  })

  it.each([
    ['UPDATE state SET revision = 4', '1 changes are newer than the revision of the store'],
    ['DELETE FROM change WHERE revision = 4', '1 changes are missing'],
    ['UPDATE change SET created = 5 WHERE revision = 4', '1 changes have a revision of creation'],
    ['UPDATE change SET created = 4 WHERE revision = 4', '1 changes have a revision of creation'],
  ])('are problems after %s', async (statement, problem) => {
    const { problems } = await after(statement)
    expect(problems).toContainEqual(expect.stringContaining(problem))
  })

  it('name an object whose value was changed on the disk', async () => {
    const { unreadableObjects } = await after("UPDATE change SET value = 'hunter2' WHERE key = '/a'")
    expect(unreadableObjects).toEqual([
      { key: '/a', problem: 'the value is not the one that was written: its checksum is another' },
    ])
  })
})
