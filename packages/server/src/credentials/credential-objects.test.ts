import { generateKeyPairSync } from 'node:crypto'
import { bootstrapToken, createBootstrapToken } from '@kube-authn/core/bootstrap-token'
import { LAST_USED_LABEL, legacyServiceAccountToken } from '@kube-authn/core/service-account'
import { signingKeyFromPem } from '@kube-authn/issuer'
import { signToken } from '@kube-authn/issuer/internal'
import { ConfigurationError } from '@kube-authn/core'
import { fixedClock } from '@kube-authn/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { registry, type Registry } from '../registry/registry.ts'
import { allResources } from '../registry/resources/index.ts'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import { readKubeObject } from '../registry/read-kube-object.ts'
import { type CredentialObjects, credentialObjects } from './credential-objects.ts'

const key = await signingKeyFromPem(
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'sec1', format: 'pem' })
    .toString(),
)
const clock = fixedClock()

let store: ObjectStore
let reads: string[]
let objects: Registry
let found: CredentialObjects

beforeEach(async () => {
  const kept = memoryObjectStore({ clock })
  reads = []
  store = {
    ...kept,
    get(name) {
      reads.push(name)
      return kept.get(name)
    },
  }
  objects = registry({ store, resources: allResources, clock })
  await objects.createSystemNamespaces()
  found = credentialObjects(store)
})

async function create(plural: string, name: string, rest: object = {}, namespace = 'default') {
  const resource = allResources.find((each) => each.plural === plural)!
  const { object } = readKubeObject({ metadata: { name }, ...rest }, resource)
  const created = await objects.create(
    { resource, namespace: resource.isNamespaced ? namespace : '' },
    object,
  )
  reads = []
  return created
}

