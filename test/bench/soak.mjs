// Mixed traffic for a while: node --expose-gc soak.mjs MINUTES. An Express app with everything that reloads or may be unreachable; files that change
// and become invalid, an issuer and a webhook with outages. Checks every response, and prints heap, handles and percentiles per minute.
import { Agent, createServer, request } from 'node:http'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import express from 'express'
import { authentication, authorization, getUser } from '@kube-authn/express'
import { createAuthenticator, rbacAt } from '@kube-authn/node'
import { createIssuer, fakeTokenReviewWebhook, fakeUser, knownTokens } from '@kube-authn/testing'
import { listen } from '@kube-authn/testing/node'
import { kubeconfigOf } from './lib/material.mjs'

const minutes = Number(process.argv[2] ?? 60)
const USERS = 20_000
const CLIENTS = 8
const folder = mkdtempSync(join(tmpdir(), 'kube-authn-soak-'))
const at = (name) => join(folder, name)

function put(name, text) {
  writeFileSync(at(`${name}.new`), text)
  renameSync(at(`${name}.new`), at(name))
}

const tokensOf = (version) =>
  Array.from({ length: USERS }, (_, i) => `token-${i},user-${i},${version},"team-${i % 50},all"\n`).join('')

const apiGroup = 'rbac.authorization.k8s.io'
const policyOf = (version) =>
  [
    `apiVersion: ${apiGroup}/v1\nkind: ClusterRole\nmetadata:\n  name: reader\n  labels:\n    version: v${version}\nrules:\n- nonResourceURLs: ["*"]\n  verbs: ["*"]\n`,
    ...Array.from(
      { length: 2000 },
      (_, i) =>
        `apiVersion: ${apiGroup}/v1\nkind: ClusterRoleBinding\nmetadata:\n  name: b${i}\nsubjects:\n- kind: Group\n  name: ${i === 0 ? 'system:authenticated' : `team-${i}`}\n  apiGroup: ${apiGroup}\nroleRef:\n  kind: ClusterRole\n  name: reader\n  apiGroup: ${apiGroup}\n`,
    ),
  ].join('---\n')

const issuer = await createIssuer({ signingAlgorithms: ['ES256'] })
const issuerServer = await listen(issuer)
const webhook = fakeTokenReviewWebhook(knownTokens({ hooked: fakeUser({ username: 'hook' }) }))
const webhookServer = await listen(webhook)

put('tokens.csv', tokensOf(0))
put('passwords.csv', 'pw,joe,1,"ops"\n')
put('rbac.yaml', policyOf(0))
put(
  'authn.json',
  JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [
      {
        issuer: { url: issuerServer.url, audiences: ['app'], certificateAuthority: issuerServer.caPem },
        claimMappings: { username: { claim: 'sub', prefix: '' } },
      },
    ],
  }),
)
put('webhook.json', kubeconfigOf(webhookServer))

const reloads = { loaded: 0, failed: 0 }
const observer = (event) => {
  if (event.type === 'reload') reloads[event.outcome]++
}
const authenticator = createAuthenticator({
  tokenFile: at('tokens.csv'),
  passwordFile: at('passwords.csv'),
  authenticationConfig: at('authn.json'),
  tokenReview: { path: at('webhook.json'), ttlSeconds: 5 },
  anonymous: { enabled: true, conditions: [{ path: '/healthz' }] },
  observer,
})
const policy = rbacAt(at('rbac.yaml'), { observer })
const app = express()
app.use(authentication(authenticator, { observer }))
app.get('/healthz', (_, response) => void response.send('ok'))
app.use(authorization(policy))
app.get('/{*any}', (req, response) => void response.send(getUser(req).username))
const server = createServer(app)
await new Promise((resolve) => {
  server.listen(0, '127.0.0.1', resolve)
})
const { port } = server.address()
const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })

