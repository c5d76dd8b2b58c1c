import { generateKeyPairSync } from 'node:crypto'
import { serviceAccountToken } from '@kube-authn/core/service-account'
import { signingKeyFromPem, tokenIssuer } from '@kube-authn/issuer'
import { userInfo } from '@kube-authn/core'
import { fixedClock } from '@kube-authn/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import { credentialObjects } from '../credentials/credential-objects.ts'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import { kubernetesApi } from './api-handler.ts'
import type { KubernetesApi } from './kubernetes-api.ts'

const ISSUER = 'https://issuer.example.com'
const key = await signingKeyFromPem(
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'sec1', format: 'pem' })
    .toString(),
)
const clock = fixedClock()

let store: ObjectStore
let api: KubernetesApi
let annotations: [string, string][]
/** The warnings of the last answer. */
let warning: string | null

beforeEach(async () => {
  store = memoryObjectStore({ clock })
  const objects = credentialObjects(store).serviceAccounts
  const issuer = tokenIssuer({ issuer: ISSUER, signingKey: key, objects, clock, maxExpirationSeconds: 7200 })
  api = await kubernetesApi({ store, clock, tokenIssuer: issuer })
  annotations = []
})

/** The parts of answers that are looked at. */
interface Body {
  readonly metadata: { readonly uid: string }
  readonly spec: Readonly<Record<string, unknown>>
  readonly status: { readonly token: string }
  readonly resources: readonly { readonly name: string }[]
}

async function ask(
  method: string,
  path: string,
  body?: object | string,
  of = api,
): Promise<readonly [number, Body]> {
  const text = typeof body === 'object' ? JSON.stringify(body) : body
  const init = text !== undefined && { body: text, headers: { 'content-type': 'application/json' } }
  const response = await of(new Request(`https://api${path}`, { method, ...init }), {
    user: userInfo({ username: 'jane' }),
    context: { annotate: (name, value) => void annotations.push([name, value]) },
  })
  warning = response.headers.get('warning')
  return [response.status, (await response.json()) as Body]
}
const HERE = '/api/v1/namespaces/default'
const create = (plural: string, name: string, rest: object = {}) =>
  ask('POST', `${HERE}/${plural}`, { metadata: { name }, ...rest })

