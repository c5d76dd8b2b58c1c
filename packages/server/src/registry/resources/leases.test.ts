import { beforeEach, describe, expect, it } from 'vitest'
import { fixedClock } from '../../../../core/test/fakes.ts'
import { memoryObjectStore } from '@kube-authn/store'
import type { KubeObject } from '../kube-object.ts'
import { readKubeObject } from '../read-kube-object.ts'
import { registry, type Registry } from '../registry.ts'
import { leases } from './leases.ts'

let objects: Registry
const target = { resource: leases, namespace: 'default', name: 'x' }

beforeEach(async () => {
  const clock = fixedClock(Date.parse('2026-01-01T00:00:00Z'))
  objects = registry({ store: memoryObjectStore({ clock }), resources: [leases], clock })
  await objects.createSystemNamespaces()
})

function sent(spec: unknown, metadata: object = {}): KubeObject {
  const { object, errors } = readKubeObject({ metadata: { name: 'x', ...metadata }, spec }, leases)
  if (errors.errors.length > 0) throw new Error(errors.toString())
  return object
}
const create = (spec: unknown) => objects.create({ resource: leases, namespace: 'default' }, sent(spec))

describe('a lease', () => {
  it('is kept as it was sent, without the fields of a gate that is off', async () => {
    const spec = {
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-01T00:00:00.123456Z',
      renewTime: '2026-01-01T00:00:02.000000Z',
      leaseTransitions: 0,
    }
    const created = await create({ ...spec, strategy: 'OldestEmulationVersion', preferredHolder: 'b' })
    expect(created['spec']).toEqual(spec)
    expect(leases.columns.map(({ name, cell }) => [name, cell(created, 0)])).toContainEqual(['Holder', 'a'])
  })

  it.each([undefined, {}])('may be empty: %j', async (spec) => {
    expect((await create(spec))['spec']).toEqual({})
  })

  it.each([
    [{ leaseDurationSeconds: 1 }, undefined],
    [{ leaseDurationSeconds: 0 }, 'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'],
    [{ leaseDurationSeconds: -1 }, 'spec.leaseDurationSeconds: Invalid value: -1: must be greater than 0'],
    [{ leaseTransitions: 0 }, undefined],
    [
      { leaseTransitions: -1 },
      'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
    ],
    [{ leaseDurationSeconds: '15' }, 'spec.leaseDurationSeconds'],
    [{ leaseDurationSeconds: 2 ** 31 }, 'spec.leaseDurationSeconds'],
    [{ renewTime: 'now' }, 'spec.renewTime'],
    [{ holder: 'a' }, 'spec.holder'],
    [[], 'spec'],
  ])('with %j is checked as in Kubernetes', async (spec, message) => {
    const error: unknown = await (async () => create(spec))().catch((thrown: unknown) => thrown)
    if (message === undefined) expect(error).toMatchObject({ kind: 'Lease' })
    else expect(String(error)).toContain(message)
  })

  it('is created by PUT, and replaced only by who names its version', async () => {
    const { object, isCreated } = await objects.put(target, sent({ holderIdentity: 'a' }))
    expect(isCreated).toBe(true)
    await expect(objects.put(target, sent({ holderIdentity: 'b' }))).rejects.toThrow(
      'metadata.resourceVersion: Invalid value: 0: must be specified for an update',
    )
    const { resourceVersion } = object.metadata
    const next = sent({ holderIdentity: 'b' }, { resourceVersion })
    expect((await objects.put(target, next)).isCreated).toBe(false)
    await expect(objects.put(target, next)).rejects.toThrow('the object has been modified')
    await expect(
      objects.put(target, sent({ leaseDurationSeconds: 0 }, { resourceVersion: '' })),
    ).rejects.toThrow('must be specified')
  })
})
