import {
  alwaysAllow,
  type Authorizer,
  privilegedGroups,
  type RuleResolver,
  unionAuthorizer,
} from '@kube-authn/core/authorization'
import { isStatusError } from '@kube-authn/core/internal'
import { userInfo, type UserInfo } from '@kube-authn/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { storedRbac, type StoredRbac } from '../../rbac/stored-rbac.ts'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import type { KubeObject } from '../kube-object.ts'
import { readKubeObject } from '../read-kube-object.ts'
import { registry, type Registry } from '../registry.ts'
import { allResources } from '../resources/index.ts'
import type { WriteOptions } from '../resource.ts'

const apiGroup = 'rbac.authorization.k8s.io'
const READ_PODS = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }
const ALL = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }
const ALL_URLS = { nonResourceURLs: ['*'], verbs: ['*'] }

const jane = userInfo({ username: 'jane', groups: ['developers', 'system:authenticated'] })
const WHO = 'user "jane" (groups=["developers" "system:authenticated"])'

let store: ObjectStore
let rbac: StoredRbac
let objects: Registry

beforeEach(async () => {
  store = memoryObjectStore()
  rbac = await storedRbac({ store })
  objects = registryWith(unionAuthorizer(privilegedGroups('system:masters'), rbac))
  await objects.createSystemNamespaces()
})
afterEach(() => rbac.close())

function registryWith(authorizer: Authorizer, isOverStore = true): Registry {
  return registry({ store, resources: allResources, authorizer, ...(isOverStore && { rbac }) })
}

function placeOf(plural: string) {
  const resource = allResources.find((each) => each.plural === plural)!
  return { resource, namespace: resource.isNamespaced ? 'default' : '' }
}

const callerOf = (user: UserInfo): WriteOptions => ({ caller: { user, context: {} } })

/** Creates an object: as the server itself if there is no user. */
function create(plural: string, name: string, fields: object, user?: UserInfo, of = objects) {
  const place = placeOf(plural)
  const { object } = readKubeObject({ metadata: { name }, ...fields }, place.resource)
  return of.create(place, object, user === undefined ? {} : callerOf(user))
}

function put(plural: string, name: string, fields: object, user?: UserInfo, of = objects) {
  const place = placeOf(plural)
  const { object } = readKubeObject({ metadata: { name }, ...fields }, place.resource)
  return of.put({ ...place, name }, object, user === undefined ? {} : callerOf(user))
}

/** Grants rules to jane, in the cluster or in the namespace `default`. */
async function grantJane(rules: readonly object[], isClusterWide = false): Promise<void> {
  const subjects = [{ kind: 'User', apiGroup, name: 'jane' }]
  const name = `grant-${await store.revision()}`
  const roleRef = { apiGroup, kind: 'ClusterRole', name }
  await create('clusterroles', name, { rules })
  await create(isClusterWide ? 'clusterrolebindings' : 'rolebindings', name, { roleRef, subjects })
}

/** What was created. */
async function expectCreated(work: Promise<KubeObject>): Promise<void> {
  expect((await work).metadata.uid).toBeDefined()
}

async function refusalOf(work: Promise<unknown>): Promise<readonly [number, string]> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!isStatusError(thrown)) throw new Error(`no StatusError: ${String(thrown)}`)
  return [thrown.status, thrown.message]
}

const refOf = (name: string, kind = 'ClusterRole') => ({ roleRef: { apiGroup, kind, name } })

