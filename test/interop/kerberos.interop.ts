import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Authenticator } from '@kube-authn/core'
import { createPki } from '@kube-authn/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMPONENTS, has } from './components.ts'
import { curl, type CurlAnswer } from './curl.ts'
import { documentedModule } from './documented.ts'
import { httpsApp, type Listening } from './https-app.ts'
import { type Kdc, startKdc } from './kdc.ts'
import { makeScratch, type Scratch } from './scratch.ts'

/** The part of the package `kerberos` that a client needs. */
interface KerberosPackage {
  initializeClient(service: string): Promise<{ step(challenge: string): Promise<string> }>
}

describe.runIf(has('kdc', 'kdb5Util', 'kadmin', 'kinit', 'krb5Config', 'compiler', 'curl'))(
  'Kerberos, with the Negotiate scheme',
  () => {
    let scratch: Scratch
    let kdc: Kdc
    let app: Listening
    let kerberos: KerberosPackage
    let authenticator: Authenticator
    const before = { ...process.env }

    beforeAll(async () => {
      scratch = makeScratch()
      scratch.write('package.json', '{ "private": true }')
      // Not in the lock file: it is compiled, with headers that not every machine has.
      const installing = promisify(execFile)(
        'npm',
        ['install', '--prefer-offline', '--no-audit', '--no-fund', 'kerberos@7.0.0'],
        { cwd: scratch.folder },
      )
      kdc = await startKdc(scratch, ['jane', 'backup/host'], ['HTTP/localhost', 'HTTP/elsewhere'])
      // The process is the service.
      Object.assign(process.env, kdc.env)
      await installing
      const path = scratch.path('node_modules/kerberos/lib/index.js')
      kerberos = ((await import(path)) as { default: KerberosPackage }).default
      ;({ authenticator } = await documentedModule<{ readonly authenticator: Authenticator }>(
        'Kerberos, with the Negotiate scheme',
        {
          "'kerberos'": `'${path}'`,
          'HTTP@app.example.com': 'HTTP@localhost',
          'EXAMPLE.COM': 'TEST.LOCAL',
          '/etc/my-app/passwords.csv': scratch.write('passwords.csv', 'pw,joe,2\n'),
        },
        'passport.md',
      ))
      const pki = await createPki()
      scratch.write('ca.crt', pki.caPem)
      const { chainPem, privateKeyPem } = await pki.issueServer({ hosts: ['localhost'] })
      app = await httpsApp({ cert: chainPem, key: privateKeyPem }, authenticator)
    })
    afterAll(async () => {
      await app.close()
      await kdc.close()
      for (const name of Object.keys(kdc.env)) delete process.env[name]
      Object.assign(process.env, before)
      scratch.remove()
    })

    const ask = (...args: readonly string[]): Promise<CurlAnswer> =>
      curl('--cacert', scratch.path('ca.crt'), ...args, `https://localhost:${app.port}/`)
    const askNegotiating = (cache: string): Promise<CurlAnswer> => {
      process.env['KRB5CCNAME'] = cache
      return ask('--negotiate', '--user', ':')
    }
    const askWith = (ticket: string): Promise<CurlAnswer> =>
      ask('--header', `Authorization: Negotiate ${ticket}`)
    const ticketFor = async (service: string): Promise<string> => {
      process.env['KRB5CCNAME'] = kdc.logIn('jane')
      const client = await kerberos.initializeClient(service)
      return client.step('')
    }
    const jane = { username: 'jane', groups: ['system:authenticated'], headers: [] }

    it('knows who curl --negotiate has a ticket of', async () => {
      expect(await askNegotiating(kdc.logIn('jane'))).toEqual(jane)
    })

    it('refuses who has none', async () => {
      expect(await askNegotiating(scratch.path('no-cache'))).toBe(401)
    })

    it('challenges for tickets and passwords, and knows passwords', async () => {
      const { stdout } = await promisify(execFile)(COMPONENTS.curl.command, [
        '--silent',
        '--include',
        '--cacert',
        scratch.path('ca.crt'),
        `https://localhost:${app.port}/`,
      ])
      expect(stdout).toMatch(
        /^HTTP\/1\.1 401[^]*^WWW-Authenticate: Negotiate\r\nWWW-Authenticate: Basic realm=/im,
      )
      expect(await ask('--user', 'joe:pw')).toMatchObject({ username: 'joe' })
      expect(await ask('--user', 'joe:wrong')).toBe(401)
    })

    it('refuses a ticket that was used before', async () => {
      const ticket = await ticketFor('HTTP@localhost')
      expect(await askWith(ticket)).toEqual(jane)
      expect(await askWith(ticket)).toBe(401)
    })

    it('refuses a ticket for another service', async () => {
      expect(await askWith(await ticketFor('HTTP@elsewhere'))).toBe(401)
    })

    it('refuses a ticket that was changed', async () => {
      const bytes = Buffer.from(await ticketFor('HTTP@localhost'), 'base64')
      const changed = [Math.floor(bytes.length / 2), bytes.length - 1].map((index) => {
        const copy = Buffer.from(bytes)
        copy[index] = (copy[index] ?? 0) ^ 1
        return copy.toString('base64')
      })
      for (const ticket of changed) expect(await askWith(ticket)).toBe(401)
    })

    it.each([
      ['nothing', ''],
      ['no base64', '$$$$'],
      ['no ticket', 'YWJj'],
      ['NTLM', 'TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAGAbEdAAAADw=='],
      ['a lot', 'A'.repeat(12_000)],
      ['two tickets', 'YWJj YWJj'],
    ])('refuses %s', async (_, ticket) => {
      expect(await askWith(ticket)).toBe(401)
    })

    it('refuses a principal that is no person', async () => {
      expect(await askNegotiating(kdc.logIn('backup/host'))).toBe(401)
    })
  },
)
