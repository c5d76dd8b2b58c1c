import { attributesOf, type RequestAttributes } from '@kube-authn/core/authorization'
import { emptyContext, userInfo } from '@kube-authn/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../registry/kube-object.ts'
import { registry, type Registry } from '../registry/registry.ts'
import { rbacResources } from '../registry/resources/rbac.ts'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import { storedRbac, type StoredRbac } from './stored-rbac.ts'
import { writeBootstrapPolicy } from './write-bootstrap-policy.ts'

const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate'
const apiGroup = 'rbac.authorization.k8s.io'

let store: ObjectStore
let objects: Registry
let policy: StoredRbac | undefined

beforeEach(async () => {
  store = memoryObjectStore()
  objects = registry({ store, resources: rbacResources })
  await writeBootstrapPolicy({ store })
})
afterEach(() => policy?.close())

function targetOf(plural: string, name: string) {
  return { resource: rbacResources.find((each) => each.plural === plural)!, namespace: '', name }
}

const get = (plural: string, name: string): Promise<KubeObject> => objects.get(targetOf(plural, name))
const change = (
  plural: string,
  name: string,
  changed: (old: KubeObject) => KubeObject,
): Promise<KubeObject> => objects.update(targetOf(plural, name), changed)

const user = (...groups: string[]) => userInfo({ username: 'someone', groups })

