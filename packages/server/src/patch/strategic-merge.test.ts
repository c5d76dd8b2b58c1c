import { describe, expect, it } from 'vitest'
import { expectLinearWork } from '../../../../test/growth.ts'
import { objectTypeOf } from '../schema/object-types.ts'
import { strategicMerge } from './strategic-merge.ts'

const merged = (kind: string, target: object, patch: object): object => {
  const before = JSON.stringify(target)
  const result = strategicMerge(target, patch as Record<string, unknown>, objectTypeOf(kind))
  expect(JSON.stringify(target)).toBe(before)
  return result
}
const containers = (...list: readonly object[]) => ({ spec: { containers: list } })
const named = (...names: readonly string[]) => names.map((name) => ({ name }))

describe('strategicMerge', () => {
  it.each<[string, string, object, object, object]>([
    [
      'merges maps',
      'ConfigMap',
      { data: { a: '1', b: '2' } },
      { data: { b: null, c: '3' } },
      { data: { a: '1', c: '3' } },
    ],
    [
      'ignores what is null and not there',
      'ConfigMap',
      {},
      { data: { a: null }, immutable: null },
      { data: {} },
    ],
    [
      'replaces a list that is not merged',
      'Role',
      { rules: [{ verbs: ['get'] }] },
      { rules: [{ verbs: ['list'] }] },
      { rules: [{ verbs: ['list'] }] },
    ],
    [
      'merges a list by its key',
      'ServiceAccount',
      { secrets: [{ name: 'a', namespace: 'n' }] },
      { secrets: [{ name: 'b' }, { name: 'a', kind: 'k' }] },
      { secrets: [{ name: 'b' }, { name: 'a', namespace: 'n', kind: 'k' }] },
    ],
    [
      'does not merge pull secrets of service accounts',
      'ServiceAccount',
      { imagePullSecrets: named('a') },
      { imagePullSecrets: named('b') },
      { imagePullSecrets: named('b') },
    ],
    [
      'merges pull secrets of pods',
      'Pod',
      { spec: { imagePullSecrets: named('a') } },
      { spec: { imagePullSecrets: named('b') } },
      { spec: { imagePullSecrets: named('b', 'a') } },
    ],
    [
      'deletes an element',
      'Pod',
      containers({ name: 'a' }, { name: 'b' }),
      containers({ name: 'a', $patch: 'delete' }),
      containers({ name: 'b' }),
    ],
    [
      'deletes an element that is not there',
      'Pod',
      containers({ name: 'b' }),
      containers({ name: 'a', $patch: 'delete' }),
      containers({ name: 'b' }),
    ],
    [
      'replaces a merged list',
      'Pod',
      containers({ name: 'a' }),
      containers({ $patch: 'replace' }, { name: 'c' }),
      containers({ name: 'c' }),
    ],
    [
      'replaces a map',
      'ConfigMap',
      { data: { a: '1' } },
      { data: { $patch: 'replace', b: '2' } },
      { data: { b: '2' } },
    ],
    [
      'empties a map',
      'ConfigMap',
      { data: { a: '1' } },
      { data: { $patch: 'delete', b: '2' } },
      { data: {} },
    ],
    [
      'adds nothing for a map to be emptied that is not there',
      'ConfigMap',
      {},
      { data: { $patch: 'delete', b: '2' } },
      {},
    ],
    ['replaces a map by what is no map', 'ConfigMap', { data: { a: '1' } }, { data: 'x' }, { data: 'x' }],
    [
      'orders a list that was not there',
      'Pod',
      { spec: {} },
      { spec: { '$setElementOrder/containers': named('b', 'a'), containers: named('a', 'b') } },
      { spec: { containers: named('b', 'a') } },
    ],
    [
      'orders no list that is replaced',
      'ServiceAccount',
      { imagePullSecrets: named('a') },
      { '$setElementOrder/imagePullSecrets': named('c', 'b'), imagePullSecrets: named('b', 'c') },
      { imagePullSecrets: named('b', 'c') },
    ],
    [
      'orders no list where there is none',
      'Pod',
      { spec: {} },
      { spec: { '$setElementOrder/containers': named('b', 'a') } },
      { spec: {} },
    ],
    [
      'merges within an element',
      'Pod',
      containers({ name: 'a', env: [{ name: 'X', value: '1' }, { name: 'Y' }] }),
      containers({ name: 'a', env: [{ name: 'X', value: '2' }] }),
      containers({ name: 'a', env: [{ name: 'X', value: '2' }, { name: 'Y' }] }),
    ],
    [
      'tells ports apart by their number',
      'Pod',
      containers({
        name: 'a',
        ports: [
          { containerPort: 53, protocol: 'UDP' },
          { containerPort: 53, protocol: 'TCP' },
        ],
      }),
      containers({ name: 'a', ports: [{ containerPort: 80 }] }),
      containers({
        name: 'a',
        ports: [
          { containerPort: 80 },
          { containerPort: 53, protocol: 'UDP' },
          { containerPort: 53, protocol: 'TCP' },
        ],
      }),
    ],
    [
      'sets taints as a whole',
      'Node',
      { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } },
      { spec: { taints: [{ key: 'b', effect: 'NoExecute' }] } },
      { spec: { taints: [{ key: 'b', effect: 'NoExecute' }] } },
    ],
    [
      'merges conditions by type',
      'Node',
      { status: { conditions: [{ type: 'Ready', status: 'True' }, { type: 'X' }] } },
      { status: { conditions: [{ type: 'Ready', status: 'False' }] } },
      { status: { conditions: [{ type: 'Ready', status: 'False' }, { type: 'X' }] } },
    ],
    [
      'merges lists of strings',
      'Pod',
      { metadata: { finalizers: ['a', 'b'] } },
      { metadata: { finalizers: ['c', 'b'] } },
      { metadata: { finalizers: ['c', 'a', 'b'] } },
    ],
    [
      'removes from lists of strings',
      'Pod',
      { metadata: { finalizers: ['a', 'b', 'c'] } },
      { metadata: { '$deleteFromPrimitiveList/finalizers': ['b', 'x'], finalizers: ['d'] } },
      { metadata: { finalizers: ['d', 'a', 'c'] } },
    ],
    [
      'orders elements, and leaves others between them',
      'Pod',
      containers(...named('x', 'a', 'y', 'b')),
      { spec: { '$setElementOrder/containers': named('b', 'a', 'n'), containers: [{ name: 'n' }] } },
      containers(...named('x', 'y', 'b', 'a', 'n')),
    ],
    [
      'only orders',
      'Pod',
      containers(...named('a', 'b')),
      { spec: { '$setElementOrder/containers': named('b', 'a') } },
      containers(...named('b', 'a')),
    ],
    [
      'orders strings',
      'Pod',
      { metadata: { finalizers: ['a', 'b'] } },
      { metadata: { '$setElementOrder/finalizers': ['b', 'a'] } },
      { metadata: { finalizers: ['b', 'a'] } },
    ],
    [
      'retains keys only',
      'Pod',
      { spec: { volumes: [{ name: 'v', emptyDir: {} }] } },
      { spec: { volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], hostPath: { path: '/x' } }] } },
      { spec: { volumes: [{ name: 'v', hostPath: { path: '/x' } }] } },
    ],
    [
      'leaves no directive in what is new',
      'Pod',
      {},
      {
        spec: {
          '$setElementOrder/containers': [],
          containers: [{ name: 'a', env: [{ $patch: 'replace' }, { name: 'X', value: null }] }],
        },
      },
      containers({ name: 'a', env: [{ name: 'X' }] }),
    ],
    [
      'knows keys such as __proto__',
      'ConfigMap',
      { data: {} },
      { data: JSON.parse('{"__proto__":"x","constructor":"y"}') as object },
      { data: JSON.parse('{"__proto__":"x","constructor":"y"}') as object },
    ],
  ])('%s', (_, kind, target, patch, expected) => {
    expect(JSON.stringify(merged(kind, target, patch))).toBe(JSON.stringify(expected))
  })

  it('adds to a list that has two elements with the same key', () => {
    const addresses = [
      { type: 'InternalIP', address: '10.0.0.1' },
      { type: 'InternalIP', address: 'fd00::1' },
    ]
    const patch = { status: { addresses: [{ type: 'Hostname', address: 'n' }] } }
    expect(merged('Node', { status: { addresses } }, patch)).toEqual({
      status: { addresses: [{ type: 'Hostname', address: 'n' }, ...addresses] },
    })
  })

  it('takes time in proportion to long lists', () => {
    const long = Array.from({ length: 20_000 }, (_, index) => ({ name: `c${index}` }))
    expect(merged('Pod', containers(...long), containers(...long.toReversed()))).toEqual(
      containers(...long.toReversed()),
    )
  })

  it.each<[number, string, object]>([
    [422, 'Pod', containers({ image: 'x' })],
    [422, 'Pod', containers({ name: {} })],
    [422, 'Pod', { spec: { containers: ['x'] } }],
    [422, 'Pod', containers({ $patch: 'delete' })],
    [422, 'Pod', containers({ name: 'a', $patch: 'merge' })],
    [422, 'Pod', { $patch: 'merge' }],
    [422, 'Pod', { metadata: { finalizers: [{}] } }],
    [400, 'Pod', { metadata: { '$deleteFromPrimitiveList/finalizers': 'x' } }],
    [400, 'Pod', { spec: { '$setElementOrder/containers': 'x' } }],
    [400, 'Pod', { spec: { '$setElementOrder/containers': [], containers: 'x' } }],
    [400, 'Pod', { spec: { $retainKeys: 'x' } }],
    [400, 'Pod', { spec: { $retainKeys: ['a'], containers: [] } }],
  ])('refuses with %i for a %s: %j', (status, kind, patch) => {
    const target = { ...containers({ name: 'a' }), metadata: { finalizers: ['a'] } }
    expect(() => merged(kind, target, patch)).toThrow(expect.objectContaining({ status }))
  })

  it('takes time that grows with the length of the lists, whatever their order is', () => {
    expectLinearWork(1500, (length) => {
      const many = (letter: string) => Array.from({ length }, (_, index) => `${letter}/${index}`)
      const [old, other] = [many('a'), many('b')]
      const patches = [
        { finalizers: other, '$setElementOrder/finalizers': other },
        {
          finalizers: [],
          '$setElementOrder/finalizers': old.filter((_, index) => index % 2 === 0).toReversed(),
        },
        { finalizers: other, '$setElementOrder/finalizers': [...other, ...old].toReversed() },
        { '$deleteFromPrimitiveList/finalizers': old.toReversed() },
      ]
      const spec = (names: readonly string[]) => containers(...named(...names))
      const [pod, patch] = [spec(old), spec(other)]
      return () => {
        for (const metadata of patches) {
          strategicMerge({ metadata: { finalizers: old } }, { metadata }, objectTypeOf('ConfigMap'))
        }
        strategicMerge(pod, patch, objectTypeOf('Pod'))
      }
    })
  })
})
