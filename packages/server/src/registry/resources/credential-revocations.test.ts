import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { memoryObjectStore } from '@kube-authn/store'
import { registry } from '../registry.ts'
import { credentialRevocations } from './credential-revocations.ts'

const NOW = Date.parse('2026-11-26T12:00:00.500Z')
const DIGEST = 'a'.repeat(64)
const ONE = 'spec: Invalid value: "": must have one of credentialID, tokenSHA256, user and attribute'

function opened() {
  const clock = fixedClock(NOW)
  const store = memoryObjectStore({ clock })
  return { clock, objects: registry({ store, resources: [credentialRevocations], clock }) }
}

/** What is wrong with a spec; `created` if nothing is. */
async function outcomeOf(spec: object, { objects } = opened()): Promise<string> {
  const object = {
    apiVersion: 'authentication.kube-authn.dev/v1',
    kind: 'CredentialRevocation',
    metadata: { name: 'one' },
    spec,
  }
  return objects.create({ resource: credentialRevocations, namespace: '' }, object).then(
    () => 'created',
    (error: unknown) => (error instanceof Error ? error.message : 'no error'),
  )
}

describe('a credential revocation', () => {
  it.each([
    { user: 'jane' },
    { user: 'jane', issuedBefore: '2026-11-26T12:00:00Z' },
    { credentialID: 'JTI=1' },
    { tokenSHA256: DIGEST },
    { attribute: { key: 'sid', value: '1' } },
    { user: 'jane', expirationTime: '2026-11-26T12:00:01Z' },
    { user: 'jane', expirationTime: '2026-11-26T13:00:01+01:00' },
  ])('is created with %j', async (spec) => {
    expect(await outcomeOf(spec)).toBe('created')
  })

  it.each([
    [{}, ONE],
    [{ user: 'jane', credentialID: 'JTI=1' }, ONE],
    [
      { credentialID: 'JTI=1', issuedBefore: '2026-11-26T12:00:00Z' },
      'spec.issuedBefore: Invalid value: "": needs user',
    ],
    [{ tokenSHA256: 'abc' }, 'spec.tokenSHA256: Invalid value: "": must be a SHA-256 digest in hexadecimal'],
    [
      { credentialID: 'X509SHA256=1' },
      'spec.credentialID: Invalid value: "": must have a digest after X509SHA256=',
    ],
    [{ attribute: { key: 'sid' } }, 'spec.attribute.value: Required value'],
    [{ attribute: { key: 'sid', value: '' } }, 'spec.attribute.value: Required value'],
    [{ attribute: { value: '1' } }, 'spec.attribute.key: Invalid value: "": must not be empty'],
    [
      { user: 'jane', expirationTime: '2026-11-26T11:59:59Z' },
      'spec.expirationTime: Invalid value: "2026-11-26T11:59:59Z": must be in the future',
    ],
    [
      { user: 'jane', expirationTime: '2026-11-26T12:00:00Z' },
      'spec.expirationTime: Invalid value: "2026-11-26T12:00:00Z": must be in the future',
    ],
    [{ user: 'jane', expirationTime: '0001-01-01T00:00:00Z' }, 'must be in the future'],
  ])('is refused with %j', async (spec, message) => {
    const outcome = await outcomeOf(spec)
    expect(outcome).toContain(message)
    expect(outcome).not.toMatch(/credentialId|tokenSha256|Ms\b/)
  })

  it('can still be changed when its end is near or over', async () => {
    const { objects, clock } = opened()
    const spec = { user: 'jane', expirationTime: '2026-11-26T12:00:01Z' }
    expect(await outcomeOf(spec, { objects, clock })).toBe('created')
    const target = { resource: credentialRevocations, namespace: '', name: 'one' }
    const created = await objects.get(target)
    const labelled = { ...created, metadata: { ...created.metadata, labels: { seen: 'yes' } } }
    expect((await objects.update(target, labelled)).metadata.labels).toEqual({ seen: 'yes' })
  })
})
