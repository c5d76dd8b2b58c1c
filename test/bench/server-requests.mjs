// What requests cost the API server beside the store alone and a server of Node that answers the same bytes: µs of CPU time of this process, in turns. The client is in
// this process too, and its cost is in all rows but those of the store. Run after a build.
//
// usage: node test/bench/server-requests.mjs [--rounds 5] [--requests 1000]
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import { parseArgs } from 'node:util'
import { authenticatorChain } from '@kube-authn/core'
import { tokenFile } from '@kube-authn/core/token-file'
import { storedRbac, writeBootstrapPolicy } from '@kube-authn/server'
import { memoryObjectStore } from '@kube-authn/store'
import { apiServer } from '@kube-authn/server/node'

const MAPS = '/api/v1/namespaces/default/configmaps'
const OBJECTS = 100
const AT_ONCE = 16
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '1000' },
  },
})
const rounds = Number(values.rounds)
const requests = Number(values.requests)

const store = memoryObjectStore()
await writeBootstrapPolicy({ store })
const roles = await storedRbac({ store })
const authenticator = authenticatorChain({ tokens: [tokenFile('token,admin,1,system:masters\n')] })
const { listener } = await apiServer({ store, authenticator, authorizer: roles, rbac: roles, log: false })
const api = await listening(createServer(listener))
const answers = new Map()
const bare = await listening(
  createServer((req, res) => {
    req.on('data', () => {})
    req.on('end', () => {
      res.setHeader('content-type', 'application/json')
      res.end(answers.get(req.method + req.url.split('?')[0].replace(/\d+$/, '')))
    })
  }),
)
const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })

let created = 0
for (let index = 0; index < OBJECTS; index++) await ask(api, 'POST', MAPS, configMap(`map-${index}`))
const one = `${MAPS}/map-`
const work = {
  GET: (index) => ['GET', one + (index % OBJECTS)],
  PATCH: (index) => ['PATCH', one + (index % OBJECTS), JSON.stringify({ data: { at: String(index) } })],
  'list of 100': () => ['GET', `${MAPS}?labelSelector=kind%3Dkept`],
  POST: () => ['POST', MAPS, configMap(`made-${created++}`, 'made')],
}
for (const next of Object.values(work)) {
  const [method, path, body] = next(0)
  answers.set(method + path.split('?')[0].replace(/\d+$/, ''), await ask(api, method, path, body))
}
const ofStore = {
  GET: (index) => store.get(`/registry/configmaps/default/map-${index % OBJECTS}`),
  PATCH: async (index) => {
    const { key, value, revision } = await store.get(`/registry/configmaps/default/map-${index % OBJECTS}`)
    await store.update(key, value, revision)
  },
  'list of 100': () => store.list('/registry/configmaps/default/map-'),
  POST: () => store.create(`/registry/other/${created++}`, configMap('other')),
}
const user = { username: 'admin', uid: '1', groups: ['system:masters'], extra: {} }
const attributes = {
  user,
  verb: 'get',
  isResourceRequest: true,
  resourceRequest: true,
  apiGroup: '',
  apiVersion: 'v1',
  namespace: 'default',
  resource: 'configmaps',
  subresource: '',
  name: 'map-1',
  path: `${MAPS}/map-1`,
}

for (const [name, next] of Object.entries(work)) {
  const samples = { server: [], bare: [], store: [] }
  for (let round = 0; round <= rounds; round++) {
    const each = {
      server: await cost((index) => ask(api, ...next(index))),
      bare: await cost((index) => ask(bare, ...next(index))),
      store: await cost(ofStore[name]),
    }
    // The first one is for the compiler.
    if (round > 0) for (const column of Object.keys(samples)) samples[column].push(each[column])
  }
  print(name, samples)
}
const decisions = []
for (let round = 0; round <= rounds; round++) {
  const sample = await cost(() => roles.authorize(attributes, {}))
  if (round > 0) decisions.push(sample)
}
print('RBAC decision', { store: decisions })
process.exit(0)

/** µs of CPU time for each. */
async function cost(run) {
  const begun = process.cpuUsage()
  let index = 0
  const runSome = async () => {
    while (index < requests) await run(index++)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, runSome))
  const { user: ofUser, system } = process.cpuUsage(begun)
  return (ofUser + system) / requests
}

function print(name, samples) {
  const least = Object.entries(samples).map(([column, each]) => [
    column,
    Math.round(Math.min(...each) * 10) / 10,
  ])
  console.log(JSON.stringify({ name, ...Object.fromEntries(least) }))
}

function configMap(name, kind = 'kept') {
  const metadata = { name, labels: { kind } }
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text: 'x'.repeat(400) } })
}

async function listening(server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server.address().port
}

function ask(port, method, path, body) {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
  const headers = {
    authorization: 'Bearer token',
    ...(body !== undefined && { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
  }
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, method, path, headers, agent }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part) => (text += part))
      response.on('end', () => {
        if (response.statusCode < 300) resolve(text)
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`))
      })
    })
      .on('error', reject)
      .end(body)
  })
}
