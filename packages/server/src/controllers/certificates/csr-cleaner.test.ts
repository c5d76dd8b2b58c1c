import { beforeEach, describe, expect, it } from 'vitest'
import { isStatusError } from '@kube-authn/core/internal'
import { fixedClock } from '../../../../core/test/fakes.ts'
import { issueCa } from '../../../../x509/test/certificates.ts'
import { callerOf, clientRequest } from '../../../test/signing-requests.ts'
import type { KubeObject } from '../../registry/kube-object.ts'
import { readKubeObject } from '../../registry/read-kube-object.ts'
import { registry, type Registry } from '../../registry/registry.ts'
import { certificateSigningRequests as resource } from '../../registry/resources/certificates/certificate-signing-requests.ts'
import { allResources } from '../../registry/resources/index.ts'
import { memoryObjectStore } from '@kube-authn/store'
import { csrCleaner } from './csr-cleaner.ts'

const NOW_MS = 1_800_000_000_000
const HOUR_MS = 3_600_000
const NAME = { resource, namespace: '', name: 'x' }
const at = (agoMs: number): string => new Date(NOW_MS - agoMs).toISOString().replace('.000', '')
const [least, valid, endsNow] = await Promise.all([
  clientRequest(),
  issueCa().then(({ pem }) => btoa(pem)),
  issueCa({ notAfter: at(0) }).then(({ pem }) => btoa(pem)),
])

let clock: ReturnType<typeof fixedClock>
let objects: Registry

beforeEach(async () => {
  clock = fixedClock(NOW_MS)
  objects = registry({ store: memoryObjectStore({ clock }), resources: allResources, clock })
  const { object } = readKubeObject({ metadata: { name: 'x' }, ...least }, resource)
  await objects.create({ resource, namespace: '' }, object, { caller: callerOf('jane') })
})

/** What becomes of a request: `deleted`, or after how long it is looked at again. */
async function fate(status: object, createdMsAgo = 0): Promise<'deleted' | number | undefined> {
  const stored = await objects.get(NAME)
  const metadata = { ...stored.metadata, creationTimestamp: at(createdMsAgo) }
  const { againAfterMs } = await look({ ...stored, metadata, status })
  const isGone = await objects.get(NAME).then(
    () => false,
    (error: unknown) => isStatusError(error) && error.status === 404,
  )
  return isGone ? 'deleted' : againAfterMs
}
const look = (object: KubeObject | undefined) =>
  csrCleaner({ registry: objects, clock }).reconcile(NAME, object)
const only = (type: string, ms: number) => [{ type, status: 'True', lastUpdateTime: at(ms) }]

describe('a request goes', () => {
  it.each<[string, (ms: number) => readonly [status: object, createdMsAgo: number], number]>([
    ['after a day without a decision', (ms) => [{}, ms], 24 * HOUR_MS],
    ['an hour after a denial', (ms) => [{ conditions: only('Denied', ms) }, 0], HOUR_MS],
    ['an hour after a failure', (ms) => [{ conditions: only('Failed', ms) }, 0], HOUR_MS],
    [
      'an hour after a certificate was issued',
      (ms) => [{ conditions: only('Approved', ms), certificate: valid }, 0],
      HOUR_MS,
    ],
    [
      'a day after an approval without a certificate',
      (ms) => [{ conditions: only('Approved', ms) }, 0],
      24 * HOUR_MS,
    ],
    [
      'an hour after a failure that follows an approval',
      (ms) => [{ conditions: [...only('Approved', ms), ...only('Failed', ms)] }, 0],
      HOUR_MS,
    ],
  ])('%s', async (_, given, limitMs) => {
    expect(await fate(...given(limitMs))).toBe(1)
    expect(await fate(...given(limitMs - 60_000))).toBe(60_001)
    expect(await fate(...given(limitMs + 1000))).toBe('deleted')
  })

  it('when its certificate has expired', async () => {
    const status = { conditions: only('Approved', 1000), certificate: endsNow }
    expect(await fate(status)).toBe(1)
    clock.advance(1)
    expect(await fate(status)).toBe('deleted')
  })
})

describe('a request stays', () => {
  const old = 1000 * HOUR_MS
  it.each<[string, object]>([
    ['with other conditions only', { conditions: only('Ready', old) }],
    ['with a certificate that is not approved', { conditions: only('Ready', old), certificate: endsNow }],
    ['without the time of its condition', { conditions: [{ type: 'Denied', status: 'True' }] }],
    [
      'with a certificate that cannot be read',
      { conditions: [{ type: 'Approved', status: 'True' }], certificate: btoa('x') },
    ],
  ])('%s, and is looked at every hour', async (_, status) => {
    expect(await fate(status, old)).toBe(HOUR_MS)
  })

  it('in 1.35 if it was approved and got no certificate', async () => {
    const status = { conditions: only('Approved', old) }
    const object = { ...(await objects.get(NAME)), status }
    const cleaner = csrCleaner({ registry: objects, clock, kubernetesVersion: '1.35' })
    expect(await cleaner.reconcile(NAME, object)).toEqual({ againAfterMs: HOUR_MS })
    await expect(objects.get(NAME)).resolves.toBeDefined()
  })

  it('if it changed meanwhile', async () => {
    const stored = await objects.get(NAME)
    await objects.update(NAME, (each) => ({ ...each, metadata: { ...each.metadata, labels: { a: 'b' } } }))
    clock.advance(25 * HOUR_MS)
    await look(stored)
    expect((await objects.get(NAME)).metadata.labels).toEqual({ a: 'b' })
  })
})

it('what is gone is no error', async () => {
  const stored = await objects.get(NAME)
  await objects.delete(NAME)
  clock.advance(25 * HOUR_MS)
  expect([await look(stored), await look(undefined)]).toEqual([{}, {}])
})
