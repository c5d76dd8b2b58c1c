import { describe, it } from 'vitest'
import { expectLinearWorkUntil } from '../../../../test/growth.ts'
import { type Ask, askApi } from '../../test/ask-api.ts'
import { containers, DEFAULT, MAPS, members, named, names, RBAC, rule, some } from '../../test/long-bodies.ts'

const MERGE = { 'content-type': 'application/merge-patch+json' }
const JSON_PATCH = { 'content-type': 'application/json-patch+json' }
const STRATEGIC = { 'content-type': 'application/strategic-merge-patch+json' }
const APPLY = { 'content-type': 'application/apply-patch+yaml' }

type Changes = readonly (readonly [
  title: string,
  length: number,
  path: string,
  object: (length: number) => object,
  headers: Readonly<Record<string, string>>,
  change: (length: number) => unknown,
])[]

const POD = `${DEFAULT}/pods`
const podOf = (n: number): object => ({ ...named(), spec: { containers: containers(n) } })
const dataOf = (n: number): object => ({ ...named(), data: members(n) })
const roleOfNames = (n: number): object => ({ ...named(), rules: [{ ...rule, resourceNames: names(n) }] })
const ROLES = `${RBAC}/namespaces/default/roles`
const operations = (n: number, op: (index: number) => object): object[] => some(n, op)

const CHANGED: Changes = [
  [
    'a merge patch of members',
    1000,
    MAPS,
    dataOf,
    MERGE,
    (n) => ({ data: { ...members(n, null), ...members(n, 'y', 'l') } }),
  ],
  ['a merge patch of few members of a long object', 1000, MAPS, dataOf, MERGE, () => ({ data: { a: 'b' } })],
  [
    'operations on members',
    600,
    MAPS,
    dataOf,
    JSON_PATCH,
    (n) => operations(n, (index) => ({ op: 'replace', path: `/data/k${index}`, value: 'y' })),
  ],
  [
    'operations at the beginning of a list',
    600,
    ROLES,
    roleOfNames,
    JSON_PATCH,
    (n) => operations(n, () => ({ op: 'add', path: '/rules/0/resourceNames/0', value: 'y' })),
  ],
  [
    'tests of a list',
    600,
    ROLES,
    roleOfNames,
    JSON_PATCH,
    (n) => operations(n, () => ({ op: 'test', path: '/rules/0/resourceNames/0', value: 'n0' })),
  ],
  [
    'moves in a list',
    600,
    ROLES,
    roleOfNames,
    JSON_PATCH,
    (n) =>
      operations(n, () => ({
        op: 'move',
        from: '/rules/0/resourceNames/0',
        path: '/rules/0/resourceNames/-',
      })),
  ],
  [
    'copies of members',
    600,
    MAPS,
    dataOf,
    JSON_PATCH,
    (n) => operations(n, (index) => ({ op: 'copy', from: '/data/k0', path: `/data/l${index}` })),
  ],
  [
    'a strategic patch of elements',
    1000,
    POD,
    podOf,
    STRATEGIC,
    (n) => ({ spec: { containers: containers(n).map((each) => ({ ...each, image: 'j' })) } }),
  ],
  [
    'a strategic patch that deletes elements',
    1000,
    POD,
    podOf,
    STRATEGIC,
    (n) => ({ spec: { containers: names(n - 1).map((name) => ({ name, $patch: 'delete' })) } }),
  ],
  [
    'a strategic patch of an order',
    1000,
    POD,
    podOf,
    STRATEGIC,
    (n) => ({
      spec: {
        '$setElementOrder/containers': names(n)
          .toReversed()
          .map((name) => ({ name })),
        containers: containers(1),
      },
    }),
  ],
  [
    'a strategic patch of primitive elements',
    1000,
    MAPS,
    (n) => named({ finalizers: names(n, 'a.b/f') }),
    STRATEGIC,
    (n) => ({
      metadata: {
        '$deleteFromPrimitiveList/finalizers': names(n / 2, 'a.b/f'),
        finalizers: names(n, 'a.b/g'),
      },
    }),
  ],
  [
    'an apply of members',
    500,
    MAPS,
    dataOf,
    APPLY,
    (n) => ({ apiVersion: 'v1', kind: 'ConfigMap', ...dataOf(n) }),
  ],
  [
    'an apply of primitive elements',
    300,
    MAPS,
    (n) => named({ finalizers: names(n, 'a.b/f') }),
    APPLY,
    (n) => ({ apiVersion: 'v1', kind: 'ConfigMap', ...named({ finalizers: names(n, 'a.b/g') }) }),
  ],
  ['an apply of elements', 200, POD, podOf, APPLY, (n) => ({ apiVersion: 'v1', kind: 'Pod', ...podOf(n) })],
  [
    'an apply that conflicts',
    200,
    POD,
    podOf,
    APPLY,
    (n) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      ...named(),
      spec: { containers: containers(n).map((each) => ({ ...each, image: 'j' })) },
    }),
  ],
]

describe('the work of a request to change an object', () => {
  it.each(CHANGED)('grows with the length of %s', async (_, length, path, object, headers, change) => {
    const asks = new Map<number, Ask>()
    for (const count of [length, length * 16]) {
      const ask = await askApi()
      asks.set(count, ask)
      const { status, text } = await ask('POST', path, object(count))
      if (status !== 201) throw new Error(text)
    }
    await expectLinearWorkUntil(length, (count) => {
      const sent = JSON.stringify(change(count))
      const query = headers === APPLY ? '&fieldManager=other' : ''
      return async () => {
        await asks.get(count)?.('PATCH', `${path}/m?dryRun=All${query}`, sent, headers)
      }
    })
  })
})
