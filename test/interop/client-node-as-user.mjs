// Uses @kubernetes/client-node in the name of users, as an app does for those of its requests, and prints what it saw, one JSON object on a line. Run by
// client-node.interop.ts with a newer Node.js than that of the suites.
//
//   node client-node-as-user.mjs MODULE KUBECONFIG
import { pathToFileURL } from 'node:url'
import { userInfo } from '@kube-authn/core'
import { readKubeconfig } from '@kube-authn/node'
import { clusterClient, kubeConfigAsUser } from '@kube-authn/proxy'

const [, , module, kubeconfig] = process.argv
const { AuthenticationV1Api, CoreV1Api, KubeConfig, makeInformer, RbacAuthorizationV1Api, Watch } =
  await import(pathToFileURL(module).href)

const config = new KubeConfig()
config.loadFromFile(kubeconfig)
const admin = config.makeApiClient(CoreV1Api)
const rbac = config.makeApiClient(RbacAuthorizationV1Api)
const print = (what, content) => console.log(JSON.stringify({ what, content }))
const namespace = 'default'
const failure = (error) => [error.code, JSON.parse(error.body).message]

// Only members of a group with a comma in its name may read config maps: a client that sends its groups in one header, or none, may not.
await rbac.createNamespacedRole({
  namespace,
  body: {
    metadata: { name: 'reader' },
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch'] }],
  },
})
await rbac.createNamespacedRoleBinding({
  namespace,
  body: {
    metadata: { name: 'readers' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'team a, readers' }],
  },
})
const jane = {
  user: userInfo({
    username: 'jane@example.com',
    uid: '42',
    groups: ['dev', 'team a, readers', 'system:authenticated'],
    extra: { 'example.com/Scopes': ['read', 'größer'] },
  }),
}
const bob = { user: userInfo({ username: 'bob', groups: ['dev', 'system:authenticated'] }) }

const asJane = kubeConfigAsUser(config, jane)
const core = asJane.makeApiClient(CoreV1Api)
const { status } = await asJane
  .makeApiClient(AuthenticationV1Api)
  .createSelfSubjectReview({ body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' } })
print('who', status.userInfo)

const create = (name) => admin.createNamespacedConfigMap({ namespace, body: { metadata: { name } } })
await create('one')
// The server publishes its CA.
const isOurs = (name) => name !== 'kube-root-ca.crt'
const names = async (client) => {
  const { items } = await client.listNamespacedConfigMap({ namespace })
  return items.map(({ metadata }) => metadata.name).filter(isOurs)
}
print('list', await names(core))
print('change', await core.deleteNamespacedConfigMap({ namespace, name: 'one' }).catch(failure))
print('bob', await names(kubeConfigAsUser(config, bob).makeApiClient(CoreV1Api)).catch(failure))

const { metadata } = await core.listNamespacedConfigMap({ namespace })
const watched = await new Promise((resolve, reject) => {
  const started = new Watch(asJane).watch(
    `/api/v1/namespaces/${namespace}/configmaps`,
    { resourceVersion: metadata.resourceVersion },
    (type, object) => started.then((ending) => resolve([`${type} ${object.metadata.name}`, ending])),
    (error) => reject(error ?? new Error('the watch ended')),
  )
  started.then(() => create('two')).catch(reject)
})
watched[1].abort()
print('watch', watched[0])

const informer = makeInformer(asJane, `/api/v1/namespaces/${namespace}/configmaps`, () =>
  core.listNamespacedConfigMap({ namespace }),
)
const seen = new Promise((resolve) => {
  const told = []
  informer.on('add', ({ metadata: { name } }) => isOurs(name) && told.push(name) === 3 && resolve(told))
})
await informer.start()
await create('three')
print('informer', await seen)
await informer.stop()

// The credential of a user ends: its watch does too.
const expiring = kubeConfigAsUser(config, { ...jane, expiresAtMs: Date.now() + 1500 })
const ended = await new Promise((resolve, reject) => {
  new Watch(expiring).watch(`/api/v1/namespaces/${namespace}/configmaps`, {}, () => {}, resolve).catch(reject)
})
print('expired', [ended.message, ended.cause?.message])

// The same by fetch.
const cluster = clusterClient({ upstream: readKubeconfig(kubeconfig) })
const answer = await cluster.asUser(jane)(`/api/v1/namespaces/${namespace}/configmaps/one`)
print('fetch', [answer.status, (await answer.json()).metadata.name])
const refused = await cluster.asUser(bob)(`/api/v1/namespaces/${namespace}/configmaps`)
print('fetch as bob', [refused.status, (await refused.json()).message])
await cluster.close()
process.exit()
