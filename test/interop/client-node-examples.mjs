// Does what the examples of @kubernetes/client-node show, in one program, and prints what it saw, one JSON object on a line. Run by
// client-node.interop.ts.
//
//   node client-node-examples.mjs MODULE KUBECONFIG
import { EventEmitter, once } from 'node:events'
import { get } from 'node:https'
import { PassThrough } from 'node:stream'
import { pathToFileURL } from 'node:url'

const [, , module, kubeconfig] = process.argv
const k8s = await import(pathToFileURL(module).href)

const config = new k8s.KubeConfig()
config.loadFromFile(kubeconfig)
const core = config.makeApiClient(k8s.CoreV1Api)
const coordination = config.makeApiClient(k8s.CoordinationV1Api)
const objects = k8s.KubernetesObjectApi.makeApiClient(config)
const namespace = 'default'
const print = (what, content) => console.log(JSON.stringify({ what, content: content ?? null }))
/** The status and reason with which a request is refused. */
const refusal = (asked) =>
  asked.then(
    () => 'it was not refused',
    ({ code, body }) => [code, JSON.parse(body).reason],
  )
const named = (name, more = {}) => ({ metadata: { name, namespace, ...more } })

// Objects of any kind, from a file: created or patched.
const yaml = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: prices, namespace: shop }
data: { apple: '1' }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader, namespace: shop }
rules: [{ apiGroups: [''], resources: [configmaps], verbs: [get] }]
`
async function applyAll(documents) {
  const done = []
  for (const spec of documents) {
    const key = 'kubectl.kubernetes.io/last-applied-configuration'
    const kept = { ...spec, metadata: { ...spec.metadata, annotations: { [key]: JSON.stringify(spec) } } }
    const isThere = await objects.read(spec).then(
      () => true,
      ({ code }) => code !== 404,
    )
    const { kind, metadata } = await (isThere ? objects.patch(kept) : objects.create(kept))
    done.push(`${kind} ${metadata.name} ${isThere ? 'patched' : 'created'}`)
  }
  return done
}
print('applied', [
  await applyAll(k8s.loadAllYaml(yaml)),
  await applyAll(k8s.loadAllYaml(yaml.replace("apple: '1'", "pear: '2'"))),
])
const prices = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'prices', namespace: 'shop' } }
print('patched', (await objects.read(prices)).data)
const serverSide = (data, force) =>
  objects.patch({ ...prices, data }, undefined, undefined, 'me', force, k8s.PatchStrategy.ServerSideApply)
print('conflict', await refusal(serverSide({ pear: '3' })))
print('forced', (await serverSide({ pear: '3' }, true)).data)
print('withdrawn', (await serverSide({})).data)
print('objects', (await objects.list('v1', 'ConfigMap', 'shop')).items.length)
print('deleted', (await objects.delete(prices)).status)

// Patches of a pod without labels.
const pod = { ...named('web'), spec: { containers: [{ name: 'c', image: 'nginx' }] } }
await core.createNamespacedPod({ namespace, body: pod })
const replaceLabels = [{ op: 'replace', path: '/metadata/labels', value: { app: 'web' } }]
const patchOf = (body, strategy) =>
  core.patchNamespacedPod({ name: 'web', namespace, body }, k8s.setHeaderOptions('Content-Type', strategy))
print('labels', (await patchOf(replaceLabels, k8s.PatchStrategy.JsonPatch)).metadata.labels)
const merged = await patchOf({ metadata: { labels: { app: null, tier: 'x' } } }, k8s.PatchStrategy.MergePatch)
print('merged', merged.metadata.labels)
const strategic = { spec: { containers: [{ name: 'c', image: 'nginx:2' }] } }
print('strategic', (await patchOf(strategic, k8s.PatchStrategy.StrategicMergePatch)).spec.containers)
print('kinds', [
  merged.kind,
  (await core.listNamespacedPod({ namespace })).items.map(({ kind }) => kind ?? null),
])

// What needs a kubelet, or kinds that are not served.
const exec = new k8s.Exec(config)
const streams = [new PassThrough(), new PassThrough(), new PassThrough()]
const failureOf = (asked) =>
  asked.then(
    () => 'it was opened',
    (error) => error.message ?? String(error),
  )
print('exec', await failureOf(exec.exec(namespace, 'web', 'c', ['ls'], ...streams, false)))
print('attach', await failureOf(new k8s.Attach(config).attach(namespace, 'web', 'c', ...streams, false)))
print(
  'port-forward',
  await failureOf(new k8s.PortForward(config, true, 0).portForward(namespace, 'web', [80], ...streams)),
)
print('log', await core.readNamespacedPodLog({ name: 'web', namespace }).catch(({ code }) => code))
print('deleted pod', (await core.deleteNamespacedPod({ name: 'web', namespace })).metadata?.name)
const apps = config.makeApiClient(k8s.AppsV1Api)
print('deployments', await apps.listNamespacedDeployment({ namespace }).catch(({ code }) => code))

// Leases.
const lease = (name, renewTime) =>
  coordination.createNamespacedLease({
    namespace,
    body: { ...named(name), spec: { holderIdentity: 'x', leaseDurationSeconds: 15, renewTime } },
  })
const moment = '2026-01-02T03:04:05.123Z'
const renewed = (await lease('exact', new k8s.V1MicroTime(moment))).spec.renewTime
print('micro time', renewed)
print('date', await refusal(lease('date', new Date(moment))))
const exact = (await coordination.listNamespacedLease({ namespace })).items.find(
  ({ metadata }) => metadata.name === 'exact',
)
exact.spec.holderIdentity = 'y'
print('renewed', [
  (await coordination.replaceNamespacedLease({ name: 'exact', namespace, body: exact })).spec.holderIdentity,
  await refusal(coordination.replaceNamespacedLease({ name: 'exact', namespace, body: exact })),
])

// Service accounts and their tokens.
await core.createNamespacedServiceAccount({ namespace, body: named('robot') })
const { status } = await core.createNamespacedServiceAccountToken({
  name: 'robot',
  namespace,
  body: { spec: { audiences: [], expirationSeconds: 3600 } },
})
const robot = new k8s.KubeConfig()
robot.loadFromClusterAndUser(config.getCurrentCluster(), { name: 'robot', token: status.token })
const review = robot.makeApiClient(k8s.AuthenticationV1Api).createSelfSubjectReview({ body: {} })
print('robot', (await review).status.userInfo.username)
print('forbidden', await refusal(robot.makeApiClient(k8s.CoreV1Api).listNamespacedSecret({ namespace })))
print(
  'deleted account',
  (await core.deleteNamespacedServiceAccount({ name: 'robot', namespace })).metadata?.name,
)

// A cache of config maps with a selector, and an informer over it.
const selector = 'app=cached'
const list = () => core.listNamespacedConfigMap({ namespace, labelSelector: selector })
const path = `/api/v1/namespaces/${namespace}/configmaps`
const informer = k8s.makeInformer(config, path, list, selector)
const told = []
const changes = new EventEmitter()
const tell = (line) => {
  told.push(line)
  changes.emit('change')
}
informer.on('add', ({ metadata, data }) => tell(`add ${metadata.name} ${data.a}`))
informer.on('update', ({ metadata, data }) => tell(`update ${metadata.name} ${data.a}`))
informer.on('delete', ({ metadata }) => tell(`delete ${metadata.name}`))
const until = async (count) => {
  while (told.length < count) await once(changes, 'change')
}
const labels = { app: 'cached' }
await core.createNamespacedConfigMap({
  namespace,
  body: { ...named('before', { labels }), data: { a: '0' } },
})
await informer.start()
const change = (a) => ({ name: 'one', namespace, body: { ...named('one', { labels }), data: { a } } })
await core.createNamespacedConfigMap(change('1'))
await core.replaceNamespacedConfigMap(change('2'))
await until(3)
print('cached', [informer.list().length, informer.get('one', namespace)?.data])
await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: selector })
await until(5)
print('told', [told.slice(0, 3), new Set(told.slice(3)).size])
print('empty', informer.list().length)
await informer.stop()

// A watch that ends by its time, and one of a version that never was.
const ended = await new Promise((resolve) => {
  void new k8s.Watch(config).watch(
    path,
    { timeoutSeconds: 1 },
    () => {},
    (error) => resolve(error ?? 'ended'),
  )
})
print('watch', ended)

// A request of one's own.
const options = {}
await config.applyToHTTPSOptions(options)
const [response] = await once(
  get(`${config.getCurrentCluster().server}/api/v1/namespaces`, options),
  'response',
)
print('raw', JSON.parse((await response.toArray()).join('')).kind)
process.exit(0)
