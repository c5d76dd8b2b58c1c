import { beforeEach, describe, expect, it } from 'vitest'
import { allow, type Attributes, type Authorizer, noOpinion } from '@kube-authn/core/authorization'
import { fixedClock } from '../../../../core/test/fakes.ts'
import { CN, O, subjectAltName } from '../../../../x509/test/certificates.ts'
import type { RequestInit } from '../../../../x509/test/requests.ts'
import { APPROVED, callerOf, clientRequest, DENIED, withCondition } from '../../../test/signing-requests.ts'
import { readKubeObject } from '../../registry/read-kube-object.ts'
import type { KubeObject } from '../../registry/kube-object.ts'
import { registry, type Registry } from '../../registry/registry.ts'
import { certificateSigningRequests as resource } from '../../registry/resources/certificates/certificate-signing-requests.ts'
import { allResources } from '../../registry/resources/index.ts'
import { memoryObjectStore } from '@kube-authn/store'
import { csrApprover } from './csr-controllers.ts'

const NAME = { resource, namespace: '', name: 'x' }
const SPEC = {
  signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
  usages: ['digital signature', 'client auth'],
}
const NODE: RequestInit = {
  subject: [
    [O, 'system:nodes'],
    [CN, 'system:node:n1'],
  ],
}

let objects: Registry
let asked: Attributes[]

beforeEach(() => {
  const clock = fixedClock(1_800_000_000_000)
  objects = registry({ store: memoryObjectStore({ clock }), resources: allResources, clock })
  asked = []
})

/** Allows these subresources. */
function allowing(...subresources: readonly string[]): Authorizer {
  return {
    name: 'nodes',
    authorize(attributes) {
      asked.push(attributes)
      return subresources.includes(attributes.subresource) ? allow() : noOpinion()
    },
  }
}

async function created(
  init: RequestInit = NODE,
  spec: object = {},
  username = 'system:node:n1',
): Promise<KubeObject> {
  const fields = { metadata: { name: 'x' }, ...(await clientRequest(init, { ...SPEC, ...spec })) }
  const { object } = readKubeObject(fields, resource)
  const caller = callerOf(username, { uid: 'u', groups: ['g'], extra: { k: ['v'] } })
  return objects.create({ resource, namespace: '' }, object, { caller })
}

const look = (object: KubeObject | undefined, authorizer: Authorizer) =>
  csrApprover({ registry: objects, authorizer }).reconcile(NAME, object)
const conditions = async () => ((await objects.get(NAME))['status'] as { conditions?: unknown }).conditions

describe('a node', () => {
  it('may have a certificate for itself', async () => {
    await look(await created(), allowing('selfnodeclient'))
    expect(await conditions()).toEqual([
      {
        type: 'Approved',
        status: 'True',
        reason: 'AutoApproved',
        message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
        lastUpdateTime: '2027-01-15T08:00:00Z',
        lastTransitionTime: '2027-01-15T08:00:00Z',
      },
    ])
    expect(asked).toEqual([
      expect.objectContaining({
        verb: 'create',
        apiGroup: 'certificates.k8s.io',
        resource: 'certificatesigningrequests',
        subresource: 'selfnodeclient',
        namespace: '',
        user: { username: 'system:node:n1', uid: 'u', groups: ['g'], extra: { k: ['v'] } },
      }),
    ])
  })

  it('may have it as any node, if it may not for itself', async () => {
    await look(await created(), allowing('nodeclient'))
    expect(asked.map(({ subresource }) => subresource)).toEqual(['selfnodeclient', 'nodeclient'])
    expect(await conditions()).toMatchObject([
      { message: 'Auto approving kubelet client certificate after SubjectAccessReview.' },
    ])
  })

  it('is not asked about itself if another user asks', async () => {
    await look(await created(NODE, {}, 'system:bootstrap:abc'), allowing('nodeclient', 'selfnodeclient'))
    expect(asked.map(({ subresource }) => subresource)).toEqual(['nodeclient'])
  })

  it('has to wait if neither is allowed', async () => {
    const object = await created()
    await expect(look(object, allowing())).rejects.toThrow(
      'recognized csr "x" as [selfnodeclient nodeclient] but subject access review was not approved',
    )
    await expect(
      look(object, { name: 'down', authorize: () => Promise.reject(new Error('x')) }),
    ).rejects.toThrow('was not approved')
    expect(await conditions()).toBeUndefined()
  })
})

describe('nothing else is approved', () => {
  it.each<[string, RequestInit, object]>([
    ['another signer', NODE, { signerName: 'kubernetes.io/kube-apiserver-client' }],
    ['a serving certificate', NODE, { signerName: 'kubernetes.io/kubelet-serving' }],
    ['another user', { subject: 'system:node:n1' }, {}],
    [
      'another name',
      {
        subject: [
          [O, 'system:nodes'],
          [CN, 'n1'],
        ],
      },
      {},
    ],
    ['a host', { ...NODE, extensions: [subjectAltName('dns:n1')] }, {}],
    ['other usages', NODE, { usages: ['digital signature', 'client auth', 'server auth'] }],
  ])('%s', async (_, init, spec) => {
    await look(await created(init, spec), allowing('nodeclient', 'selfnodeclient'))
    expect([asked, await conditions()]).toEqual([[], undefined])
  })

  it.each([APPROVED, DENIED])('what is decided: $type', async (condition) => {
    const object = await objects.update(
      { ...NAME, subresource: 'approval' },
      withCondition(await created(), condition),
    )
    await look(object, allowing('nodeclient', 'selfnodeclient'))
    expect([asked, await objects.get(NAME)]).toEqual([[], object])
  })

  it('what is decided or deleted meanwhile', async () => {
    const object = await created()
    const denied = await objects.update({ ...NAME, subresource: 'approval' }, withCondition(object, DENIED))
    await look(object, allowing('nodeclient'))
    expect(await objects.get(NAME)).toEqual(denied)
    await objects.delete(NAME)
    await look(object, allowing('nodeclient'))
    await look(undefined, allowing('nodeclient'))
  })
})
