import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPki } from '@kube-authn/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { prepareMaterial } from './prepare-material.ts'
import type { Plan } from './plan.ts'

const plan: Plan<'token'> = {
  authorities: {
    ca: { servers: { server: { hosts: ['app.example.com'] } }, clients: { jane: { commonName: 'jane' } } },
  },
  signingKeys: ['sa'],
  secrets: ['token'],
  files: { 'tokens.csv': ({ token }) => `${token},jane,1\n` },
}

let scratch: string
let folder: string
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'material-'))
  folder = join(scratch, 'material')
})
afterEach(() => rmSync(scratch, { recursive: true, force: true }))

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)

describe('prepareMaterial', () => {
  it('creates the files of a plan; other users may only read certificates and public keys', async () => {
    await prepareMaterial(folder, plan)
    expect(modeOf(folder)).toBe('700')
    const modes = readdirSync(folder).map((name) => [name, modeOf(join(folder, name))])
    expect(Object.fromEntries(modes)).toEqual({
      'ca.crt': '644',
      'jane.crt': '644',
      'jane.key': '600',
      'sa.key': '600',
      'sa.pub': '644',
      'secrets.json': '600',
      'server.crt': '644',
      'server.key': '600',
      'tokens.csv': '600',
    })
    expect(readdirSync(scratch)).toEqual(['material'])
  })

  it('issues certificates for this machine and other hosts, and writes secrets into files', async () => {
    const material = await prepareMaterial(folder, plan)
    const server = new X509Certificate(material.read('server.crt'))
    const hosts = ['localhost', 'app.example.com', 'elsewhere.example.com']
    expect(hosts.map((host) => server.checkHost(host))).toEqual(['localhost', 'app.example.com', undefined])
    expect(server.verify(new X509Certificate(material.read('ca.crt')).publicKey)).toBe(true)
    expect(material.secrets.token).toMatch(/^[\w-]{24}$/)
    expect(material.read('tokens.csv')).toBe(`${material.secrets.token},jane,1\n`)
  })

  it('keeps the files of the first run, and files that the example added or changed', async () => {
    const first = await prepareMaterial(folder, plan)
    const certificate = first.read('server.crt')
    writeFileSync(first.path('tokens.csv'), 'changed,jane,1\n')
    writeFileSync(first.path('audit.jsonl'), '')
    const second = await prepareMaterial(folder, plan)
    expect(second.read('server.crt')).toBe(certificate)
    expect(second.secrets).toEqual(first.secrets)
    expect(second.read('tokens.csv')).toBe('changed,jane,1\n')
    expect(second.read('audit.jsonl')).toBe('')
  })

  it.each<[string, (path: (name: string) => string) => unknown]>([
    ['a certificate is missing', (path) => rmSync(path('jane.crt'))],
    ['a public key is missing', (path) => rmSync(path('sa.pub'))],
    ['a file is missing', (path) => rmSync(path('tokens.csv'))],
    ['the secrets are missing', (path) => rmSync(path('secrets.json'))],
    ['a secret is missing', (path) => writeFileSync(path('secrets.json'), '{}')],
    [
      'a certificate is about to expire',
      async (path) => {
        const notAfter = new Date(Date.now() + 3_600_000)
        const issued = await (await createPki()).issueServer({ hosts: ['localhost'], notAfter })
        writeFileSync(path('server.crt'), issued.certificatePem)
      },
    ],
  ])('creates all of them anew if %s', async (_, change) => {
    const first = await prepareMaterial(folder, plan)
    await change(first.path)
    const second = await prepareMaterial(folder, plan)
    expect(second.secrets.token).toMatch(/^[\w-]{24}$/)
    expect(second.secrets).not.toEqual(first.secrets)
  })
})
