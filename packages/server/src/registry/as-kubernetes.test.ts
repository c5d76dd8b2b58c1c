import { beforeEach, describe, expect, it } from 'vitest'
import { fixedClock } from '../../../core/test/fakes.ts'
import { type Ask, askApi } from '../../test/ask-api.ts'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'

const CORE = '/api/v1/namespaces/default'
const ROLES = '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles'
const MERGE = { 'content-type': 'application/merge-patch+json' }
const TIME = '2027-01-15T08:00:00Z'

let clock: ReturnType<typeof fixedClock>
let store: ObjectStore
let ask: Ask

beforeEach(async () => {
  clock = fixedClock(1_800_000_000_500)
  store = memoryObjectStore({ clock })
  ask = await askApi({ clock, store })
})

const named = (name: string, fields: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  ...fields,
})

describe('a namespace whose name is made', () => {
  it('has it in its label', async () => {
    const { json } = await ask('POST', '/api/v1/namespaces', { metadata: { generateName: 'team-' } })
    const { name, labels } = json.metadata as unknown as {
      readonly name: string
      readonly labels: Readonly<Record<string, string>>
    }
    expect(name).toMatch(/^team-/)
    expect(labels).toEqual({ 'kubernetes.io/metadata.name': name })
  })
})

describe('the update that ends a deletion', () => {
  it.each(['PATCH', 'PUT'])('is answered with the object that it made: %s', async (method) => {
    const path = `${CORE}/configmaps/x`
    await ask('POST', `${CORE}/configmaps`, named('x', { data: { v: 'old' } }, { finalizers: ['a.b/c'] }))
    await ask('DELETE', path)
    const change =
      method === 'PUT'
        ? named('x', { data: { v: 'new' } })
        : { metadata: { finalizers: null }, data: { v: 'new' } }
    const { status, json } = await ask(method, path, change, method === 'PUT' ? {} : MERGE)
    expect([status, json.data, json.metadata.finalizers]).toEqual([200, { v: 'new' }, undefined])
    expect((await ask('GET', path)).status).toBe(404)
  })
})

describe('DELETE is answered', () => {
  it.each<[string, string, object]>([
    ['services', 'Service', {}],
    ['serviceaccounts', 'ServiceAccount', {}],
    ['pods', 'Pod', { deletionTimestamp: TIME, deletionGracePeriodSeconds: 0, generation: 2 }],
  ])('for %s with the object', async (plural, kind, ending) => {
    const created = await ask('POST', `${CORE}/${plural}`, named('x'))
    for (const query of ['?dryRun=All', '']) {
      const { status, json } = await ask('DELETE', `${CORE}/${plural}/x${query}`)
      expect([status, json.kind]).toEqual([200, kind])
      expect(json.metadata).toMatchObject({ name: 'x', ...ending })
      expect(Object.hasOwn(json.metadata, 'deletionTimestamp')).toBe(plural === 'pods')
    }
    expect(created.status).toBe(201)
    expect((await ask('GET', `${CORE}/${plural}/x`)).status).toBe(404)
  })

  it('for other kinds with a Status', async () => {
    await ask('POST', `${CORE}/secrets`, named('x'))
    expect((await ask('DELETE', `${CORE}/secrets/x`)).json.kind).toBe('Status')
  })

  it.each([
    ['', 200],
    ['a.b/c', 202],
  ])('with 202 if a finalizer keeps a pod whose dependents go with it: %j', async (finalizer, status) => {
    await ask('POST', `${CORE}/pods`, named('x', {}, { finalizers: finalizer === '' ? [] : [finalizer] }))
    expect((await ask('DELETE', `${CORE}/pods/x?orphanDependents=false`)).status).toBe(status)
  })
})

describe('a namespace that waits for finalizers', () => {
  const NAMESPACE = '/api/v1/namespaces/shop'
  const conditionsOf = async () => {
    const { json } = await ask('GET', NAMESPACE)
    const { conditions } = json.status as unknown as {
      readonly conditions: readonly Readonly<Record<string, string>>[]
    }
    return conditions
  }

  beforeEach(async () => {
    await ask('POST', '/api/v1/namespaces', named('shop'))
    for (const [plural, name, finalizers] of [
      ['secrets', 's', ['a.b/c', 'd.e/f']],
      ['configmaps', 'm', ['a.b/c']],
      ['configmaps', 'gone', []],
      ['pods', 'p', []],
    ] as const) {
      await ask('POST', `${NAMESPACE}/${plural}`, named(name, {}, { finalizers }))
    }
    const { json } = await ask('DELETE', NAMESPACE)
    expect(json.status).toEqual({ phase: 'Terminating' })
    expect(Object.hasOwn(json.metadata, 'deletionGracePeriodSeconds')).toBe(false)
  })

  it('says so, and has nothing else left', async () => {
    const conditions = await conditionsOf()
    expect(
      conditions.map(({ type, status, lastTransitionTime }) => [type, status, lastTransitionTime]),
    ).toEqual([
      ['NamespaceDeletionDiscoveryFailure', 'False', TIME],
      ['NamespaceDeletionGroupVersionParsingFailure', 'False', TIME],
      ['NamespaceDeletionContentFailure', 'False', TIME],
      ['NamespaceContentRemaining', 'True', TIME],
      ['NamespaceFinalizersRemaining', 'True', TIME],
    ])
    expect(conditions.slice(3).map(({ message }) => message)).toEqual([
      'Some resources are remaining: configmaps. has 1 resource instances, secrets. has 1 resource instances',
      'Some content in the namespace has finalizers remaining: a.b/c in 2 resource instances, d.e/f in 1 resource instances',
    ])
    expect((await ask('GET', `${NAMESPACE}/pods`)).json.items).toEqual([])
  })

  it('says what is left as it goes, and ends with it', async () => {
    clock.advance(5_000)
    await ask('PATCH', `${NAMESPACE}/configmaps/m`, { metadata: { finalizers: null } }, MERGE)
    const conditions = await conditionsOf()
    expect(conditions[3]).toMatchObject({
      message: 'Some resources are remaining: secrets. has 1 resource instances',
      lastTransitionTime: TIME,
    })
    await ask('PATCH', `${NAMESPACE}/secrets/s`, { metadata: { finalizers: null } }, MERGE)
    expect((await ask('GET', NAMESPACE)).status).toBe(404)
  })
})