describe('the default roles and bindings', () => {
  const everyone = ['system:authenticated']
  it.each<[string, string[], RequestAttributes, boolean]>([
    ['administrators do everything', ['system:masters'], { verb: 'x', resource: 'y', apiGroup: 'z' }, true],
    ['administrators read every path', ['system:masters'], { verb: 'get', path: '/x' }, true],
    [
      'authenticated users discover',
      everyone,
      { verb: 'get', path: '/apis/rbac.authorization.k8s.io/v1' },
      true,
    ],
    ['others do not', ['system:unauthenticated'], { verb: 'get', path: '/apis' }, false],
    ['anyone may ask for health', ['system:unauthenticated'], { verb: 'get', path: '/readyz' }, true],
    ['but not for each check', ['system:unauthenticated'], { verb: 'get', path: '/readyz/etcd' }, false],
    ['monitoring reads metrics', ['system:monitoring'], { verb: 'get', path: '/metrics' }, true],
    ['others do not', everyone, { verb: 'get', path: '/metrics' }, false],
    [
      'authenticated users ask who they are',
      everyone,
      { verb: 'create', apiGroup: 'authentication.k8s.io', resource: 'selfsubjectreviews' },
      true,
    ],
    [
      'they ask not about others',
      everyone,
      { verb: 'create', apiGroup: 'authorization.k8s.io', resource: 'subjectaccessreviews' },
      false,
    ],
    [
      'service accounts read keys',
      ['system:serviceaccounts'],
      { verb: 'get', path: '/openid/v1/jwks' },
      true,
    ],
    ['others do not', everyone, { verb: 'get', path: '/openid/v1/jwks' }, false],
    [
      'authenticated users read no secrets',
      everyone,
      { verb: 'get', resource: 'secrets', namespace: 'a' },
      false,
    ],
    ['and no pods', everyone, { verb: 'list', resource: 'pods', namespace: 'a' }, false],
  ])('%s', async (_, groups, asked, isAllowed) => {
    policy = await storedRbac({ store })
    const { verdict } = await policy.authorize(attributesOf(user(...groups), asked), emptyContext)
    expect(verdict === 'allow').toBe(isAllowed)
  })

  it.each<[string, RequestAttributes, readonly string[]]>([
    ['read pods', { verb: 'list', resource: 'pods' }, ['view', 'edit', 'admin']],
    ['read secrets', { verb: 'get', resource: 'secrets' }, ['edit', 'admin']],
    ['write pods', { verb: 'create', resource: 'pods' }, ['edit', 'admin']],
    ['evict pods', { verb: 'create', resource: 'pods', subresource: 'eviction' }, ['edit', 'admin']],
    ['get tokens', { verb: 'create', resource: 'serviceaccounts', subresource: 'token' }, ['edit', 'admin']],
    ['act as service accounts', { verb: 'impersonate', resource: 'serviceaccounts' }, ['edit', 'admin']],
    ['write roles', { verb: 'update', apiGroup, resource: 'roles' }, ['admin']],
    ['escalate roles', { verb: 'escalate', apiGroup, resource: 'roles' }, []],
    ['change the status of pods', { verb: 'update', resource: 'pods', subresource: 'status' }, []],
    ['write namespaces', { verb: 'update', resource: 'namespaces' }, []],
    ['act as users', { verb: 'impersonate', resource: 'users' }, []],
  ])('admin, edit and view: who may %s in a namespace', async (_, asked, names) => {
    for (const name of ['view', 'edit', 'admin']) {
      const roleRef = { apiGroup, kind: 'ClusterRole', name }
      const subjects = [{ apiGroup, kind: 'Group', name }]
      const binding = {
        kind: 'RoleBinding',
        apiVersion: `${apiGroup}/v1`,
        metadata: { name, namespace: 'a' },
      }
      const key = `/registry/${apiGroup}/rolebindings/a/${name}`
      await store.create(key, JSON.stringify({ ...binding, roleRef, subjects }))
    }
    policy = await storedRbac({ store })
    const allowed = ['view', 'edit', 'admin'].filter((name) => {
      const decision = policy?.authorize(attributesOf(user(name), { ...asked, namespace: 'a' }), emptyContext)
      return decision !== undefined && 'verdict' in decision && decision.verdict === 'allow'
    })
    expect(allowed).toEqual(names)
  })

  const CLUSTER_ADMIN = 'cluster-admin'
  const requests = 'certificates.k8s.io/certificatesigningrequests'
  const toAdmin = ['admin', 'system:aggregate-to-admin']
  const toEdit = ['admin', 'edit', 'system:aggregate-to-edit']
  const toView = ['admin', 'edit', 'view', 'system:aggregate-to-view']
  const discovery = ['system:discovery']
  const monitoring = ['system:monitoring']
  const health = ['system:discovery', 'system:monitoring', 'system:public-info-viewer']
  const version = ['system:discovery', 'system:public-info-viewer']
  const issuer = ['system:service-account-issuer-discovery']

  it.each<[verbs: string, what: string, roles: readonly string[]]>([
    ['create', 'authorization.k8s.io/selfsubjectaccessreviews', ['system:basic-user']],
    ['create', 'authorization.k8s.io/selfsubjectrulesreviews', ['system:basic-user']],
    ['create', 'authentication.k8s.io/selfsubjectreviews', ['system:basic-user']],
    ['create', 'authentication.k8s.io/tokenreviews', ['system:auth-delegator']],
    ['create', 'authorization.k8s.io/subjectaccessreviews', ['system:auth-delegator']],
    ['create', 'authorization.k8s.io/localsubjectaccessreviews', toAdmin],
    ['get list watch create delete deletecollection patch update', `${apiGroup}/roles`, toAdmin],
    ['get list watch create delete deletecollection patch update', `${apiGroup}/rolebindings`, toAdmin],
    ['get list watch create delete deletecollection patch update', `${apiGroup}/clusterroles`, []],
    ['bind escalate', `${apiGroup}/roles`, []],
    ['get list watch create delete deletecollection patch update', '/secrets', toEdit],
    ['create delete deletecollection patch update', '/configmaps', toEdit],
    ['create delete deletecollection patch update', '/pods', toEdit],
    ['create delete deletecollection patch update', '/services', toEdit],
    ['create delete deletecollection patch update impersonate', '/serviceaccounts', toEdit],
    ['create', '/pods/eviction', toEdit],
    ['create', '/serviceaccounts/token', toEdit],
    ['get create update', 'coordination.k8s.io/leases', toEdit],
    ['get list watch', '/configmaps', toView],
    ['get list watch', '/pods', toView],
    ['get', '/pods/status', toView],
    ['get', '/serviceaccounts', toView],
    ['get', '/services', toView],
    ['get', '/services/status', toView],
    ['get', '/events', toView],
    ['get', '/namespaces', toView],
    ['get', '/namespaces/status', toView],
    ['create update delete', '/namespaces', []],
    ['get create', '/nodes', []],
    ['impersonate', '/users', []],
    ['create get list watch', requests, ['system:node-bootstrapper']],
    ['update delete', requests, []],
    ...['nodeclient', 'selfnodeclient'].map((kind): [string, string, readonly string[]] => [
      'create',
      `${requests}/${kind}`,
      [`system:certificates.k8s.io:certificatesigningrequests:${kind}`],
    ]),
    ...['kube-apiserver-client', 'kube-apiserver-client-kubelet', 'kubelet-serving', 'legacy-unknown'].map(
      (signer): [string, string, readonly string[]] => [
        'approve',
        `certificates.k8s.io/signers kubernetes.io/${signer}`,
        [`system:certificates.k8s.io:${signer}-approver`],
      ],
    ),
    ['approve', 'certificates.k8s.io/signers example.com/own', []],
    ['sign', 'certificates.k8s.io/signers kubernetes.io/legacy-unknown', []],
    ...['/api', '/api/v1', '/apis', '/apis/apps', '/openapi', '/openapi/v3'].map(
      (path): [string, string, readonly string[]] => ['get', ` ${path}`, discovery],
    ),
    ...['/healthz', '/livez', '/readyz'].flatMap((path): [string, string, readonly string[]][] => [
      ['get', ` ${path}`, health],
      ['get', ` ${path}/etcd`, monitoring],
    ]),
    ['get', ' /version', version],
    ['get', ' /version/', version],
    ['get', ' /metrics', monitoring],
    ['get', ' /metrics/slis', monitoring],
    ...['/.well-known/openid-configuration', '/openid/v1/jwks'].flatMap(
      (path): [string, string, readonly string[]][] => [
        ['get', ` ${path}`, issuer],
        ['get', ` ${path}/`, issuer],
      ],
    ),
    ['post', ' /api', []],
    ['get', ' /', []],
  ])('who may %s: %s', async (verbs, what, expected) => {
    const { items } = await objects.list({ resource: targetOf('clusterroles', '').resource, namespace: '' })
    const roles = items.map(({ metadata: { name = '' } }) => name)
    for (const name of roles) {
      const object = {
        kind: 'ClusterRoleBinding',
        apiVersion: `${apiGroup}/v1`,
        metadata: { name: `test:${name}` },
        roleRef: { apiGroup, kind: 'ClusterRole', name },
        subjects: [{ apiGroup, kind: 'Group', name: `test:${name}` }],
      }
      await store.create(`/registry/${apiGroup}/clusterrolebindings/test:${name}`, JSON.stringify(object))
    }
    const rbac = await storedRbac({ store })
    policy = rbac
    const [of = '', name = ''] = what.split(' ')
    const [group = '', resource = '', subresource = ''] = of.split('/')
    const target = of === '' ? { path: name } : { apiGroup: group, resource, subresource, name }
    for (const verb of verbs.split(' ')) {
      const allowed: string[] = []
      for (const role of roles) {
        const asked = attributesOf(user(`test:${role}`), { verb, ...target })
        const { verdict } = await rbac.authorize(asked, emptyContext)
        if (verdict === 'allow') allowed.push(role)
      }
      expect([verb, ...allowed].toSorted()).toEqual([verb, CLUSTER_ADMIN, ...expected].toSorted())
    }
  })

  it('are marked as what they are', async () => {
    expect((await get('clusterroles', 'edit')).metadata).toMatchObject({
      labels: {
        'kubernetes.io/bootstrapping': 'rbac-defaults',
        'rbac.authorization.k8s.io/aggregate-to-admin': 'true',
      },
      annotations: { [AUTO_UPDATE]: 'true' },
    })
  })
})

