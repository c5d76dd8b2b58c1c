import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { binaryOf } from '../runtimes/binaries.mjs'
import { type Cluster, startCluster } from './kubernetes-1.6-document/cluster.ts'
import { freePort } from './nginx.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const script = fileURLToPath(new URL('client-node.mjs', import.meta.url))

let scratch: Scratch
let cluster: Cluster
let flags: readonly string[]

beforeAll(async () => {
  scratch = makeScratch()
  flags = [`--secure-port=${await freePort()}`]
  cluster = await startCluster(scratch, 'data', flags)
})
afterAll(async () => {
  await cluster.stop()
  scratch.remove()
})

it('lists, watches, informs, and survives a restart of the server', async () => {
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
    informer: ['add robot'],
    restart: '',
    'informer again': ['add robot', 'delete robot'],
  })
})

async function restart(): Promise<void> {
  await cluster.stop()
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
