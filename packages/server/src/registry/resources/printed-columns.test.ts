import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../kube-object.ts'
import type { Resource } from '../resource.ts'
import { nodes, pods } from './plain.ts'
import { services } from './services.ts'

const NOW_MS = Date.parse('2026-01-01T01:00:00Z')

/** The cells of a row by the names of their columns, without name and age. */
function cellsOf(resource: Resource, fields: object, metadata: object = {}): Record<string, unknown> {
  const object = { apiVersion: 'v1', kind: resource.kind, metadata: { name: 'x', ...metadata }, ...fields }
  const columns = resource.columns.filter(({ name }) => name !== 'Name' && name !== 'Age')
  return Object.fromEntries(
    columns.map(({ name, cell }) => [name, cell(object satisfies KubeObject, NOW_MS)]),
  )
}

const namesOf = ({ columns }: Resource, isWide: boolean): readonly string[] =>
  columns.filter(({ priority = 0 }) => isWide || priority === 0).map(({ name }) => name.toUpperCase())

it.each([
  [pods, ['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE'], ['IP', 'NODE', 'NOMINATED NODE', 'READINESS GATES']],
  [
    nodes,
    ['NAME', 'STATUS', 'ROLES', 'AGE', 'VERSION'],
    ['INTERNAL-IP', 'EXTERNAL-IP', 'OS-IMAGE', 'KERNEL-VERSION', 'CONTAINER-RUNTIME'],
  ],
  [services, ['NAME', 'TYPE', 'CLUSTER-IP', 'EXTERNAL-IP', 'PORT(S)', 'AGE'], ['SELECTOR']],
])('a table has the columns of kubectl: %#', (resource, always, wide) => {
  expect(namesOf(resource, false)).toEqual(always)
  expect(namesOf(resource, true)).toEqual([...always, ...wide])
})

describe('pods', () => {
  const two = [{ name: 'a' }, { name: 'b' }]
  const up = { ready: true, state: { running: {} }, restartCount: 0 }
  const ended = (reason: string, exitCode = 0, signal = 0): object => ({
    state: { terminated: { exitCode, signal, reason } },
    restartCount: 1,
  })

  it.each<[string, object, string, string]>([
    ['without a status', {}, '0/2', ''],
    ['pending', { phase: 'Pending' }, '0/2', 'Pending'],
    ['evicted', { phase: 'Failed', reason: 'Evicted' }, '0/2', 'Evicted'],
    ['running', { phase: 'Running', containerStatuses: [up, up] }, '2/2', 'Running'],
    ['half', { phase: 'Running', containerStatuses: [up, { ...up, ready: false }] }, '1/2', 'Running'],
    [
      'whose first container waits',
      { phase: 'Running', containerStatuses: [{ state: { waiting: { reason: 'CrashLoopBackOff' } } }, up] },
      '1/2',
      'CrashLoopBackOff',
    ],
    [
      'of which one container is done',
      {
        phase: 'Running',
        containerStatuses: [up, ended('Completed')],
        conditions: [{ type: 'Ready', status: 'True' }],
      },
      '1/2',
      'Running',
    ],
    [
      'of which one container is done, and which is not ready',
      { phase: 'Running', containerStatuses: [up, ended('Completed')] },
      '1/2',
      'NotReady',
    ],
    ['ended by a signal', { containerStatuses: [ended('', 137, 9)] }, '0/2', 'Signal:9'],
    ['ended with a code', { containerStatuses: [ended('', 2)] }, '0/2', 'ExitCode:2'],
    [
      'behind a gate',
      {
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
      },
      '0/2',
      'SchedulingGated',
    ],
    ['with nonsense', { phase: 1, containerStatuses: [null, 'x', { state: [] }], conditions: {} }, '0/2', ''],
  ])('a pod %s', (_what, status, ready, reason) => {
    const cells = cellsOf(pods, { spec: { containers: two }, status })
    expect([cells['Ready'], cells['Status']]).toEqual([ready, reason])
  })

  it.each<[string, object[], string, string]>([
    ['waits', [{ name: 'i', state: { waiting: { reason: 'PodInitializing' } } }], 'Init:0/2', '0/2'],
    [
      'lacks an image',
      [{ name: 'i', state: { waiting: { reason: 'ErrImagePull' } } }],
      'Init:ErrImagePull',
      '0/2',
    ],
    ['failed', [{ name: 'i', ...ended('Error', 1) }], 'Init:Error', '0/2'],
    ['ended with a code', [{ name: 'i', ...ended('', 3) }], 'Init:ExitCode:3', '0/2'],
    [
      'is done',
      [
        { name: 'i', ...ended('Completed') },
        { name: 's', state: {} },
      ],
      'Init:1/2',
      '0/2',
    ],
    [
      'is a sidecar that runs',
      [{ name: 's', started: true, ready: true, state: { running: {} } }],
      'Pending',
      '1/2',
    ],
  ])('whose init container %s', (_what, initContainerStatuses, reason, ready) => {
    const initContainers = [{ name: 'i' }, { name: 's', restartPolicy: 'Always' }]
    const spec = { initContainers, containers: [{ name: 'a' }] }
    const cells = cellsOf(pods, { spec, status: { phase: 'Pending', initContainerStatuses } })
    expect([cells['Status'], cells['Ready']]).toEqual([reason, ready])
  })

  it.each<[string, string, string]>([
    ['Running', '', 'Terminating'],
    ['Running', 'NodeLost', 'Unknown'],
    ['Succeeded', '', 'Succeeded'],
  ])('being deleted, in the phase %s %s', (phase, reason, printed) => {
    const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z' }
    expect(cellsOf(pods, { status: { phase, reason } }, deleted)['Status']).toBe(printed)
  })

  it('restarts are counted, with the time of the last', () => {
    const lastState = { terminated: { finishedAt: '2026-01-01T00:55:00Z' } }
    const status = {
      containerStatuses: [
        { ...up, restartCount: 2, lastState },
        { ...up, restartCount: 1 },
      ],
    }
    expect(cellsOf(pods, { status })['Restarts']).toBe('3 (5m ago)')
    expect(cellsOf(pods, { status: { containerStatuses: [{ restartCount: 4 }] } })['Restarts']).toBe('4')
    expect(cellsOf(pods, {})['Restarts']).toBe('0')
  })

  it('places are shown with -o wide', () => {
    const gates = { readinessGates: [{ conditionType: 'a' }, { conditionType: 'b' }] }
    const status = { podIPs: [{ ip: '10.0.0.1' }], conditions: [{ type: 'a', status: 'True' }] }
    expect(cellsOf(pods, { spec: { nodeName: 'n', ...gates }, status })).toMatchObject({
      IP: '10.0.0.1',
      Node: 'n',
      'Nominated Node': '<none>',
      'Readiness Gates': '1/2',
    })
    expect(cellsOf(pods, {})).toMatchObject({ IP: '<none>', Node: '<none>', 'Readiness Gates': '<none>' })
  })
})

