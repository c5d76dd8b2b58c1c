import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { has } from './components.ts'
import { kubectl, type KubectlRun } from './kubectl.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const main = fileURLToPath(new URL('../../examples/extension-apiserver/dist/main.js', import.meta.url))

describe.runIf(has('kubectl'))('extension-apiserver, through its cluster', () => {
  let scratch: Scratch
  let example: ChildProcess
  let output = ''
  let server: string

  beforeAll(async () => {
    scratch = makeScratch()
    const env = { ...process.env, PORT: '0', MATERIAL: scratch.path('material') }
    example = spawn(process.execPath, [main], { env })
    example.stdout?.on('data', (data) => (output += String(data)))
    example.stderr?.on('data', (data) => (output += String(data)))
    await vi.waitFor(() => expect(output).toContain('Ctrl+C'))
    server = /The cluster is (https:\/\/localhost:\d+)/.exec(output)?.[1] ?? ''
  })
  afterAll(() => {
    example.kill()
    scratch.remove()
  })

  const read = (name: string): string => readFileSync(join(scratch.path('material'), name), 'utf8')
  const as = (name: 'jane' | 'joe', ...args: readonly string[]): Promise<KubectlRun> =>
    kubectl(scratch, { server, ca: read('ca.crt'), user: { token: read(`${name}.token`) } }, args)
  const asAdmin = (...args: readonly string[]): Promise<KubectlRun> => {
    const base64 = (name: string): string => Buffer.from(read(name)).toString('base64')
    const user = { 'client-certificate-data': base64('admin.crt'), 'client-key-data': base64('admin.key') }
    return kubectl(scratch, { server, ca: read('ca.crt'), user }, args)
  }

  it('prints a line for kubectl, which answers what it says', async () => {
    const [, command = '', answer] = /^(kubectl .*)\n#=> (.*)$/m.exec(output) ?? []
    const env = { HOME: scratch.path('home') }
    // Paths in it are as seen from here.
    const printed = await scratch.shell(`cd "${process.cwd()}" && ${command}`, env)
    expect(printed).toBe(`${answer}\n`)
  })

  it('is discovered: a resource can be named as anywhere', async () => {
    const { stdout, stderr } = await as('jane', 'get', 'products')
    expect(stderr).toBe('')
    expect(stdout).toMatch(/^NAME +AGE\nespresso +\w+\ntea +\w+\n$/)
    const one = await as(
      'jane',
      'get',
      'product.v1.shop.example.com/tea',
      '--output',
      'jsonpath={.spec.price}',
    )
    expect(one).toEqual({ stdout: '2.10', stderr: '', exitCode: 0 })
    const { stdout: resources } = await as('jane', 'api-resources', '--api-group', 'shop.example.com')
    expect(resources).toMatch(/^products +shop\.example\.com\/v1 +false +Product$/m)
  })

  it('answers a path as it is', async () => {
    const { stdout } = await as('jane', 'get', '--raw', '/apis/shop.example.com/v1/products/tea')
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'Product', metadata: { name: 'tea' } })
  })

  const FORBIDDEN =
    'Error from server (Forbidden): products.shop.example.com is forbidden: User "joe" cannot list resource "products" in API group "shop.example.com" at the cluster scope\n'

  it('is for those who may', async () => {
    expect(await as('joe', 'get', 'products')).toMatchObject({ stderr: FORBIDDEN, exitCode: 1 })
    expect(await asAdmin('get', 'products', '--as', 'joe')).toMatchObject({ stderr: FORBIDDEN, exitCode: 1 })
    const shopper = await asAdmin('get', 'products', '--as', 'eve', '--as-group', 'shoppers')
    expect(shopper).toMatchObject({ exitCode: 0 })
    await vi.waitFor(() => expect(output).toContain('the app authenticated eve by requestHeader'))
    expect(await as('jane', 'auth', 'can-i', 'list', 'products')).toMatchObject({ stdout: 'yes\n' })
    expect(await as('joe', 'auth', 'can-i', 'list', 'products')).toMatchObject({ stdout: 'no\n' })
  })

  it.each([
    [
      'what is not there',
      ['get', 'product', 'mocha'],
      /^Error from server \(NotFound\): products.shop.example.com "mocha" not found\n$/,
    ],
    [
      'what is selected',
      ['get', 'products', '--selector', 'a=b'],
      /\(BadRequest\): .*: selectors are not supported\n$/,
    ],
    [
      'what is to be gone',
      ['delete', 'product', 'tea'],
      /\(MethodNotAllowed\): the server does not allow this method/,
    ],
  ])('says why it does not answer: %s', async (_, args, message) => {
    const { stderr, exitCode } = await asAdmin(...args)
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(message)
  })
})
