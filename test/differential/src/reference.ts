import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Pki, pkiOf } from '@kube-authn-test/conformance/live/authn/credentials'
import {
  type AuthenticationRequest,
  bytesOf,
} from '@kube-authn-test/conformance/live/authn/recorded-authentication'
import type { RecordedSetup } from '@kube-authn-test/conformance/live/authn/setup'
import { exchange, type HttpAnswer } from '@kube-authn-test/conformance/live/http/http-client'
import { recordingsOf } from '@kube-authn-test/conformance/live/recordings'
import { tlsConnection } from '@kube-authn-test/conformance/live/tls/tls-connection'
import { TOKEN_FILE } from './tokens.ts'

/** A response, or why the connection was closed. */
export interface ReferenceAnswer extends HttpAnswer {
  readonly detail?: string
}

/** The server that is right. */
export interface Reference {
  ask(request: AuthenticationRequest): Promise<ReferenceAnswer>
  close(): Promise<void>
}

/** Files and flags that both sides have. */
export interface SharedSetup {
  readonly folder: string
  readonly pki: Pki
  readonly setup: RecordedSetup
  /** Of authentication and authorization. */
  readonly flags: readonly string[]
  remove(): void
}

const LIVE = fileURLToPath(new URL('../../conformance/live', import.meta.url))
const SERVE = fileURLToPath(new URL('../../../packages/server/dist/cli/main.js', import.meta.url))
const PATIENCE_MS = 120_000

/** Writes the files: certificates and authorities are those of the recordings. */
export function sharedSetup(): SharedSetup {
  const recordings = recordingsOf(LIVE)
  const pki = pkiOf(recordings)
  const recorded = recordings.json('authn/setups/noanon.json') as RecordedSetup
  const { clientCA = [], requestHeader = { ca: [] } } = recorded
  const folder = mkdtempSync(join(tmpdir(), 'differential-'))
  const put = (name: string, content: string): string => {
    writeFileSync(join(folder, name), Buffer.from(content, 'latin1'))
    return join(folder, name)
  }
  const bundle = (names: typeof clientCA): string => ('raw' in names ? names.raw : pki.bundle(names))
  const list = (values: readonly string[] = []): string => values.join()
  const flags = [
    `--client-ca-file=${put('client-ca.crt', bundle(clientCA))}`,
    `--requestheader-client-ca-file=${put('proxy-ca.crt', bundle(requestHeader.ca))}`,
    `--requestheader-allowed-names=${list(requestHeader.allowedNames)}`,
    `--requestheader-username-headers=${list(requestHeader.usernameHeaders)}`,
    `--requestheader-uid-headers=${list(requestHeader.uidHeaders)}`,
    `--requestheader-group-headers=${list(requestHeader.groupHeaders)}`,
    `--requestheader-extra-headers-prefix=${list(requestHeader.extraHeaderPrefixes)}`,
    `--token-auth-file=${put('tokens.csv', TOKEN_FILE)}`,
    '--anonymous-auth=false',
    `--authorization-config=${put('authorization.yaml', AUTHORIZATION)}`,
  ]
  put('server.crt', pki.server.cert)
  put('server.key', pki.server.key)
  return { folder, pki, setup: recorded, flags, remove: () => rmSync(folder, { recursive: true }) }
}

const AUTHORIZATION = `apiVersion: apiserver.config.k8s.io/v1
kind: AuthorizationConfiguration
authorizers:
- { type: RBAC, name: rbac }
`

/** @param server the path of a kube-apiserver, or `serve` for a `kube-authn serve` of this build. */
export async function startReference(server: string, shared: SharedSetup): Promise<Reference> {
  const { folder, flags, pki } = shared
  const port = await freePort()
  const file = (name: string): string => join(folder, name)
  const common = [
    ...flags,
    `--secure-port=${port}`,
    '--bind-address=127.0.0.1',
    `--tls-cert-file=${file('server.crt')}`,
    `--tls-private-key-file=${file('server.key')}`,
    '--max-requests-inflight=0',
    '--max-mutating-requests-inflight=0',
  ]
  const processes: ChildProcess[] = []
  const close = async (): Promise<void> => {
    for (const child of processes.toReversed()) await ended(child)
  }
  try {
    if (server === 'serve') {
      const own = [
        'serve',
        '--in-memory',
        `--data-dir=${file('data')}`,
        '--authorization-always-allow-paths=',
      ]
      processes.push(started(folder, process.execPath, [SERVE, ...own, ...common]))
    } else {
      const etcdPort = await freePort()
      processes.push(
        started(folder, process.env['KUBE_APISERVER_ETCD'] ?? 'etcd', await etcdFlags(folder, etcdPort)),
      )
      processes.push(started(folder, server, [...common, ...apiServerFlags(folder, etcdPort)]))
    }
    const reference: Reference = {
      close,
      async ask(request) {
        const { cert } = request
        const credential = cert === undefined ? {} : { credential: pki.credentialOf(cert) }
        const connection = tlsConnection(port, { protocol: 'http/1.1', ...credential })
        let detail = 'ECONNRESET'
        connection.once('error', ({ message }) => (detail = message))
        const answer = await exchange(connection, bytesOf(request))
        return answer.status === 0 ? { ...answer, detail } : answer
      },
    }
    await isReady(reference, processes)
    return reference
  } catch (error) {
    await close()
    throw error
  }
}

function apiServerFlags(folder: string, etcdPort: number): readonly string[] {
  const key = join(folder, 'service-accounts.key')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(key, privateKey.export({ type: 'pkcs1', format: 'pem' }))
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    '--advertise-address=127.0.0.1',
    '--endpoint-reconciler-type=none',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    '--enable-priority-and-fairness=false',
  ]
}

async function etcdFlags(folder: string, port: number): Promise<readonly string[]> {
  const [url, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${await freePort()}`]
  return [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--unsafe-no-fsync',
  ]
}

function started(folder: string, command: string, flags: readonly string[]): ChildProcess {
  const log = openSync(join(folder, 'log'), 'a')
  const child = spawn(command, flags, { cwd: folder, stdio: ['ignore', log, log] })
  child.once('error', () => undefined)
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  return child
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
  child.kill('SIGTERM')
  await once(child, 'exit')
  clearTimeout(timer)
}

/** Waits until the administrator gets an answer. */
async function isReady(reference: Reference, processes: readonly ChildProcess[]): Promise<void> {
  for (let waited = 0; waited < PATIENCE_MS; waited += 200) {
    const hasEnded = processes.some(({ pid, exitCode }) => pid === undefined || exitCode !== null)
    const { status } = await reference.ask({ cert: 'admin', method: 'GET', target: '/readyz' })
    if (status === 200) return
    if (hasEnded) break
    await sleep(200)
  }
  throw new Error('the reference did not start')
}

/** What the servers wrote. */
export function logOf({ folder }: SharedSetup): string {
  return readFileSync(join(folder, 'log'), 'utf8')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
