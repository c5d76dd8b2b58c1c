import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createAuthenticator, type NodeAuthenticator } from '@kube-authn/node'
import { type CertificateAuthority, createPki, type IssuedCredential } from '@kube-authn/testing'
import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { COMPONENTS, has } from './components.ts'
import { type HttpsApp, httpsApp } from './https-app.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const POLICIES = '/etc/chromium/policies/managed'

let scratch: Scratch
let users: CertificateAuthority
let strangers: CertificateAuthority
let authenticator: NodeAuthenticator
let app: HttpsApp
let browser: Browser | undefined

const isThere = has('chromium', 'openssl')
const jane = { username: 'jane', groups: ['dev', 'ops, by night', 'system:authenticated'] }

beforeAll(async () => {
  if (!isThere) return
  scratch = makeScratch()
  users = await createPki({ commonName: 'users' })
  strangers = await createPki({ commonName: 'strangers' })
  authenticator = createAuthenticator({ clientCAFile: scratch.write('ca.crt', users.caPem) })
  const { chainPem, privateKeyPem } = await users.issueServer({ hosts: ['127.0.0.1'] })
  app = await httpsApp({ cert: chainPem, key: privateKeyPem }, authenticator)
})
afterEach(async () => {
  await browser?.close()
  browser = undefined
})
afterAll(async () => {
  if (!isThere) return
  await app.close()
  authenticator.close()
  scratch.remove()
})

/** The app's page in a new browser, with a home in the scratch folder. */
async function visit(home: string, options: BrowserContextOptions = {}): Promise<unknown> {
  mkdirSync(scratch.path(home), { recursive: true })
  browser = await chromium.launch({
    executablePath: COMPONENTS.chromium.command,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-component-update'],
    env: { PATH: process.env['PATH'] ?? '', HOME: scratch.path(home) },
  })
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options })
  const page = await context.newPage()
  const response = await page.goto(`https://127.0.0.1:${app.port}/`)
  const shown = (await page.textContent('body')) ?? ''
  if (response?.status() !== 200)
    return { status: response?.status(), showsJane: shown.includes('jane'), presented: app.presented.at(-1) }
  const { username, groups } = JSON.parse(shown) as typeof jane
  return { username, groups }
}

const issueJane = (): Promise<IssuedCredential> =>
  users.issueClient({ commonName: 'jane', organizations: ['dev', 'ops, by night'] })

const refused: readonly [string, () => Promise<IssuedCredential>][] = [
  ['of another authority', () => strangers.issueClient({ commonName: 'jane' })],
  ['that expired', () => users.issueClient({ commonName: 'jane', wrong: 'expired' })],
  ['for servers only', () => users.issueClient({ commonName: 'jane', wrong: 'wrongPurpose' })],
]

describe.runIf(isThere)('Chromium', () => {
  it('is unauthenticated without a certificate', async () => {
    expect(await visit('home')).toEqual({ status: 401, showsJane: false, presented: undefined })
  })

  describe('with a certificate that Playwright presents', () => {
    const presenting = ({ chainPem, privateKeyPem }: IssuedCredential): BrowserContextOptions => ({
      clientCertificates: [
        {
          origin: `https://127.0.0.1:${app.port}`,
          cert: Buffer.from(chainPem),
          key: Buffer.from(privateKeyPem),
        },
      ],
    })

    it('shows jane and her groups', async () => {
      expect(await visit('home', presenting(await issueJane()))).toEqual(jane)
    })

    it.each(refused)('is unauthenticated with one %s', async (_, issue) => {
      expect(await visit('home', presenting(await issue()))).toEqual({
        status: 401,
        showsJane: false,
        presented: 'jane',
      })
    })
  })

  // Chromium selects a certificate without a prompt only by a policy, which is a system file.
  describe.runIf(isThere && process.getuid?.() === 0 && has('certutil'))(
    'with a certificate in its own store',
    () => {
      const policy = `${POLICIES}/kube-authn-interop.json`
      let hadPolicies: boolean

      beforeAll(() => {
        hadPolicies = existsSync(POLICIES)
        mkdirSync(POLICIES, { recursive: true })
        const pattern = `https://127.0.0.1:${app.port}`
        const selects = { AutoSelectCertificateForUrls: [JSON.stringify({ pattern, filter: {} })] }
        writeFileSync(policy, JSON.stringify(selects))
        process.once('exit', removePolicy)
      })
      afterAll(() => {
        removePolicy()
        process.off('exit', removePolicy)
      })

      function removePolicy(): void {
        rmSync(policy, { force: true })
        if (!hadPolicies) rmSync('/etc/chromium/policies', { recursive: true, force: true })
      }

      /** Creates a home with this certificate in its store. */
      async function homeWith(name: string, { chainPem, privateKeyPem }: IssuedCredential): Promise<string> {
        scratch.write(`${name}/client.pem`, chainPem + privateKeyPem)
        await scratch.shell(
          `mkdir -p .pki/nssdb
         certutil -d sql:.pki/nssdb -N --empty-password
         openssl pkcs12 -export -in client.pem -passout pass: -out client.p12
         pk12util -d sql:.pki/nssdb -i client.p12 -W ''`,
          {},
          name,
        )
        return name
      }

      it('shows jane and her groups', async () => {
        expect(await visit(await homeWith('jane', await issueJane()))).toEqual(jane)
      })

      it.each(refused)('is unauthenticated with one %s', async (what, issue) => {
        const home = await homeWith(what.replaceAll(' ', '-'), await issue())
        // The app sends no acceptable issuers, so Chromium presents a certificate of any issuer; it skips the unusable ones.
        const presented = what === 'of another authority' ? 'jane' : undefined
        expect(await visit(home)).toEqual({ status: 401, showsJane: false, presented })
      })

      it('is unauthenticated when the store is empty', async () => {
        expect(await visit('empty')).toEqual({ status: 401, showsJane: false, presented: undefined })
      })
    },
  )
})