describe('credentialObjects', () => {
  it('reads a service account', async () => {
    const { metadata } = await create('serviceaccounts', 'cart', { secrets: [{ name: 'a' }, {}] })
    const { uid, resourceVersion } = metadata
    expect(await found.serviceAccounts.getServiceAccount('default', 'cart')).toEqual({
      namespace: 'default',
      name: 'cart',
      uid,
      resourceVersion,
      secrets: ['a', ''],
    })
    expect(reads).toEqual(['/registry/serviceaccounts/default/cart'])
  })

  it('reads a secret with its values decoded', async () => {
    const metadata = { name: 's', labels: { a: 'b' }, annotations: { c: 'd' } }
    const { metadata: written } = await create('secrets', 's', {
      metadata,
      stringData: { token: 'Tö', empty: '' },
    })
    expect(await found.serviceAccounts.getSecret('default', 's')).toEqual({
      namespace: 'default',
      name: 's',
      uid: written.uid,
      resourceVersion: written.resourceVersion,
      type: 'Opaque',
      labels: { a: 'b' },
      annotations: { c: 'd' },
      data: { token: 'Tö', empty: '' },
      creationTimestampMs: clock.now(),
    })
    expect(reads).toHaveLength(1)
  })

  it('reads pods and nodes', async () => {
    const pod = await create('pods', 'p', { spec: { nodeName: 'n' } })
    const node = await create('nodes', 'n')
    expect(await found.serviceAccounts.getPod('default', 'p')).toEqual({
      namespace: 'default',
      name: 'p',
      uid: pod.metadata.uid,
      serviceAccountName: 'default',
      nodeName: 'n',
    })
    expect(await found.serviceAccounts.getNode('n')).toEqual({ name: 'n', uid: node.metadata.uid })
    expect(reads).toHaveLength(2)
  })

  it('says when something is being deleted', async () => {
    const metadata = { name: 's', finalizers: ['example.com/x'] }
    await create('secrets', 's', { metadata })
    const resource = allResources.find(({ plural }) => plural === 'secrets')!
    await objects.delete({ resource, namespace: 'default', name: 's' })
    expect(await found.serviceAccounts.getSecret('default', 's')).toMatchObject({
      deletionTimestampMs: clock.now(),
    })
  })

  it.each([
    ['default', 'gone'],
    ['', 'default/s'],
    ['default/s', ''],
    ['', ''],
    ['other', '../default/s'],
    ['default', 'x'.repeat(2000)],
    ['default', '__proto__'],
    ['default', '\u0000'],
  ])('finds nothing in %j with the name %j', async (namespace, name) => {
    await create('secrets', 's')
    const { getSecret, getServiceAccount, getPod, getNode } = found.serviceAccounts
    const answers = [getSecret(namespace, name), getServiceAccount(namespace, name), getPod(namespace, name)]
    expect(await Promise.all([...answers, getNode(name)])).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  it('fails if the store fails', async () => {
    await store.close()
    await expect(found.serviceAccounts.getSecret('default', 's')).rejects.toMatchObject({ code: 'closed' })
  })

  it('labels the secret that is meant', async () => {
    const { metadata } = await create('secrets', 's', { metadata: { name: 's', labels: { a: 'b' } } })
    const { labelSecret, getSecret } = found.serviceAccounts
    await labelSecret('default', 's', 'used', '1', { uid: 'other' })
    await labelSecret('default', 's', 'used', '1', { resourceVersion: '1' })
    await labelSecret('default', 'gone', 'used', '1', {})
    expect(await getSecret('default', 's')).toMatchObject({
      labels: { a: 'b' },
      resourceVersion: metadata.resourceVersion,
    })
    await labelSecret('default', 's', 'used', '1', { uid: metadata.uid })
    expect(await getSecret('default', 's')).toMatchObject({ labels: { a: 'b', used: '1' } })
  })

  it('is what legacy tokens are checked against, and where their last use is written', async () => {
    const account = await create('serviceaccounts', 'cart')
    const claim = 'kubernetes.io/serviceaccount/'
    const token = await signToken(key, {
      iss: 'kubernetes/serviceaccount',
      sub: 'system:serviceaccount:default:cart',
      [`${claim}namespace`]: 'default',
      [`${claim}secret.name`]: 's',
      [`${claim}service-account.name`]: 'cart',
      [`${claim}service-account.uid`]: account.metadata.uid,
    })
    const annotations = { 'kubernetes.io/service-account.name': 'cart' }
    const type = 'kubernetes.io/service-account-token'
    await create('secrets', 's', { metadata: { name: 's', annotations }, type, stringData: { token } })
    const tokens = legacyServiceAccountToken({
      keys: [key.verificationKey],
      audiences: ['api'],
      objects: found.serviceAccounts,
      clock,
    })
    const answer = await tokens.authenticateToken(token, {})
    expect(answer?.user.username).toBe('system:serviceaccount:default:cart')
    const secret = await found.serviceAccounts.getSecret('default', 's')
    expect(secret?.labels).toEqual({ [LAST_USED_LABEL]: '2030-01-01' })
    // It is written once a day.
    const before = await store.revision()
    await tokens.authenticateToken(token, {})
    expect(await store.revision()).toBe(before)
    const resource = allResources.find(({ plural }) => plural === 'secrets')!
    await objects.delete({ resource, namespace: 'default', name: 's' })
    await expect(tokens.authenticateToken(token, {})).rejects.toThrow('Token has been invalidated')
  })

  it('is where bootstrap tokens are, in kube-system only', async () => {
    const { token, secret } = createBootstrapToken({ clock })
    const { name, type, data } = secret
    const tokens = bootstrapToken({ secrets: found.bootstrapSecrets, clock })
    await create('secrets', name, { type, stringData: data })
    expect(await tokens.authenticateToken(token, {})).toBeUndefined()
    await create('secrets', name, { type, stringData: data }, 'kube-system')
    expect((await tokens.authenticateToken(token, {}))?.user.groups).toContain('system:bootstrappers')
    expect(reads).toEqual([`/registry/secrets/kube-system/${name}`])
  })

  it('wants a store', () => {
    expect(() => credentialObjects({} as never)).toThrow(ConfigurationError)
  })
})