describe('nodes', () => {
  it('roles are labels', () => {
    const labels = {
      'node-role.kubernetes.io/worker': '',
      'node-role.kubernetes.io/control-plane': '',
      'kubernetes.io/role': 'worker',
      other: 'x',
    }
    expect(cellsOf(nodes, {}, { labels })['Roles']).toBe('control-plane,worker')
    expect(cellsOf(nodes, {})['Roles']).toBe('<none>')
  })

  it('a node is what its status says', () => {
    const status = {
      conditions: [{ type: 'Ready', status: 'True' }],
      nodeInfo: {
        kubeletVersion: 'v1.36.2',
        osImage: 'Debian',
        kernelVersion: '6',
        containerRuntimeVersion: 'c',
      },
      addresses: [
        { type: 'Hostname', address: 'h' },
        { type: 'InternalIP', address: '10.0.0.1' },
      ],
    }
    expect(cellsOf(nodes, { spec: { unschedulable: true }, status })).toEqual({
      Status: 'Ready,SchedulingDisabled',
      Roles: '<none>',
      Version: 'v1.36.2',
      'Internal-IP': '10.0.0.1',
      'External-IP': '<none>',
      'OS-Image': 'Debian',
      'Kernel-Version': '6',
      'Container-Runtime': 'c',
    })
    expect(cellsOf(nodes, {})).toMatchObject({ Status: 'Unknown', Version: '', 'OS-Image': '<unknown>' })
    const unready = { conditions: [{ type: 'Ready', status: 'Unknown' }] }
    expect(cellsOf(nodes, { status: unready })['Status']).toBe('NotReady')
  })
})

describe('services', () => {
  it.each<[object, object, string, string]>([
    [{ type: 'ClusterIP', ports: [{ port: 80 }] }, {}, '<none>', '80/TCP'],
    [{ type: 'ClusterIP', externalIPs: ['1.1.1.1', '1.1.1.2'] }, {}, '1.1.1.1,1.1.1.2', '<none>'],
    [
      { type: 'NodePort', ports: [{ port: 53, nodePort: 30053, protocol: 'UDP' }] },
      {},
      '<none>',
      '53:30053/UDP',
    ],
    [{ type: 'LoadBalancer' }, {}, '<pending>', '<none>'],
    [
      { type: 'LoadBalancer' },
      { loadBalancer: { ingress: [{ ip: '1.1.1.1' }, { hostname: 'h' }] } },
      '1.1.1.1,h',
      '<none>',
    ],
    [{ type: 'ExternalName', externalName: 'example.com' }, {}, 'example.com', '<none>'],
    [{}, {}, '<none>', '<none>'],
  ])('the address and ports of %j', (spec, status, external, ports) => {
    const cells = cellsOf(services, { spec, status })
    expect([cells['External-IP'], cells['Port(s)']]).toEqual([external, ports])
  })

  it('the address in the cluster, and the selector', () => {
    const spec = { clusterIP: '10.0.0.1', selector: { b: '2', a: '1' } }
    expect(cellsOf(services, { spec })).toMatchObject({ 'Cluster-IP': '10.0.0.1', Selector: 'a=1,b=2' })
    expect(cellsOf(services, {})).toMatchObject({ 'Cluster-IP': '<none>', Selector: '<none>' })
  })
})