describe('writeBootstrapPolicy, when there are roles already', () => {
  it('writes nothing if nothing is missing', async () => {
    const before = await store.revision()
    await writeBootstrapPolicy({ store })
    expect(await store.revision()).toBe(before)
  })

  it('adds the rights, subjects, labels and annotations that are missing, and takes nothing away', async () => {
    const rule = { apiGroups: ['example.com'], resources: ['x'], verbs: ['y'] }
    const narrowed = { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] }
    const subject = { apiGroup, kind: 'User', name: 'jane' }
    await change('clusterroles', 'system:auth-delegator', (old) => ({
      ...old,
      metadata: { ...old.metadata, labels: { own: 'x' }, annotations: {} },
      rules: [rule, narrowed],
    }))
    await change('clusterrolebindings', 'system:discovery', (old) => ({ ...old, subjects: [subject] }))
    await change('clusterroles', 'view', (old) => ({
      ...old,
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { own: 'x' } }] },
      rules: [rule],
    }))
    await writeBootstrapPolicy({ store })
    expect(await get('clusterroles', 'system:auth-delegator')).toMatchObject({
      metadata: {
        labels: { own: 'x', 'kubernetes.io/bootstrapping': 'rbac-defaults' },
        annotations: { [AUTO_UPDATE]: 'true' },
      },
      rules: [
        rule,
        narrowed,
        { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
      ],
    })
    expect((await get('clusterrolebindings', 'system:discovery'))['subjects']).toEqual([
      subject,
      { apiGroup, kind: 'Group', name: 'system:authenticated' },
    ])
    expect(await get('clusterroles', 'view')).toMatchObject({
      rules: [rule],
      aggregationRule: {
        clusterRoleSelectors: [
          { matchLabels: { own: 'x' } },
          { matchLabels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
        ],
      },
    })
  })

  it('leaves alone what does not want to be updated', async () => {
    const withoutUpdates = (old: KubeObject): KubeObject['metadata'] => ({
      ...old.metadata,
      annotations: { [AUTO_UPDATE]: 'false' },
    })
    await change('clusterroles', 'cluster-admin', (old) => ({
      ...old,
      metadata: withoutUpdates(old),
      rules: [],
    }))
    await change('clusterrolebindings', 'cluster-admin', (old) => {
      const { subjects: _, ...rest } = old
      return { ...rest, metadata: withoutUpdates(old) }
    })
    await writeBootstrapPolicy({ store })
    expect((await get('clusterroles', 'cluster-admin'))['rules']).toEqual([])
    expect((await get('clusterrolebindings', 'cluster-admin'))['subjects']).toBeUndefined()
  })

  it('makes a role with an aggregation rule of its own an ordinary one again', async () => {
    await change('clusterroles', 'system:basic-user', (old) => ({
      ...old,
      aggregationRule: { clusterRoleSelectors: [{}] },
    }))
    await writeBootstrapPolicy({ store })
    expect((await get('clusterroles', 'system:basic-user'))['aggregationRule']).toBeUndefined()
  })

  it('replaces a binding of another role', async () => {
    const target = targetOf('clusterrolebindings', 'system:discovery')
    const old = await objects.get(target)
    await objects.delete(target)
    await objects.create(target, {
      ...old,
      metadata: { name: 'system:discovery' },
      roleRef: { apiGroup, kind: 'ClusterRole', name: 'cluster-admin' },
    })
    await writeBootstrapPolicy({ store })
    expect(await objects.get(target)).toMatchObject({ roleRef: { name: 'system:discovery' } })
  })

  it('works in several servers at once', async () => {
    const empty = memoryObjectStore()
    await Promise.all(Array.from({ length: 5 }, () => writeBootstrapPolicy({ store: empty })))
    const { objects: written } = await empty.list('')
    expect(written).toHaveLength((await store.list('')).objects.length)
    expect(written.every(({ revision, createdRevision }) => revision === createdRevision)).toBe(true)
  })
})