describe('the generation', () => {
  const generationOf = async (path: string) =>
    ((await ask('GET', path)).json.metadata as { readonly generation?: number }).generation

  it('of a pod counts the changes of its spec, and its deletion', async () => {
    const path = `${CORE}/pods/x`
    await ask(
      'POST',
      `${CORE}/pods`,
      named('x', { spec: { priority: 1 } }, { generation: 9, finalizers: ['a.b/c'] }),
    )
    expect(await generationOf(path)).toBe(1)
    await ask('PATCH', path, { metadata: { labels: { a: 'b' } } }, MERGE)
    expect(await generationOf(path)).toBe(1)
    await ask('PATCH', path, { spec: { priority: 2 } }, MERGE)
    expect(await generationOf(path)).toBe(2)
    await ask('DELETE', path)
    await ask('DELETE', path)
    expect(await generationOf(path)).toBe(3)
  })

  it('of a config map is what it was created with', async () => {
    const path = `${CORE}/configmaps/x`
    await ask('POST', `${CORE}/configmaps`, named('x', {}, { generation: 7 }))
    await ask('PATCH', path, { metadata: { generation: 8 }, data: { a: 'b' } }, MERGE)
    expect(await generationOf(path)).toBe(7)
  })
})

describe('null and empty values', () => {
  it('are the empty string in a map of strings', async () => {
    const { status, json } = await ask('POST', `${CORE}/configmaps`, named('x', { data: { a: null } }))
    expect([status, json.data]).toEqual([201, { a: '' }])
  })

  it.each([{}, { rules: [] }, { rules: null }])('are `null` in a role: %j', async (fields) => {
    const { status, json } = await ask('POST', ROLES, named('x', fields))
    expect([status, (json as unknown as { readonly rules: unknown }).rules]).toEqual([201, null])
  })
})

describe('a secret of Docker', () => {
  it.each([
    ['kubernetes.io/dockercfg', '.dockercfg'],
    ['kubernetes.io/dockerconfigjson', '.dockerconfigjson'],
  ])('of the type %s is JSON', async (type, key) => {
    const post = (content: string) =>
      ask('POST', `${CORE}/secrets?dryRun=All`, named('x', { type, data: { [key]: content } }))
    expect((await post(btoa('{}'))).status).toBe(201)
    for (const content of ['x', '', '{"auths":']) {
      const { status, json } = await post(btoa(content))
      expect([status, json.details.causes.map(({ field }) => field)]).toEqual([422, [`data[${key}]`]])
    }
  })
})

describe('a field selector', () => {
  beforeEach(async () => {
    await ask('POST', `${CORE}/pods`, named('p', { spec: { hostNetwork: true } }))
    const status = { podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.2' }], nominatedNodeName: 'n' }
    await ask('PATCH', `${CORE}/pods/p/status`, { status }, MERGE)
    await ask('POST', `${CORE}/services`, named('s', { spec: { clusterIP: 'None' } }))
  })

  it.each([
    ['pods', 'spec.restartPolicy=Always', true],
    ['pods', 'spec.restartPolicy=Never', false],
    ['pods', 'spec.schedulerName=default-scheduler', true],
    ['pods', 'spec.hostNetwork=true', true],
    ['pods', 'status.podIP=10.0.0.2', true],
    ['pods', 'status.podIPs=', false],
    ['pods', 'status.nominatedNodeName!=n', false],
    ['services', 'spec.clusterIP=None', true],
    ['services', 'spec.type=ExternalName', false],
  ])('of %s by %s', async (plural, selector, isFound) => {
    const { status, json } = await ask(
      'GET',
      `${CORE}/${plural}?fieldSelector=${encodeURIComponent(selector)}`,
    )
    expect([status, json.items.length]).toEqual([200, isFound ? 1 : 0])
  })
})

describe('a page of a list that is too old', () => {
  it('comes with a token that goes on in the present', async () => {
    for (const name of ['a', 'b', 'c']) await ask('POST', `${CORE}/secrets`, named(name))
    const { json } = await ask('GET', `${CORE}/secrets?limit=1`)
    await ask('POST', `${CORE}/secrets`, named('bb'))
    await store.compact?.(await store.revision())
    const page = (token: string) => ask('GET', `${CORE}/secrets?limit=2&continue=${token}`)
    const old = await page(json.metadata.continue)
    expect([old.status, old.json.reason]).toEqual([410, 'Expired'])
    const nameOf = ({ metadata }: { readonly metadata: object }) =>
      (metadata as { readonly name: string }).name
    const next = await page(old.json.metadata.continue)
    expect(next.json.items.map(nameOf)).toEqual(['b', 'bb'])
    const last = await page(next.json.metadata.continue)
    expect([last.json.items.map(nameOf), last.json.metadata.continue]).toEqual([['c'], undefined])
  })
})