describe('a role', () => {
  it('cannot have rights that the caller does not have', async () => {
    await grantJane([{ ...READ_PODS, verbs: ['get'] }])
    const rules = [
      READ_PODS,
      { apiGroups: ['', 'apps'], resources: ['secrets'], resourceNames: ['x', 'y'], verbs: ['get'] },
    ]
    expect(await refusalOf(create('roles', 'reader', { rules }, jane))).toEqual([
      403,
      `roles.rbac.authorization.k8s.io "reader" is forbidden: ${WHO} is attempting to grant RBAC permissions not currently held:\n` +
        '{APIGroups:[""], Resources:["pods"], Verbs:["list"]}\n' +
        '{APIGroups:[""], Resources:["secrets"], ResourceNames:["x"], Verbs:["get"]}\n' +
        '{APIGroups:[""], Resources:["secrets"], ResourceNames:["y"], Verbs:["get"]}\n' +
        '{APIGroups:["apps"], Resources:["secrets"], ResourceNames:["x"], Verbs:["get"]}\n' +
        '{APIGroups:["apps"], Resources:["secrets"], ResourceNames:["y"], Verbs:["get"]}',
    ])
  })

  it('cannot have more rights than can be compared, even if those that were compared are held', async () => {
    const one = (index: number) => ({ apiGroups: [''], resources: [`r${index}`], verbs: ['get'] })
    const held = Array.from({ length: 3000 }, (_, index) => one(index))
    const all = { apiGroups: [''], resources: ['secrets'], verbs: ['*'] }
    const resourceRules = held.map((rule) => ({ ...rule, resourceNames: [], nonResourceURLs: [] }))
    const holding: Authorizer & RuleResolver = {
      name: 'holding',
      authorize: () => ({ verdict: 'noOpinion', reason: '' }),
      rulesFor: () => ({ resourceRules, nonResourceRules: [], incomplete: false }),
    }
    const of = registryWith(holding, false)
    await expectCreated(create('roles', 'held', { rules: held.slice(0, 10) }, jane, of))
    expect(await refusalOf(create('roles', 'more', { rules: [...held, all] }, jane, of))).toEqual([
      403,
      `roles.rbac.authorization.k8s.io "more" is forbidden: ${WHO} is attempting to grant more RBAC permissions than can be compared`,
    ])
  })

  it('says which roles of the caller are missing', async () => {
    const subjects = [{ kind: 'User', apiGroup, name: 'jane' }]
    await create('rolebindings', 'dangling', { ...refOf('gone'), subjects })
    const [, message] = await refusalOf(create('roles', 'reader', { rules: [READ_PODS] }, jane))
    expect(message).toMatch(
      /\n{APIGroups:\[""\], Resources:\["pods"\], Verbs:\["get" "list"\]}; resolution errors: \[clusterrole.rbac.authorization.k8s.io "gone" not found\]$/,
    )
  })

  it('that is invalid is refused as that', async () => {
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: [] }]
    expect((await refusalOf(create('roles', 'r', { rules }, jane)))[0]).toBe(422)
    expect((await refusalOf(create('clusterroles', 'r', { rules }, jane)))[0]).toBe(422)
  })

  it('names rights to paths one by one, and each once', async () => {
    const rules = [
      { nonResourceURLs: ['/b', '/a'], verbs: ['get', 'post'] },
      { nonResourceURLs: ['/a'], verbs: ['get'] },
    ]
    const [, message] = await refusalOf(create('clusterroles', 'r', { rules }, jane))
    expect(message.split('\n').slice(1)).toEqual([
      '{NonResourceURLs:["/a"], Verbs:["get"]}',
      '{NonResourceURLs:["/a"], Verbs:["post"]}',
      '{NonResourceURLs:["/b"], Verbs:["get"]}',
      '{NonResourceURLs:["/b"], Verbs:["post"]}',
    ])
  })

  it('can have the rights that the caller has', async () => {
    await grantJane([READ_PODS])
    await expectCreated(create('roles', 'reader', { rules: [READ_PODS] }, jane))
  })

  it('of the cluster needs the rights in the cluster', async () => {
    await grantJane([READ_PODS])
    expect(await refusalOf(create('clusterroles', 'reader', { rules: [READ_PODS] }, jane))).toEqual([
      403,
      expect.stringContaining('clusterroles.rbac.authorization.k8s.io "reader" is forbidden: user "jane"'),
    ])
    await grantJane([READ_PODS], true)
    await expectCreated(create('clusterroles', 'reader', { rules: [READ_PODS] }, jane))
  })

  it.each([
    ['the server itself', undefined],
    ['a member of system:masters', userInfo({ username: 'root', groups: ['system:masters'] })],
  ])('can be anything for %s', async (_, user) => {
    await expectCreated(create('clusterroles', 'all', { rules: [ALL] }, user))
  })

  it.each([
    ['roles', false],
    ['clusterroles', true],
  ])('of %s can be anything for those who may escalate it', async (plural, isClusterWide) => {
    await grantJane([{ apiGroups: [apiGroup], resources: [plural], verbs: ['escalate'] }], isClusterWide)
    await expectCreated(create(plural, 'all', { rules: [ALL] }, jane))
  })

  it('can be escalated by its name with PUT, and not with POST, whose path has no name', async () => {
    const escalate = {
      apiGroups: [apiGroup],
      resources: ['roles'],
      resourceNames: ['r'],
      verbs: ['escalate'],
    }
    await grantJane([escalate, { ...escalate, verbs: ['create'], resourceNames: [] }])
    expect((await refusalOf(create('roles', 'r', { rules: [ALL] }, jane)))[0]).toBe(403)
    expect((await refusalOf(put('roles', 'other', { rules: [ALL] }, jane)))[0]).toBe(403)
    expect((await put('roles', 'r', { rules: [ALL] }, jane)).isCreated).toBe(true)
    expect((await put('roles', 'r', { rules: [READ_PODS] }, jane)).isCreated).toBe(false)
  })

  it('cannot be changed at all by those without its rights, except for what garbage collection needs', async () => {
    await create('roles', 'r', { rules: [READ_PODS] })
    const metadata = { name: 'r' }
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: '1' }
    const owned = { ...metadata, ownerReferences: [owner], finalizers: ['example.com/x'] }
    await put('roles', 'r', { metadata: owned, rules: [READ_PODS] }, jane)
    for (const change of [
      { metadata: { ...owned, labels: { a: 'b' } }, rules: [READ_PODS] },
      { metadata: owned, rules: [{ ...READ_PODS, verbs: ['list', 'get'] }] },
      { metadata: owned, rules: [READ_PODS, READ_PODS] },
    ]) {
      expect((await refusalOf(put('roles', 'r', change, jane)))[0]).toBe(403)
    }
  })

  it('that is written with a dry run is refused likewise', async () => {
    const place = placeOf('roles')
    const { object } = readKubeObject({ metadata: { name: 'r' }, rules: [ALL] }, place.resource)
    const work = objects.create(place, object, { ...callerOf(jane), isDryRun: true })
    expect((await refusalOf(work))[0]).toBe(403)
  })
})

