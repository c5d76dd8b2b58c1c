import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createFetch, tlsServerOptions } from '@kube-authn/node'
import { listen } from '@kube-authn-example/material'
import { type Api, apiAt } from './api.ts'
import { type ApiServer, publicKubeconfig, runApiServers } from './api-servers.ts'
import { createApp } from './app.ts'
import { storedChain } from './chain.ts'
import { runHaproxy } from './haproxy.ts'
import type { Kept } from './keep-running.ts'
import { observe } from './observed.ts'
import { runPostgres } from './postgres.ts'
import { MissingPart } from './programs.ts'
import { trafficCommand } from './traffic-command.ts'
import { type Target, tryRevocation } from './trial.ts'

const folder = process.env['MATERIAL'] ?? fileURLToPath(new URL('../.material', import.meta.url))
const port = Number(process.env['PORT'] ?? 6443)
const appPort = Number(process.env['APP_PORT'] ?? 8443)
const databasePort = Number(process.env['DATABASE_PORT'] ?? 6432)
const ports = process.env['REPLICA_PORTS']?.split(',').map(Number) ?? [1, 2, 3].map((index) => port + index)

const kept: Kept[] = []
let isStopping = false
async function stop(): Promise<void> {
  if (isStopping) process.exit(1)
  isStopping = true
  // The database is the last one.
  const [first, ...others] = kept
  await Promise.all(others.map((each) => each.stop()))
  await first?.stop()
  process.exit()
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop())

try {
  await run()
} catch (error) {
  if (!(error instanceof MissingPart)) throw error
  console.error(error.message)
  process.exit(1)
}

async function run(): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const database = await runPostgres(join(folder, 'postgres'), databasePort)
  kept.push(database.kept)
  const servers = await runApiServers({ folder, store: database.url, ports, publicPort: port })
  kept.push(...servers.map((each) => each.kept))
  const pki = (index: number, name: string): string => join(folder, `replica-${index}`, 'pki', name)
  kept.push(await runHaproxy({ folder, port, caFile: pki(1, 'ca.crt'), ports }))
  const [first] = servers
  if (first === undefined) throw new Error('there is no replica')
  const kubeconfig = publicKubeconfig(folder, first, port)
  const shared = apiAt(kubeconfig, `https://localhost:${port}`)

  const authenticator = await storedChain({
    store: database.url,
    tokenFile: tokenFileIn(folder),
    serviceAccountKeyFile: pki(1, 'sa.pub'),
    issuer: `https://localhost:${port}`,
  })
  const app = createApp({
    authenticator,
    observe: () => observe(kept, servers, shared),
    tryRevocation: () => tryRevocation(shared, targets(servers, pki(1, 'ca.crt'))),
  })
  const cert = readFileSync(pki(1, 'apiserver.crt'), 'utf8')
  const key = readFileSync(pki(1, 'apiserver.key'), 'utf8')
  const server = createServer(tlsServerOptions({ cert, key }), app)
  await listen(server, { port: appPort, host: '127.0.0.1', setting: 'APP_PORT' })
  explain(kubeconfig)
}

/** A user of the app that needs no store. */
function tokenFileIn(where: string): string {
  const file = join(where, 'tokens.csv')
  if (!existsSync(file)) {
    writeFileSync(file, `${randomBytes(18).toString('base64url')},robot,1,machines\n`, { mode: 0o600 })
  }
  return file
}

/** All that must refuse a token that was revoked. */
function targets(servers: readonly ApiServer[], caFile: string): readonly Target[] {
  const fetch = createFetch({ caFile }, { timeoutSeconds: 5 })
  const askApp = async (token: string): Promise<number> => {
    try {
      const headers = { authorization: `Bearer ${token}` }
      const response = await fetch(`https://localhost:${appPort}/whoami`, { headers })
      await response.arrayBuffer()
      return response.status
    } catch {
      return 0
    }
  }
  const ask = (api: Api) => (token: string) => api.status('/api', token)
  return [
    ...servers.map(({ name, api }) => ({ name, ask: ask(api) })),
    { name: 'the Express app', ask: askApp },
  ]
}

function explain(kubeconfig: string): void {
  console.log(`
Three API servers on ports ${ports.join(', ')} behind haproxy on ${port}, one PostgreSQL, and an Express app:

  https://localhost:${appPort}/  the page (its certificate is of ${join(folder, 'replica-1/pki/ca.crt')})

In another terminal:

  export KUBECONFIG=${kubeconfig}
  kubectl get leases -n kube-system
  kubectl create serviceaccount jenkins
  TOKEN=$(kubectl create token jenkins)
  curl --cacert ${join(folder, 'replica-1/pki/ca.crt')} -H "Authorization: Bearer $TOKEN" https://localhost:${appPort}/whoami
  ${trafficCommand(process.env)}

Ctrl+C stops all of it.`)
}
