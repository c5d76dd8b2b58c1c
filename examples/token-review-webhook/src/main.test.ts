import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Endpoint, endpointFetch, parseKubeconfig, readKubeconfig } from '@kube-authn/node'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Material } from '@kube-authn-example/material'
import { webhookKubeconfig } from './kubeconfig.ts'
import { prepareFiles } from './material.ts'

const hasCurl = spawnSync('curl', ['--version']).status === 0
const scratch = mkdtempSync(join(tmpdir(), 'token-review-webhook-'))
const folder = join(scratch, 'material')
let webhook: ChildProcess
let output = ''
let material: Material<'janesToken'>

beforeAll(async () => {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
  webhook = spawn(process.execPath, [main], { env: { ...process.env, PORT: '0', MATERIAL: folder } })
  webhook.stdout?.on('data', (data) => (output += String(data)))
  webhook.stderr?.on('data', (data) => (output += String(data)))
  await vi.waitFor(() => expect(output).toContain('Ctrl+C'))
  material = await prepareFiles(folder)
}, 30_000)

afterAll(() => {
  webhook.kill()
  rmSync(scratch, { recursive: true, force: true })
})

/** Asks as a kube-apiserver would, with the printed kubeconfig. */
async function review(endpoint: Endpoint, token: string): Promise<unknown> {
  const fetch = endpointFetch(endpoint)
  const response = await fetch(endpoint.server, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, */*' },
    body: JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      metadata: { creationTimestamp: null },
      spec: { token, audiences: ['https://kubernetes.default.svc.cluster.local'] },
      status: { user: {} },
    }),
  })
  const { status } = (await response.json()) as { readonly status: unknown }
  fetch.close()
  return status
}

const jane = { authenticated: true, user: { username: 'jane', uid: '1001', groups: ['developers', 'app1'] } }

describe('token-review-webhook', () => {
  it('prints a kubeconfig that is ready to use', async () => {
    const path = /--authentication-token-webhook-config-file=(\S+)/.exec(output)?.[1] ?? ''
    expect(output).toContain(readFileSync(path, 'utf8'))
    expect(await review(readKubeconfig(path), material.secrets.janesToken)).toEqual(jane)
    expect(await review(readKubeconfig(path), 'wrong')).toEqual({ authenticated: false })
  })

  it('prints commands, and each prints the expected answer', ({ skip }) => {
    if (!hasCurl) skip('there is no curl on this machine')
    const printed = [...output.matchAll(/^(curl .*)\n#=> (.*)$/gm)]
    expect(printed).toHaveLength(4)
    for (const [, command = '', answer] of printed) {
      const run = spawnSync('sh', ['-c', command], { encoding: 'utf8' })
      expect({ command, answer: run.stdout, error: run.stderr }).toEqual({ command, answer, error: '' })
    }
  })

  it('logs the result of each review, and never the token', async () => {
    const before = output.length
    const endpoint = readKubeconfig(join(folder, 'webhook.kubeconfig'))
    await review(endpoint, material.secrets.janesToken)
    await review(endpoint, 'wrong')
    const said = (): string => output.slice(before)
    await vi.waitFor(() => expect(said()).toContain('review: authenticated jane\nreview: noOpinion\n'))
    expect(said()).not.toContain(material.secrets.janesToken)
    expect(said()).not.toContain('wrong')
  })

  it('reloads a changed token file', async () => {
    writeFileSync(
      material.path('tokens.csv'),
      `${material.secrets.janesToken},jane,1001,"developers,app1"\nbrand-new,jill,1002\n`,
    )
    await vi.waitFor(async () => {
      const status = await review(readKubeconfig(join(folder, 'webhook.kubeconfig')), 'brand-new')
      expect(status).toMatchObject({ user: { username: 'jill' } })
    })
  })

  it('keeps its keys and credentials for this user only', () => {
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const open = readdirSync(folder).filter((name) => (statSync(join(folder, name)).mode & 0o077) !== 0)
    expect(open.toSorted()).toEqual(['ca.crt', 'callers-ca.crt', 'kube-apiserver.crt', 'server.crt'])
  })

  it('writes a valid kubeconfig for any characters in a path', () => {
    const odd = '/a: "b" #c'
    const text = webhookKubeconfig({
      url: 'https://localhost:8443/authenticate',
      caPath: material.path('ca.crt'),
      certificatePath: odd,
      keyPath: odd,
    })
    expect(() => parseKubeconfig(text, { folder })).toThrow(odd)
  })
})
