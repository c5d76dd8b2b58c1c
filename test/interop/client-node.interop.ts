import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest'
import { binaryOf } from '../runtimes/binaries.mjs'
import { has } from './components.ts'
import { startEtcd } from './etcd.ts'
import { type Cluster, startCluster } from './kubernetes-1.6-document/cluster.ts'
import { freePort } from './ports.ts'
import { startPostgres } from './postgres.ts'
import { linesOf } from './script-lines.ts'
import { makeScratch, type Scratch } from './scratch.ts'

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
  expect(await seenBy('client-node.mjs', kubeconfig)).toEqual({
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

it('does what the examples of the client do', async () => {
  cluster = await startCluster(scratch, 'data', ['--in-memory'])
  expect(await seenBy('client-node-examples.mjs', cluster.adminConfig)).toEqual({
    applied: [
      ['Namespace shop created', 'ConfigMap prices created', 'Role reader created'],
      ['Namespace shop patched', 'ConfigMap prices patched', 'Role reader patched'],
    ],
    patched: { apple: '1', pear: '2' },
    conflict: [409, 'Conflict'],
    forced: { apple: '1', pear: '3' },
    withdrawn: { apple: '1' },
    objects: 2,
    deleted: 'Success',
    labels: { app: 'web' },
    merged: { tier: 'x' },
    strategic: [{ image: 'nginx:2', name: 'c' }],
    kinds: ['Pod', [null]],
    exec: 'Unexpected server response: 404',
    attach: 'Unexpected server response: 404',
    'port-forward': 'Unexpected server response: 404',
    log: 404,
    'deleted pod': 'web',
    deployments: 404,
    'micro time': '2026-01-02T03:04:05.123000Z',
    date: [400, 'BadRequest'],
    renewed: ['y', [409, 'Conflict']],
    robot: 'system:serviceaccount:default:robot',
    forbidden: [403, 'Forbidden'],
    'deleted account': 'robot',
    cached: [2, { a: '2' }],
    told: [['add before 0', 'add one 1', 'update one 2'], 2],
    empty: 0,
    watch: 'ended',
    raw: 'NamespaceList',
  })
})

it('acts as users, with all of their groups, and no longer than their credentials last', async () => {
  cluster = await startCluster(scratch, 'data', ['--in-memory'])
  const forbidden = (user: string, verb: string): string =>
    `User "${user}" cannot ${verb} resource "configmaps" in API group "" in the namespace "default"`
  expect(await seenBy('client-node-as-user.mjs', cluster.adminConfig)).toEqual({
    who: {
      username: 'jane@example.com',
      uid: '42',
      groups: ['dev', 'team a, readers', 'system:authenticated'],
      extra: { 'example.com/Scopes': ['read', 'größer'] },
    },
    list: ['one'],
    change: [403, expect.stringContaining(forbidden('jane@example.com', 'delete'))],
    bob: [403, expect.stringContaining(forbidden('bob', 'list'))],
    watch: 'ADDED two',
    informer: ['one', 'two', 'three'],
    expired: ['terminated', 'the credential has expired'],
    fetch: [200, 'one'],
    'fetch as bob': [403, expect.stringContaining(forbidden('bob', 'list'))],
  })
})

async function seenBy(script: string, kubeconfig: string): Promise<Readonly<Record<string, unknown>>> {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const args = [path, await binaryOf('client-node'), kubeconfig]
  const child = spawn(await binaryOf('node24'), args, { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return Object.fromEntries(await linesOf(child, restart))
}

async function restart(): Promise<void> {
  await engine?.kill()
  await cluster.stop()
  await engine?.start()
  cluster = await startCluster(scratch, 'data', flags)
}

function adminsCredential(kubeconfig: string): { readonly certificate: string; readonly key: string } {
  const dataOf = (name: string): string => {
    const [, data = ''] = new RegExp(`${name}: "?([\\w+/=]+)`).exec(kubeconfig) ?? []
    return Buffer.from(data, 'base64').toString()
  }
  return { certificate: dataOf('client-certificate-data'), key: dataOf('client-key-data') }
}