const jwts = await Promise.all(
  Array.from({ length: 200 }, (_, i) =>
    issuer.sign({ aud: 'app', sub: `jane-${i}` }, { expirationSeconds: 86_400 }),
  ),
)
const bearer = (token) => ({ authorization: `Bearer ${token}` })
const basic = (user, password) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})
const OUTAGE = [200, 401, 503]
/** Path, headers, and the allowed statuses. */
const KINDS = [
  (n) => ['/', bearer(`token-${n % USERS}`), [200]],
  (n) => ['/', bearer(jwts[n % jwts.length]), OUTAGE],
  (n) => ['/', bearer(`wrong-${n}`), [401, 503]],
  () => ['/', basic('joe', 'pw'), [200]],
  (n) => ['/', basic('joe', `no-${n}`), [401]],
  () => ['/healthz', {}, [200]],
  () => ['/', {}, [401]],
  () => ['/', bearer('hooked'), OUTAGE],
  (n) => ['/', bearer(`${jwts[n % jwts.length].slice(0, -3)}abc`), [401, 503]],
]

function call(path, headers) {
  const start = performance.now()
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, headers, agent }, (response) => {
      response.resume()
      response.on('end', () => resolve([response.statusCode, performance.now() - start]))
    })
    // A kept connection may be closed by the server while the next request is sent: clients send that one again.
    sent.on('error', (error) => (sent.reusedSocket ? resolve(call(path, headers)) : reject(error)))
    sent.end()
  })
}

let requests = 0
let wrong = 0
let latencies = []
const until = performance.now() + minutes * 60_000

async function client() {
  while (performance.now() < until) {
    const number = requests++
    const [path, headers, allowed] = KINDS[number % KINDS.length](number)
    const [status, taken] = await call(path, headers)
    if (!allowed.includes(status)) wrong++
    latencies.push(taken)
    await pause(2)
  }
}

let version = 0
const changes = setInterval(() => {
  version++
  put('tokens.csv', tokensOf(version))
  put('rbac.yaml', policyOf(version))
  if (version % 6 === 2) put('passwords.csv', 'broken')
  if (version % 6 === 3) put('passwords.csv', `pw,joe,${version},"ops"\n`)
}, 5000)
let isDown = false
const outages = setInterval(() => {
  isDown = !isDown
  if (isDown) {
    issuer.stop(version % 2 === 0 ? 'reset' : { status: 500 })
    webhook.stop({ status: 503 })
  } else {
    issuer.start()
    webhook.start()
  }
}, 9000)

function percentile(part) {
  const sorted = latencies.toSorted((a, b) => a - b)
  return (sorted[Math.floor((sorted.length - 1) * part)] ?? 0).toFixed(1)
}

function handles() {
  const counts = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return Object.entries(counts)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ')
}

process.stdout.write(
  '| minute | requests | wrong answers | p50 ms | p99 ms | heap MiB | RSS MiB | reloads | refused | handles |\n',
)
process.stdout.write('| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n')
let minute = 0
function report() {
  // The requests recorded by the fakes must not count as a leak.
  for (const list of [webhook.reviews, webhook.requests, issuer.requests]) list.length = 0
  globalThis.gc()
  globalThis.gc()
  const { heapUsed, external, rss } = process.memoryUsage()
  const cells = [
    ++minute,
    requests,
    wrong,
    percentile(0.5),
    percentile(0.99),
    ((heapUsed + external) / 1_048_576).toFixed(1),
    Math.round(rss / 1_048_576),
    reloads.loaded,
    reloads.failed,
    handles(),
  ]
  process.stdout.write(`| ${cells.join(' | ')} |\n`)
  latencies = []
}
const reports = setInterval(report, 60_000)

await Promise.all(Array.from({ length: CLIENTS }, client))
for (const timer of [changes, outages, reports]) clearInterval(timer)
report()
process.exitCode = wrong === 0 ? 0 : 1
server.close()
agent.destroy()
authenticator.close()
policy.close()
await issuerServer.close()
await webhookServer.close()
rmSync(folder, { recursive: true, force: true })
