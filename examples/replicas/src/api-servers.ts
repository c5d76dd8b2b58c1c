import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Kept, keepRunning } from './keep-running.ts'
import { type Api, apiAt } from './api.ts'

/** A `kube-authn serve`. */
export interface ApiServer {
  readonly name: string
  readonly port: number
  readonly kept: Kept
  readonly api: Api
  /** Its kubeconfig for an administrator. */
  readonly kubeconfig: string
}

/** Options of {@link runApiServers}. */
export interface ApiServersOptions {
  readonly folder: string
  /** The URL of the database. */
  readonly store: string
  readonly ports: readonly number[]
  /** The port of the load balancer: a part of the issuer of tokens. */
  readonly publicPort: number
}

const COMMAND = join(dirname(fileURLToPath(import.meta.resolve('@kube-authn/server/node'))), 'cli/main.js')

/**
 * Runs the replicas. They are one API server, so they have one CA, one key of tokens and one store; the first start of the first one makes the keys, and the others get a
 * copy.
 */
export async function runApiServers(options: ApiServersOptions): Promise<readonly ApiServer[]> {
  const { folder, ports } = options
  const found: ApiServer[] = []
  for (const [index, port] of ports.entries()) {
    const dataDir = join(folder, `replica-${index + 1}`)
    if (index > 0) copyKeys(join(folder, 'replica-1'), dataDir)
    found.push(await runApiServer(options, `replica-${index + 1}`, port, dataDir))
  }
  return found
}

async function runApiServer(
  { store, publicPort }: ApiServersOptions,
  name: string,
  port: number,
  dataDir: string,
): Promise<ApiServer> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const kubeconfig = join(dataDir, 'admin.conf')
  const kept = keepRunning({
    name,
    command: process.execPath,
    args: [
      COMMAND,
      'serve',
      `--store=${store}`,
      `--data-dir=${dataDir}`,
      `--secure-port=${port}`,
      `--service-account-issuer=https://localhost:${publicPort}`,
      // Within it, the balancer notices that the replica is not ready any more.
      '--shutdown-delay-duration=3s',
    ],
  })
  const api = await ready(kubeconfig, port, name)
  return { name, port, kept, api, kubeconfig }
}

/** The key of the CA must be there before the certificate of the second replica is made. */
function copyKeys(from: string, to: string): void {
  if (existsSync(join(to, 'pki'))) return
  mkdirSync(to, { recursive: true, mode: 0o700 })
  cpSync(join(from, 'pki'), join(to, 'pki'), { recursive: true, mode: 0 })
  for (const name of ['apiserver.crt', 'apiserver.key']) rmSync(join(to, 'pki', name), { force: true })
}

async function ready(kubeconfig: string, port: number, name: string): Promise<Api> {
  for (let tries = 0; tries < 300; tries++) {
    if (existsSync(kubeconfig)) {
      const api = apiAt(kubeconfig, `https://localhost:${port}`)
      if ((await api.status('/readyz')) === 200) return api
      api.close()
    }
    await delay(100)
  }
  throw new Error(`${name} is not ready; run kube-authn serve --data-dir=${dirname(kubeconfig)} to see why`)
}

/** The kubeconfig of an administrator, for the load balancer. */
export function publicKubeconfig(folder: string, server: ApiServer, publicPort: number): string {
  const file = join(folder, 'admin.conf')
  const own = readFileSync(server.kubeconfig, 'utf8')
  const changed = own.replace(/https:\/\/(?:localhost|127\.0\.0\.1):\d+/, `https://localhost:${publicPort}`)
  writeFileSync(file, changed, { mode: 0o600 })
  return file
}
