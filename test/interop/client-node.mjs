// Uses @kubernetes/client-node as an app does, and prints what it saw, one JSON object on a line. Run by client-node.interop.ts with a newer Node.js
// than that of the suites.
//
//   node client-node.mjs MODULE KUBECONFIG
import { once } from 'node:events'
import { pathToFileURL } from 'node:url'

const [, , module, kubeconfig] = process.argv
const { CoreV1Api, KubeConfig, makeInformer, RbacAuthorizationV1Api, Watch } = await import(
  pathToFileURL(module).href
)

const config = new KubeConfig()
config.loadFromFile(kubeconfig)
const core = config.makeApiClient(CoreV1Api)
const rbac = config.makeApiClient(RbacAuthorizationV1Api)
const print = (what, content) => console.log(JSON.stringify({ what, content }))
const namespace = 'default'
const named = (name) => ({ metadata: { name, namespace } })
const names = (list) => list.items.map(({ metadata }) => metadata.name).toSorted()

// Objects.
const created = await core.createNamespacedConfigMap({
  namespace,
  body: { ...named('one'), data: { a: 'b' } },
})
print('created', created.data)
created.data = { a: 'c' }
const replaced = await core.replaceNamespacedConfigMap({ namespace, name: 'one', body: created })
print('replaced', replaced.data)
const conflict = await core
  .replaceNamespacedConfigMap({ namespace, name: 'one', body: created })
  .catch((error) => error)
print('conflict', conflict.code)
print('time', replaced.metadata.creationTimestamp instanceof Date)
for (let index = 0; index < 5; index++) {
  await core.createNamespacedConfigMap({
    namespace,
    body: {
      ...named(`page-${index}`),
      metadata: { ...named(`page-${index}`).metadata, labels: { a: 'page' } },
    },
  })
}
const first = await core.listNamespacedConfigMap({ namespace, labelSelector: 'a=page', limit: 2 })
const second = await core.listNamespacedConfigMap({
  namespace,
  labelSelector: 'a=page',
  limit: 10,
  ['_continue']: first.metadata['_continue'],
})
print('pages', [names(first), names(second)])
await rbac.createClusterRole({
  body: {
    metadata: { name: 'from-client' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  },
})
print('role', (await rbac.readClusterRole({ name: 'from-client' })).rules)
const missing = await core.readNamespacedSecret({ namespace, name: 'none' }).catch((error) => error)
print('missing', [missing.code, JSON.parse(missing.body).reason])

// A watch that begins where a list ended, and one that goes on where the first ended.
async function watched(resourceVersion, count, change) {
  const seen = []
  let last = resourceVersion
  const controller = await new Promise((resolve, reject) => {
    const started = new Watch(config).watch(
      `/api/v1/namespaces/${namespace}/configmaps`,
      { resourceVersion, allowWatchBookmarks: true },
      (type, object) => {
        last = object.metadata.resourceVersion
        if (type === 'BOOKMARK') return
        seen.push(`${type} ${object.metadata.name}`)
        if (seen.length === count) resolve(started)
      },
      (error) => {
        if (seen.length < count) reject(error ?? new Error('the watch ended'))
      },
    )
    started.then(change).catch(reject)
  })
  controller.abort()
  return { seen, last }
}

const listed = await core.listNamespacedConfigMap({ namespace })
const before = await watched(listed.metadata.resourceVersion, 2, async () => {
  await core.createNamespacedConfigMap({ namespace, body: named('watched') })
  await core.deleteNamespacedConfigMap({ namespace, name: 'watched' })
})
print('watch', before.seen)
await core.createNamespacedConfigMap({ namespace, body: named('between') })
const after = await watched(before.last, 2, () =>
  core.deleteNamespacedConfigMap({ namespace, name: 'between' }),
)
print('watch again', after.seen)

// A list as a stream.
const streamed = await new Promise((resolve, reject) => {
  const events = []
  const query = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true }
  const started = new Watch(config).watch(
    `/api/v1/namespaces/${namespace}/configmaps`,
    { ...query, labelSelector: 'a=page' },
    (type, { metadata }) => {
      const isEnd = metadata.annotations?.['k8s.io/initial-events-end'] === 'true'
      events.push(`${type} ${isEnd ? 'end' : metadata.name}`)
      if (isEnd) {
        const labels = { a: 'page' }
        const body = { metadata: { name: 'page-5', namespace, labels } }
        core.createNamespacedConfigMap({ namespace, body }).catch(reject)
      } else if (metadata.name === 'page-5') resolve(started.then((ending) => [events, ending]))
    },
    (error) => reject(error ?? new Error('the watch ended')),
  )
}).then(([events, ending]) => {
  ending.abort()
  return events
})
print('streamed', streamed)

// An informer, which lists, watches, and comes back when its connection is lost.
const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/serviceaccounts`, () =>
  core.listNamespacedServiceAccount({ namespace }),
)
const told = []
for (const verb of ['add', 'update', 'delete'])
  informer.on(verb, ({ metadata }) => told.push(`${verb} ${metadata.name}`))
// The server is stopped and started again: the suite says when it is back.
const back = once(process.stdin, 'data')
informer.on('error', () => void back.then(() => informer.start()))
const until = (verb, name) =>
  new Promise((resolve) => {
    if (told.includes(`${verb} ${name}`)) resolve()
    informer.on(verb, ({ metadata }) => metadata.name === name && resolve())
  })
await informer.start()
await core.createNamespacedServiceAccount({ namespace, body: named('robot') })
await until('add', 'robot')
print(
  'informer',
  told.filter((line) => line.endsWith('robot')),
)
print('restart', '')
await back
await core.deleteNamespacedServiceAccount({ namespace, name: 'robot' })
await until('delete', 'robot')
print(
  'informer again',
  told.filter((line) => line.endsWith('robot')),
)
await informer.stop()
process.exit(0)