describe('an aggregation rule', () => {
  const aggregating = { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'true' } }] } }
  const refusal = [
    403,
    'clusterroles.rbac.authorization.k8s.io "c" is forbidden: must have cluster-admin privileges to use the aggregationRule',
  ]

  it.each([
    ['nothing', []],
    ['some rights', [READ_PODS]],
    ['everything on paths', [ALL_URLS]],
    ['everything in a group', [{ ...ALL, apiGroups: [''] }, ALL_URLS]],
    ['everything on a resource', [{ ...ALL, resources: ['pods'] }, ALL_URLS]],
    ['one verb', [{ ...ALL, verbs: ['get'] }, ALL_URLS]],
  ])('cannot be written by those with %s', async (_, rules) => {
    await grantJane(rules, true)
    expect(await refusalOf(create('clusterroles', 'c', { rules: [], ...aggregating }, jane))).toEqual(refusal)
  })

  it('cannot be taken away by them', async () => {
    await create('clusterroles', 'c', { rules: [], ...aggregating })
    expect(await refusalOf(put('clusterroles', 'c', { rules: [] }, jane))).toEqual(refusal)
  })

  it('can be written by those who may do everything', async () => {
    await grantJane([ALL, ALL_URLS], true)
    await expectCreated(create('clusterroles', 'c', { rules: [], ...aggregating }, jane))
  })

  it.each([
    ['every verb', '*', '*', true],
    ['some verbs on resources', '', '*', false],
    ['some verbs on paths', '*', '', false],
  ])(
    'may be written, with an authorizer that only lists, by those with %s',
    async (_, verb, onPaths, may) => {
      const lister: Authorizer & RuleResolver = {
        name: 'lister',
        authorize: () => ({ verdict: 'noOpinion', reason: '' }),
        rulesFor: () => ({
          resourceRules: [{ ...ALL, verbs: ['get', verb], resourceNames: [] }],
          nonResourceRules: [{ ...ALL_URLS, verbs: ['get', onPaths] }],
          incomplete: false,
        }),
      }
      const work = create(
        'clusterroles',
        'c',
        { rules: [], ...aggregating },
        jane,
        registryWith(lister, false),
      )
      if (may) await expectCreated(work)
      else expect(await refusalOf(work)).toEqual(refusal)
    },
  )
})

