import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { binaryOf } from '../runtimes/binaries.mjs'
import { has } from './components.ts'
import { startEtcd } from './etcd.ts'
import { type Cluster, startCluster } from './kubernetes-1.6-document/cluster.ts'
import { freePort } from './nginx.ts'
import { startPostgres } from './postgres.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const script = fileURLToPath(new URL('client-node.mjs', import.meta.url))

let scratch: Scratch
let cluster: Cluster
let flags: readonly string[]
let engine: Engine | undefined

/** An engine with a process of its own. */
interface Engine {
  kill(): Promise<void>
  start(): Promise<void>
}

interface Stored {
  readonly engine?: Engine
  readonly flags: readonly string[]
}

const STORES = {
  SQLite: (): Promise<Stored> => Promise.resolve({ flags: [] }),
  async PostgreSQL(): Promise<Stored> {
    const server = await startPostgres(scratch)
    return { engine: server, flags: [`--store=${server.url}`] }
  },
  async etcd(): Promise<Stored> {
    const etcd = await startEtcd(scratch, 'etcd')
    return { engine: etcd, flags: [`--store=etcd+http://127.0.0.1:${etcd.port}`] }
  },
} as const
const kinds: readonly (keyof typeof STORES)[] = [
  'SQLite',
  ...(has('postgres', 'setpriv') ? (['PostgreSQL'] as const) : []),
  ...(has('etcd', 'setpriv') ? (['etcd'] as const) : []),
]

beforeEach(() => {
  scratch = makeScratch()
})
afterEach(async () => {
  await cluster.stop()
  await engine?.kill()
  scratch.remove()
})

it.each(kinds)('lists, watches, informs, and survives a restart of the server and of %s', async (kind) => {
  const stored = await STORES[kind]()
  engine = stored.engine
  flags = [`--secure-port=${await freePort()}`, ...stored.flags]
  cluster = await startCluster(scratch, 'data', flags)
  // The credential of the administrator, from a plug-in as clouds have them.
  const { certificate, key } = adminsCredential(readFileSync(cluster.adminConfig, 'utf8'))
  const credential = { clientCertificateData: certificate, clientKeyData: key }
  const apiVersion = 'client.authentication.k8s.io/v1'
  scratch.write('credential.json', JSON.stringify({ apiVersion, kind: 'ExecCredential', status: credential }))
  const exec = {
    apiVersion,
    command: 'cat',
    args: [scratch.path('credential.json')],
    interactiveMode: 'Never',
  }
  const kubeconfig = scratch.write(
    'kubeconfig',
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: cluster.origin, 'certificate-authority': cluster.caFile } }],
      users: [{ name: 'u', user: { exec } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'c',
    }),
  )
  const child = spawn(await binaryOf('node24'), [script, await binaryOf('client-node'), kubeconfig], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  expect(await outputOf(child, restart)).toEqual({
    created: { a: 'b' },
    replaced: { a: 'c' },
    conflict: 409,
    time: true,
    pages: [
      ['page-0', 'page-1'],
      ['page-2', 'page-3', 'page-4'],
    ],
    role: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
    missing: [404, 'NotFound'],
    watch: ['ADDED watched', 'DELETED watched'],
    'watch again': ['ADDED between', 'DELETED between'],
    streamed: [
      'ADDED page-0',
      'ADDED page-1',
      'ADDED page-2',
      'ADDED page-3',
      'ADDED page-4',
      'BOOKMARK end',
      'ADDED page-5',
    ],
    informer: ['add robot'],
    restart: '',
    'informer again': ['add robot', 'delete robot'],
  })
})

async function restart(): Promise<void> {
  await engine?.kill()
  await cluster.stop()
  await engine?.start()
  cluster = await startCluster(scratch, 'data', flags)
}

/** What the script prints. The server is restarted when it says so. */
async function outputOf(
  child: ChildProcess,
  whenAsked: () => Promise<void>,
): Promise<Readonly<Record<string, unknown>>> {
  const exited = once(child, 'exit')
  const output: Record<string, unknown> = {}
  if (child.stdout === null) throw new Error('the script has no output')
  for await (const line of createInterface({ input: child.stdout })) {
    const { what, content } = JSON.parse(line) as { readonly what: string; readonly content: unknown }
    output[what] = content
    if (what !== 'restart') continue
    await whenAsked()
    child.stdin?.write('go on\n')
  }
  await exited
  return output
}

function adminsCredential(kubeconfig: string): { readonly certificate: string; readonly key: string } {
  const dataOf = (name: string): string => {
    const [, data = ''] = new RegExp(`${name}: "?([\\w+/=]+)`).exec(kubeconfig) ?? []
    return Buffer.from(data, 'base64').toString()
  }
  return { certificate: dataOf('client-certificate-data'), key: dataOf('client-key-data') }
}
