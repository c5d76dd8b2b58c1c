import { beforeEach, describe, expect, it } from 'vitest'
import { fixedClock } from '../../../../core/test/fakes.ts'
import { memoryObjectStore } from '@kube-authn/store'
import { readKubeObject } from '../read-kube-object.ts'
import { registry, type Registry } from '../registry.ts'
import { events } from './events.ts'

const HOUR_MS = 3_600_000

let clock: ReturnType<typeof fixedClock>
let objects: Registry

beforeEach(async () => {
  clock = fixedClock(Date.parse('2026-01-01T00:00:00Z'))
  objects = registry({ store: memoryObjectStore({ clock }), resources: [events], clock })
  await objects.createSystemNamespaces()
})

const create = (fields: object, namespace = 'default') => {
  const sent = readKubeObject({ metadata: { name: 'x' }, ...fields }, events)
  expect(sent.errors.toString()).toBe('')
  return objects.create({ resource: events, namespace }, sent.object)
}
const target = { resource: events, namespace: 'default', name: 'x' }

const POD = { kind: 'Pod', namespace: 'default', name: 'p', uid: 'u' }
const NEW = {
  eventTime: '2026-01-01T00:00:00.000000Z',
  reportingComponent: 'example.com/robot',
  reportingInstance: 'r-1',
  action: 'Act',
  reason: 'Because',
}

it('an event is gone an hour after its last change', async () => {
  const created = await create({ involvedObject: POD, count: 1 })
  clock.advance(HOUR_MS - 1)
  await objects.update(target, { ...created, count: 2 })
  clock.advance(HOUR_MS - 1)
  expect(await objects.get(target)).toMatchObject({ count: 2 })
  clock.advance(1)
  await expect(objects.get(target)).rejects.toThrow('not found')
})

it('events are found by what they are about', async () => {
  await create({ involvedObject: POD, source: { component: 'kubelet' }, type: 'Warning', reason: 'R' })
  const found = async (fieldSelector: string) => {
    const { items } = await objects.list({ resource: events, namespace: 'default', fieldSelector })
    return items.length
  }
  expect(await found('involvedObject.name=p,involvedObject.uid=u,involvedObject.kind=Pod')).toBe(1)
  expect(await found('source=kubelet,type=Warning,reason=R,involvedObject.namespace=default')).toBe(1)
  expect(await found('type!=Warning')).toBe(0)
  expect(await found('involvedObject.fieldPath=spec')).toBe(0)
  await expect(found('message=x')).rejects.toThrow('field label not supported')
})

it('null is an absent time, as client-go sends it', async () => {
  const created = await create({ involvedObject: POD, eventTime: null, firstTimestamp: null, series: null })
  expect(created).toMatchObject({ eventTime: null, firstTimestamp: null })
  expect(created).not.toHaveProperty('series')
})

it('has the fields that Kubernetes always writes', async () => {
  expect(await create({ involvedObject: POD, source: { component: 'c' } })).toMatchObject({
    source: { component: 'c' },
    firstTimestamp: null,
    lastTimestamp: null,
    eventTime: null,
    reportingComponent: '',
    reportingInstance: '',
  })
})

describe('the namespace', () => {
  it.each<[string, object, string, boolean]>([
    ['default', POD, 'old', true],
    ['kube-system', POD, 'old', false],
    ['default', { kind: 'Node', name: 'n' }, 'old', true],
    ['kube-system', { kind: 'Node', name: 'n' }, 'old', false],
    ['kube-system', { kind: 'Node', name: 'n' }, 'new', true],
    ['kube-public', { kind: 'Node', name: 'n' }, 'new', false],
    ['kube-system', POD, 'new', true],
  ])('%s, about %j, of an %s client: %j', async (namespace, involvedObject, age, isValid) => {
    const created = create({ involvedObject, ...(age === 'new' && NEW) }, namespace)
    if (isValid) expect((await created).metadata.name).toBe('x')
    else await expect(created).rejects.toThrow('involvedObject.namespace: Invalid value')
  })
})

describe('an event with eventTime', () => {
  it.each<[string, object, string]>([
    ['needs a component', { reportingComponent: '' }, 'reportingComponent: Required value'],
    ['needs a sound component', { reportingComponent: 'a b' }, 'reportingComponent: Invalid value'],
    ['needs an instance', { reportingInstance: undefined }, 'reportingInstance: Required value'],
    ['needs an action', { action: '' }, 'action: Required value'],
    ['needs a reason', { reason: '' }, 'reason: Required value'],
    ['has a short reason', { reason: 'x'.repeat(129) }, 'reason: Invalid value'],
    ['has a short message', { message: 'x'.repeat(1025) }, 'message: Invalid value'],
  ])('%s', async (_what, fields, problem) => {
    await expect(create({ involvedObject: POD, ...NEW, ...fields })).rejects.toThrow(problem)
  })

  it('may be as long as that', async () => {
    const fields = { reason: 'x'.repeat(128), message: 'x'.repeat(1024) }
    expect(await create({ involvedObject: POD, ...NEW, ...fields })).toMatchObject(fields)
  })
})

describe('the table', () => {
  const cellsOf = (fields: object): Record<string, unknown> => {
    const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'x' }, ...fields }
    return Object.fromEntries(events.columns.map(({ name, cell }) => [name, cell(event, clock.now())]))
  }

  it('shows when it was seen, and what it is about', () => {
    clock.advance(90_000)
    expect(
      cellsOf({
        involvedObject: { ...POD, fieldPath: 'spec' },
        source: { component: 'kubelet', host: 'n' },
        firstTimestamp: '2026-01-01T00:00:00Z',
        lastTimestamp: '2026-01-01T00:01:00Z',
        count: 3,
        type: 'Normal',
        reason: 'R',
        message: ' m\n',
      }),
    ).toEqual({
      'Last Seen': '30s',
      Type: 'Normal',
      Reason: 'R',
      Object: 'pod/p',
      Subobject: 'spec',
      Source: 'kubelet, n',
      Message: 'm',
      'First Seen': '90s',
      Count: 3,
      Name: 'x',
    })
  })

  it('shows those of newer clients', () => {
    clock.advance(90_000)
    const series = { count: 7, lastObservedTime: '2026-01-01T00:01:20.000000Z' }
    const { involvedObject } = { involvedObject: { name: 'p' } }
    expect(cellsOf({ involvedObject, ...NEW, series })).toMatchObject({
      'Last Seen': '10s',
      'First Seen': '90s',
      Object: 'p',
      Source: 'example.com/robot, r-1',
      Count: 7,
    })
    expect(cellsOf({ involvedObject, ...NEW })).toMatchObject({ 'Last Seen': '90s', Count: 1 })
    expect(cellsOf({})).toMatchObject({ 'Last Seen': '<unknown>', Object: '' })
  })
})