describe('/token of a service account', () => {
  const TOKEN = `${HERE}/serviceaccounts/jenkins/token`

  it('answers a token that the account is known by, and that ends with the account', async () => {
    const [, account] = await create('serviceaccounts', 'jenkins')
    const [status, body] = await ask('POST', TOKEN, { spec: { audiences: [ISSUER] } })
    expect([status, body]).toMatchObject([
      201,
      {
        kind: 'TokenRequest',
        apiVersion: 'authentication.k8s.io/v1',
        metadata: { name: 'jenkins', namespace: 'default', uid: account.metadata.uid },
        spec: { audiences: [ISSUER], expirationSeconds: 3600, boundObjectRef: null },
        status: { expirationTimestamp: '2030-01-01T01:00:00Z' },
      },
    ])
    expect(annotations).toEqual([
      ['authentication.kubernetes.io/issued-credential-id', expect.stringMatching(/^JTI=/)],
    ])
    const objects = credentialObjects(store).serviceAccounts
    const tokens = serviceAccountToken({ issuers: [ISSUER], keys: [key.verificationKey], objects, clock })
    const answer = await tokens.authenticateToken(body.status.token, {})
    expect(answer?.user).toMatchObject({
      username: 'system:serviceaccount:default:jenkins',
      uid: account.metadata.uid,
    })
    await ask('DELETE', `${HERE}/serviceaccounts/jenkins`)
    await expect(tokens.authenticateToken(body.status.token, {})).rejects.toThrow('not found')
  })

  it('warns if the token is shorter than asked for', async () => {
    await create('serviceaccounts', 'jenkins')
    const [, body] = await ask('POST', TOKEN, { spec: { expirationSeconds: 9000 } })
    expect(body.spec['expirationSeconds']).toBe(7200)
    expect(warning).toContain('requested expiration of 9000 seconds shortened to 7200 seconds')
  })

  it('warns of fields that are unknown or repeated, or refuses them, as the client wants', async () => {
    await create('serviceaccounts', 'jenkins')
    const body =
      '{"__proto__": {"spec": 1}, "frob": 1, "kind": "TokenRequest", "spec": {"audience": "a", "expirationSeconds": 600, "expirationSeconds": 700}}'
    const said = [
      'duplicate field "spec.expirationSeconds"',
      'unknown field "__proto__"',
      'unknown field "frob"',
      'unknown field "spec.audience"',
    ]
    expect((await ask('POST', TOKEN, body))[0]).toBe(201)
    expect(warning?.split(/, (?=299)/)).toEqual(
      said.map((each) => `299 - "${each.replaceAll('"', String.raw`\"`)}"`),
    )
    expect((await ask('POST', `${TOKEN}?fieldValidation=Ignore`, body))[0]).toBe(201)
    expect(warning).toBeNull()
    expect(await ask('POST', `${TOKEN}?fieldValidation=Strict`, body)).toMatchObject([
      400,
      {
        message: expect.stringMatching(
          /strict decoding error: duplicate field "spec\.expirationSeconds", unknown field/,
        ),
      },
    ])
    expect(annotations).toHaveLength(2)
  })

  it('reads an audience that is null as an empty one, and no other', async () => {
    await create('serviceaccounts', 'jenkins')
    const [status, body] = await ask('POST', TOKEN, { spec: { audiences: [null] } })
    expect([status, body.spec['audiences']]).toEqual([201, ['']])
    expect((await ask('POST', TOKEN, { spec: { audiences: [5] } }))[0]).toBe(400)
  })

  it('binds tokens to objects in the store', async () => {
    await create('serviceaccounts', 'jenkins')
    await create('pods', 'worker', { spec: { serviceAccountName: 'jenkins', nodeName: 'n1' } })
    await create('pods', 'other')
    const boundTo = (name: string) => ({ spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name } } })
    expect((await ask('POST', TOKEN, boundTo('worker')))[0]).toBe(201)
    expect((await ask('POST', TOKEN, boundTo('other')))[0]).toBe(400)
    for (const name of ['missing', '../worker', 'x'.repeat(2000), '', '__proto__']) {
      expect((await ask('POST', TOKEN, boundTo(name)))[0]).toBe(404)
    }
  })

  it.each<[string, number, object]>([
    ['of another kind', 400, { kind: 'TokenReview' }],
    ['of another version', 400, { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v2' }],
    ['that is a list', 400, []],
    ['for too short a time', 422, { spec: { expirationSeconds: 599 } }],
    ['of another uid', 409, { metadata: { uid: 'x' } }],
  ])('refuses a request %s', async (_, status, body) => {
    await create('serviceaccounts', 'jenkins')
    expect((await ask('POST', TOKEN, body))[0]).toBe(status)
    expect(annotations).toEqual([])
  })

  it('is not found without the account', async () => {
    expect(await ask('POST', TOKEN, {})).toMatchObject([404, { reason: 'NotFound' }])
  })

  it('is neither served nor discovered without an issuer', async () => {
    const without = await kubernetesApi({ store, clock })
    await create('serviceaccounts', 'jenkins')
    const names = async (of: KubernetesApi): Promise<readonly string[]> =>
      (await ask('GET', '/api/v1', undefined, of))[1].resources.map(({ name }) => name)
    expect(await names(api)).toContain('serviceaccounts/token')
    expect(await names(without)).not.toContain('serviceaccounts/token')
    expect((await without(new Request(`https://api${TOKEN}`, { method: 'POST', body: '{}' }))).status).toBe(
      404,
    )
  })

  it('takes no other method', async () => {
    await create('serviceaccounts', 'jenkins')
    for (const method of ['GET', 'PUT', 'DELETE']) expect((await ask(method, TOKEN))[0]).toBe(405)
  })
})

describe('/eviction of a pod', () => {
  const EVICTION = `${HERE}/pods/worker/eviction`
  const eviction = (rest: object = {}) => ({
    kind: 'Eviction',
    apiVersion: 'policy/v1',
    metadata: { name: 'worker', namespace: 'default' },
    ...rest,
  })
  const isThere = async (): Promise<boolean> => (await ask('GET', `${HERE}/pods/worker`))[0] === 200

  beforeEach(async () => {
    await create('pods', 'worker')
  })

  it.each([
    ['of today', eviction()],
    ['of 1.21', eviction({ apiVersion: 'policy/v1beta1' })],
    ['with a grace period', eviction({ deleteOptions: { gracePeriodSeconds: 30 } })],
    ['without a kind', { metadata: { name: 'worker' } }],
  ])('deletes the pod: %s', async (_, body) => {
    expect(await ask('POST', EVICTION, body)).toEqual([
      201,
      { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
    ])
    expect(await isThere()).toBe(false)
  })

  it.each([
    ['in the query', '?dryRun=All', eviction()],
    ['in its options', '', eviction({ deleteOptions: { dryRun: ['All'] } })],
    ['in both', '?dryRun=All', eviction({ deleteOptions: { dryRun: ['All'] } })],
  ])('deletes nothing with a dry run %s', async (_, query, body) => {
    expect((await ask('POST', EVICTION + query, body))[0]).toBe(201)
    expect(await isThere()).toBe(true)
  })

  it.each<[string, number, string, object]>([
    [
      'of another pod',
      400,
      'name in URL does not match name in Eviction object',
      eviction({ metadata: { name: 'x' } }),
    ],
    ['of no pod', 400, 'name in URL does not match', eviction({ metadata: {} })],
    ['in another namespace', 400, 'namespace', eviction({ metadata: { name: 'worker', namespace: 'x' } })],
    ['of another kind', 400, 'not a Eviction', eviction({ kind: 'Pod' })],
    ['of another version', 400, 'API version', eviction({ apiVersion: 'v1' })],
    [
      'of another uid',
      409,
      'the UID in the precondition (x)',
      eviction({ deleteOptions: { preconditions: { uid: 'x' } } }),
    ],
    [
      'of another version of the pod',
      409,
      'modified',
      eviction({ deleteOptions: { preconditions: { resourceVersion: '1' } } }),
    ],
    ['with options that are none', 400, 'DeleteOptions', eviction({ deleteOptions: 'x' })],
    ['with another dry run', 422, 'dryRun', eviction({ deleteOptions: { dryRun: ['Some'] } })],
    ['with a field of the wrong type', 400, 'name', eviction({ metadata: { name: 5 } })],
  ])('refuses one %s', async (_, status, words, body) => {
    expect(await ask('POST', EVICTION, body)).toMatchObject([
      status,
      { message: expect.stringContaining(words) },
    ])
    expect(await isThere()).toBe(true)
  })

  it('refuses and warns of unknown fields as the client wants', async () => {
    const [status] = await ask('POST', `${EVICTION}?fieldValidation=Strict`, eviction({ other: 1 }))
    expect(status).toBe(400)
    await ask('POST', `${EVICTION}?dryRun=All`, eviction({ other: 1 }))
    expect(warning).toContain('unknown field')
  })

  it('does not find a missing pod', async () => {
    const metadata = { name: 'gone' }
    expect(await ask('POST', `${HERE}/pods/gone/eviction`, eviction({ metadata }))).toMatchObject([
      404,
      { message: 'pods "gone" not found' },
    ])
  })

  it('is discovered with the group of its kind', async () => {
    const [, { resources }] = await ask('GET', '/api/v1')
    expect(resources).toContainEqual({
      name: 'pods/eviction',
      singularName: '',
      namespaced: true,
      group: 'policy',
      version: 'v1',
      kind: 'Eviction',
      verbs: ['create'],
    })
  })
})

describe('the service account of a pod', () => {
  it.each([
    ['is default', {}, 'default'],
    ['is the one it names', { serviceAccountName: 'jenkins' }, 'jenkins'],
    ['may have its older name', { serviceAccount: 'jenkins' }, 'jenkins'],
  ])('%s', async (_, spec, name) => {
    await create('serviceaccounts', 'jenkins')
    expect(await create('pods', 'p', { spec })).toMatchObject([
      201,
      { spec: { serviceAccountName: name, serviceAccount: name } },
    ])
  })

  it('must exist', async () => {
    expect(await create('pods', 'p', { spec: { serviceAccountName: 'gone' } })).toMatchObject([
      403,
      {
        message:
          'pods "p" is forbidden: error looking up service account default/gone: serviceaccount "gone" not found',
      },
    ])
  })

  it('is not given to a mirror pod, and not accepted of one', async () => {
    const metadata = { name: 'p', annotations: { 'kubernetes.io/config.mirror': 'x' } }
    expect(
      (await ask('POST', `${HERE}/pods`, { metadata, spec: { serviceAccountName: 'default' } }))[0],
    ).toBe(403)
    expect(await ask('POST', `${HERE}/pods`, { metadata })).toMatchObject([201, { spec: {} }])
    expect((await ask('GET', `${HERE}/pods/p`))[1].spec['serviceAccountName']).toBeUndefined()
  })

  it.each([
    ['the older name says otherwise', { serviceAccount: 'jenkins' }],
    ['only the older name is sent', { serviceAccountName: undefined }],
    ['only the newer name is sent', { serviceAccount: undefined }],
  ])('stays the same in both fields if %s', async (_, change) => {
    const [, { spec }] = await create('pods', 'p')
    const put = await ask('PUT', `${HERE}/pods/p`, { metadata: { name: 'p' }, spec: { ...spec, ...change } })
    expect(put).toMatchObject([200, { spec: { serviceAccountName: 'default', serviceAccount: 'default' } }])
  })

  it('is not given to a mirror pod later, by either field', async () => {
    const metadata = { name: 'p', annotations: { 'kubernetes.io/config.mirror': 'x' } }
    await ask('POST', `${HERE}/pods`, { metadata })
    for (const field of ['serviceAccountName', 'serviceAccount']) {
      const spec = { [field]: 'default' }
      expect((await ask('PUT', `${HERE}/pods/p`, { metadata, spec }))[0]).toBe(422)
    }
  })

  it('cannot change, nor can its node', async () => {
    await create('serviceaccounts', 'jenkins')
    const [, pod] = await create('pods', 'p')
    const put = async (change: object): Promise<number> =>
      (await ask('PUT', `${HERE}/pods/p`, { metadata: { name: 'p' }, spec: { ...pod.spec, ...change } }))[0]
    expect(await put({ serviceAccountName: 'jenkins' })).toBe(422)
    expect(await put({ serviceAccountName: undefined, serviceAccount: undefined })).toBe(422)
    expect(await put({ nodeName: 'n1' })).toBe(200)
    expect(await put({ nodeName: 'n2' })).toBe(422)
    expect(await put({})).toBe(422)
  })
})
