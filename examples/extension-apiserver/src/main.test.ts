import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createFetch, type HttpFetch, parseKubeconfig } from '@kube-authn/node'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Material } from '@kube-authn-example/material'
import { kubeconfig } from './kubeconfig.ts'
import { prepareFiles } from './material.ts'

const hasCurl = spawnSync('curl', ['--version']).status === 0
const scratch = mkdtempSync(join(tmpdir(), 'extension-apiserver-'))
const folder = join(scratch, 'material')
const opened: HttpFetch[] = []
let example: ChildProcess
let output = ''
let material: Material
let app: string

beforeAll(async () => {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
  example = spawn(process.execPath, [main], { env: { ...process.env, PORT: '0', MATERIAL: folder } })
  example.stdout?.on('data', (data) => (output += String(data)))
  example.stderr?.on('data', (data) => (output += String(data)))
  await vi.waitFor(() => expect(output).toContain('Ctrl+C'))
  material = await prepareFiles(folder)
  app = /the app behind it (https:\/\/localhost:\d+)/.exec(output)?.[1] ?? ''
}, 30_000)

afterAll(() => {
  for (const fetch of opened) fetch.close()
  example.kill()
  rmSync(scratch, { recursive: true, force: true })
})

const PRODUCTS = '/apis/shop.example.com/v1/products'

/** Sends a request directly to the app, with a client certificate. */
async function ask(
  name: 'ann' | 'admin' | 'front-proxy' | 'catalog',
  path: string,
  init: { readonly method?: string; readonly headers?: Record<string, string> } = {},
): Promise<readonly [status: number, body: unknown]> {
  const fetch = createFetch({
    caFile: material.path('catalog-ca.crt'),
    certFile: material.path(`${name}.crt`),
    keyFile: material.path(`${name}.key`),
  })
  opened.push(fetch)
  const response = await fetch(`${app}${path}`, init)
  return [response.status, await response.json()]
}

describe('extension-apiserver', () => {
  it('prints commands with the expected answers, and logs each user with the authenticator', async ({
    skip,
  }) => {
    if (!hasCurl) skip('there is no curl on this machine')
    const printed = [...output.matchAll(/^(curl .*)\n#=> (.*)$/gm)]
    expect(printed).toHaveLength(11)
    const before = output.length
    for (const [, command = '', answer] of printed) {
      const run = spawnSync('sh', ['-c', command], { encoding: 'utf8' })
      expect({ command, answer: run.stdout, error: run.stderr }).toEqual({ command, answer, error: '' })
    }
    await vi.waitFor(() =>
      expect(output.slice(before).trim().split('\n')).toEqual([
        'the app authenticated jane by requestHeader',
        'the app authenticated system:serviceaccount:shop:cart by requestHeader',
        'the app authenticated jane by requestHeader',
        'the app authenticated jane by webhook',
        'the app authenticated joe by webhook',
        'the app authenticated ann by clientCertificate',
      ]),
    )
  })

  it('trusts the headers of the front proxy only, whatever other certificate is presented', async () => {
    const headers = { 'X-Remote-User': 'eve', 'X-Remote-Group': 'shoppers' }
    expect((await ask('front-proxy', PRODUCTS, { headers }))[0]).toBe(200)
    expect((await ask('front-proxy', PRODUCTS))[0]).toBe(401)
    expect((await ask('catalog', PRODUCTS, { headers }))[0]).toBe(401)
    const before = output.length
    const masters = { 'X-Remote-User': 'eve', 'X-Remote-Group': 'system:masters' }
    expect(await ask('ann', PRODUCTS, { method: 'POST', headers: masters })).toMatchObject([
      403,
      { message: expect.stringContaining('User "ann" cannot create') as unknown },
    ])
    await vi.waitFor(() =>
      expect(output.slice(before)).toBe('the app authenticated ann by clientCertificate\n'),
    )
  })

  it.each([
    ['a watch', `${PRODUCTS}?watch=1`, 'GET', 405],
    ['a watch in the path', '/apis/shop.example.com/v1/watch/products', 'GET', 405],
    ['a write', PRODUCTS, 'POST', 405],
    ['a deletion', `${PRODUCTS}/tea`, 'DELETE', 405],
    ['a field selector', `${PRODUCTS}?fieldSelector=metadata.name%3Dtea`, 'GET', 400],
    ['a label selector', `${PRODUCTS}?labelSelector=a`, 'GET', 400],
    ['a selector behind a thousand others', `${PRODUCTS}?${'a&'.repeat(1000)}labelSelector=a`, 'GET', 400],
    ['another spelling', PRODUCTS.toUpperCase(), 'GET', 400],
    ['another spelling of the resource', PRODUCTS.replace('products', 'Products'), 'GET', 404],
    ['a product of a namespace', PRODUCTS.replace('products', 'namespaces/shop/products'), 'GET', 404],
    ['part of a product', `${PRODUCTS}/tea/status`, 'GET', 404],
    ['a product with the name of a property of every object', `${PRODUCTS}/__proto__`, 'GET', 404],
    ['another version', '/apis/shop.example.com/v2', 'GET', 404],
    ['an ambiguous path', `${PRODUCTS}/te%2Fa`, 'GET', 400],
  ])('refuses %s with a Status, even to the admin', async (_, path, method, code) => {
    expect(await ask('admin', path, { method })).toMatchObject([code, { kind: 'Status', code }])
  })

  it('keeps its keys and credentials for this user only', () => {
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const open = readdirSync(folder).filter((name) => (statSync(join(folder, name)).mode & 0o077) !== 0)
    expect(open.filter((name) => !name.endsWith('.crt'))).toEqual([])
    expect(readFileSync(join(folder, 'catalog.kubeconfig'), 'utf8')).not.toMatch(/token:|BEGIN/)
  })

  it('writes a valid kubeconfig for any characters in a path', () => {
    const odd = '/a: "b" #c'
    const server = 'https://localhost:8443'
    const text = kubeconfig({ server, caPath: material.path('ca.crt'), tokenPath: odd })
    expect(() => parseKubeconfig(text, { folder })).toThrow(odd)
  })
})
