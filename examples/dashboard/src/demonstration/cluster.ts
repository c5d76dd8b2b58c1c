import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { endpointFetch, readKubeconfig } from '@kube-authn/node'
import { z } from 'zod'
import { objects } from './objects.ts'

/** A running API server. */
export interface Cluster {
  /** Of an admin of the cluster, for `kubectl`. */
  readonly kubeconfig: string
  /** Calls the API as that admin. @throws {Error} if the API refuses. */
  call(method: string, path: string, object?: unknown): Promise<unknown>
  close(): void
}

const require = createRequire(import.meta.url)
const announcement = z.object({ server: z.string(), kubeconfig: z.string() })
const issued = z.object({ status: z.object({ token: z.string() }) })
const PROXY = '/api/v1/namespaces/kube-system/serviceaccounts/impersonating-proxy'

/**
 * Starts `kube-authn serve` with no flag about OpenID Connect, creates objects in it, and writes the kubeconfig of the proxy's service account.
 *
 * @param upstream the path of that kubeconfig.
 */
export async function startCluster(dataDir: string, upstream: string): Promise<Cluster> {
  const cli = join(dirname(require.resolve('@kube-authn/server/package.json')), 'dist/cli/main.js')
  const child = spawn(
    process.execPath,
    [cli, 'serve', '--in-memory', '--secure-port=0', '--output=json', `--data-dir=${dataDir}`],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  process.once('exit', () => child.kill())
  const { kubeconfig, server } = announcement.parse(JSON.parse(await firstLine(child)))
  const endpoint = readKubeconfig(kubeconfig)
  const fetch = endpointFetch(endpoint)

  const call: Cluster['call'] = async (method, path, object) => {
    const response = await fetch(server + path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: object === undefined ? null : JSON.stringify(object),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${text}`)
    const content: unknown = JSON.parse(text)
    return content
  }
  for (const [path, object] of objects) await call('POST', path, object)

  const request = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 604_800 },
  }
  const { token } = issued.parse(await call('POST', `${PROXY}/token`, request)).status
  writeFileSync(upstream, kubeconfigOf(server, endpoint.ca ?? '', token), { mode: 0o600 })
  return {
    kubeconfig,
    call,
    close() {
      fetch.close()
      child.kill()
    },
  }
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('the API server has no output')
  const lines = createInterface({ input: stdout })
  return new Promise((resolve, reject) => {
    lines.once('line', resolve).once('close', () => reject(new Error('the API server did not start')))
  })
}

/** JSON is YAML. */
function kubeconfigOf(server: string, ca: string, token: string): string {
  const named = (of: string, value: object): object => ({ name: 'cluster', [of]: value })
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      named('cluster', { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
    ],
    users: [named('user', { token })],
    contexts: [named('context', { cluster: 'cluster', user: 'cluster' })],
    'current-context': 'cluster',
  })
}