describe('a binding', () => {
  it('needs the rights of its role', async () => {
    await create('clusterroles', 'reader', { rules: [READ_PODS] })
    expect(await refusalOf(create('rolebindings', 'b', refOf('reader'), jane))).toEqual([
      403,
      `rolebindings.rbac.authorization.k8s.io "b" is forbidden: ${WHO} is attempting to grant RBAC permissions not currently held:\n` +
        '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}',
    ])
    await grantJane([READ_PODS])
    await expectCreated(create('rolebindings', 'b', refOf('reader'), jane))
    expect((await refusalOf(create('clusterrolebindings', 'b', refOf('reader'), jane)))[0]).toBe(403)
  })

  it.each([
    ['any role', []],
    ['this role', ['reader']],
  ])('of a role is possible for those who may bind %s', async (_, resourceNames) => {
    await create('clusterroles', 'reader', { rules: [READ_PODS] })
    await create('clusterroles', 'other', { rules: [READ_PODS] })
    await grantJane([{ apiGroups: [apiGroup], resources: ['clusterroles'], resourceNames, verbs: ['bind'] }])
    await expectCreated(create('rolebindings', 'b', refOf('reader'), jane))
    const other = create('rolebindings', 'c', refOf('other'), jane)
    if (resourceNames.length === 0) await other
    else expect((await refusalOf(other))[0]).toBe(403)
    expect((await refusalOf(create('clusterrolebindings', 'b', refOf('reader'), jane)))[0]).toBe(403)
  })

  it('of a role in the namespace needs the rights of that, or to bind roles', async () => {
    await create('roles', 'reader', { rules: [READ_PODS] })
    await create('clusterroles', 'reader', { rules: [READ_PODS] })
    const binding = (name: string, kind?: string) => create('rolebindings', name, refOf('reader', kind), jane)
    expect(await refusalOf(binding('a', 'Role'))).toEqual([
      403,
      expect.stringContaining('Resources:["pods"]'),
    ])
    await grantJane([{ apiGroups: [apiGroup], resources: ['roles'], verbs: ['bind'] }])
    await expectCreated(binding('a', 'Role'))
    expect((await refusalOf(binding('b')))[0]).toBe(403)
    await grantJane([READ_PODS])
    await expectCreated(binding('b'))
  })

  it('of a role in the namespace is possible for those with its rights', async () => {
    await create('roles', 'reader', { rules: [READ_PODS] })
    await grantJane([READ_PODS])
    await expectCreated(create('rolebindings', 'b', refOf('reader', 'Role'), jane))
  })

  it.each(['Role', 'ClusterRole'])('of a missing %s is not found', async (kind) => {
    expect(await refusalOf(create('rolebindings', 'b', refOf('gone', kind), jane))).toEqual([
      404,
      'rolebindings.rbac.authorization.k8s.io "gone" not found',
    ])
  })

  it('of another kind of role is invalid', async () => {
    expect((await refusalOf(create('rolebindings', 'b', refOf('x', 'Other'), jane)))[0]).toBe(422)
    expect((await refusalOf(create('clusterrolebindings', 'b', refOf('x', 'Role'), jane)))[0]).toBe(422)
  })

  it('of an aggregated role needs what its selectors find, before anything wrote it into the role', async () => {
    await create('clusterroles', 'all', {
      rules: [],
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'true' } }] },
    })
    const part = { metadata: { name: 'part', labels: { a: 'true' } }, rules: [READ_PODS] }
    await create('clusterroles', 'part', part)
    expect((await refusalOf(create('rolebindings', 'b', refOf('all'), jane)))[0]).toBe(403)
    await grantJane([READ_PODS])
    await expectCreated(create('rolebindings', 'b', refOf('all'), jane))
  })

  it('of an aggregated role needs also what is written in it, which another authorizer may read', async () => {
    await create('clusterroles', 'all', {
      rules: [READ_PODS],
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'true' } }] },
    })
    expect((await refusalOf(create('rolebindings', 'b', refOf('all'), jane)))[0]).toBe(403)
  })

  it('of an aggregated role takes nothing from one that is stored and invalid', async () => {
    await create('clusterroles', 'all', {
      rules: [],
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'true' } }] },
    })
    const bad = { kind: 'ClusterRole', metadata: { name: 'bad', labels: { a: 'true' } }, rules: 'x' }
    await store.create(`/registry/${apiGroup}/clusterroles/bad`, JSON.stringify(bad))
    await expectCreated(create('rolebindings', 'b', refOf('all'), jane))
  })

  it('of an aggregated role names each right once, although it is written and selected', async () => {
    await create('clusterroles', 'all', {
      rules: [READ_PODS],
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'true' } }] },
    })
    const part = { metadata: { name: 'part', labels: { a: 'true' } }, rules: [READ_PODS] }
    await create('clusterroles', 'part', part)
    const [, message] = await refusalOf(create('rolebindings', 'b', refOf('all'), jane))
    expect(message.match(/"get"/g)).toEqual(['"get"'])
  })

  it('cannot get another subject from those without its rights', async () => {
    await create('clusterroles', 'reader', { rules: [READ_PODS] })
    await create('rolebindings', 'b', refOf('reader'))
    const subjects = [{ kind: 'User', apiGroup, name: 'jane' }]
    expect((await refusalOf(put('rolebindings', 'b', { ...refOf('reader'), subjects }, jane)))[0]).toBe(403)
  })
})

describe('a PUT of a missing role', () => {
  it('creates it', async () => {
    const { isCreated, object } = await put('roles', 'r', { rules: [READ_PODS] })
    expect(isCreated).toBe(true)
    expect(object.metadata.uid).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('needs the right to create it', async () => {
    await grantJane([READ_PODS])
    const rules = [READ_PODS]
    expect(await refusalOf(put('roles', 'r', { rules }, jane))).toEqual([
      403,
      'roles.rbac.authorization.k8s.io "r" is forbidden: User "jane" cannot create resource "roles" in API group "rbac.authorization.k8s.io" in the namespace "default"',
    ])
    await grantJane([{ apiGroups: [apiGroup], resources: ['roles'], verbs: ['create'] }])
    expect((await put('roles', 'r', { rules }, jane)).isCreated).toBe(true)
  })

  it('is refused if the authorizer fails', async () => {
    const failing: Authorizer = {
      name: 'failing',
      authorize: () => {
        throw new Error('down')
      },
    }
    const work = put('roles', 'r', { rules: [] }, jane, registryWith(failing))
    expect(await refusalOf(work)).toEqual([500, 'Internal error occurred: the authorizer failed'])
  })

  it('with the version of an object that is gone is one', async () => {
    const { object, isCreated } = await put('roles', 'r', {
      metadata: { name: 'r', resourceVersion: '999' },
      rules: [],
    })
    expect([isCreated, object.metadata.resourceVersion === '999']).toEqual([true, false])
  })

  it('with the uid of an object that is gone is none', async () => {
    const work = put('roles', 'r', { metadata: { name: 'r', uid: 'x' }, rules: [] })
    expect(await refusalOf(work)).toEqual([
      409,
      expect.stringContaining('UID in precondition: x, UID in object meta: '),
    ])
  })

  it('is refused for other kinds', async () => {
    expect((await refusalOf(put('configmaps', 'c', {})))[0]).toBe(404)
  })
})

describe('other authorizers', () => {
  const readers = { rules: [READ_PODS] }

  it('that list what they allow say what a caller may grant, without RBAC over the store', async () => {
    await grantJane([READ_PODS])
    const of = registryWith(unionAuthorizer(rbac), false)
    await expectCreated(create('roles', 'r', readers, jane, of))
    expect((await refusalOf(create('roles', 'all', { rules: [ALL] }, jane, of)))[0]).toBe(403)
  })

  it('that return rules with members of another kind do not add to what they list', async () => {
    const rule = {
      verbs: ['get'],
      apiGroups: [''],
      resources: ['pods'],
      resourceNames: [],
      nonResourceURLs: ['*'],
    }
    const lister: Authorizer & RuleResolver = {
      name: 'lister',
      authorize: () => ({ verdict: 'noOpinion', reason: '' }),
      rulesFor: () => ({
        resourceRules: [rule],
        nonResourceRules: [{ ...rule, verbs: ['list'], nonResourceURLs: ['/list'] }],
        incomplete: false,
      }),
    }
    const of = registryWith(lister, false)
    await expectCreated(
      create('clusterroles', 'pods', { rules: [{ ...READ_PODS, verbs: ['get'] }] }, jane, of),
    )
    const metrics = { verbs: ['get'], nonResourceURLs: ['/metrics'] }
    expect((await refusalOf(create('clusterroles', 'metrics', { rules: [metrics] }, jane, of)))[0]).toBe(403)
    const lists = { verbs: ['list'], apiGroups: [''], resources: ['pods'] }
    expect((await refusalOf(create('clusterroles', 'lists', { rules: [lists] }, jane, of)))[0]).toBe(403)
  })

  it('that cannot list it allow only what they are asked for', async () => {
    const asked: string[] = []
    const webhook: Authorizer = {
      name: 'webhook',
      authorize: ({ verb, name }) => {
        asked.push(verb)
        return verb === 'escalate' && name === 'r'
          ? { verdict: 'allow', reason: '' }
          : { verdict: 'noOpinion', reason: '' }
      },
    }
    const of = registryWith(webhook, false)
    const [status, message] = await refusalOf(create('roles', 'r', readers, jane, of))
    expect([status, asked]).toEqual([403, ['escalate']])
    expect(message).toMatch(
      /; resolution errors: \[webhook authorizer does not support user rule resolution\]$/,
    )
  })

  it('that know nothing do not keep system:masters from granting everything', async () => {
    const of = registryWith({ name: 'none', authorize: () => ({ verdict: 'noOpinion', reason: '' }) }, false)
    const admin = userInfo({ username: 'admin', groups: ['system:masters'] })
    await expectCreated(create('clusterroles', 'all', { rules: [ALL, ALL_URLS] }, admin, of))
    expect((await refusalOf(create('clusterroles', 'one', readers, jane, of)))[0]).toBe(403)
  })

  it('that allow everything allow to escalate', async () => {
    await expectCreated(create('roles', 'all', { rules: [ALL] }, jane, registryWith(alwaysAllow())))
  })

  it('that list more than roles grant do not add to what may be granted by RBAC over the store', async () => {
    const generous: Authorizer & RuleResolver = {
      name: 'generous',
      authorize: () => ({ verdict: 'noOpinion', reason: '' }),
      rulesFor: alwaysAllow().rulesFor,
    }
    const work = create('roles', 'r', readers, jane, registryWith(unionAuthorizer(generous, rbac)))
    expect((await refusalOf(work))[0]).toBe(403)
  })

  it('are not needed where the app decides about everything', async () => {
    const of = registry({ store, resources: allResources })
    await expectCreated(create('roles', 'all', { rules: [ALL] }, jane, of))
  })
})
