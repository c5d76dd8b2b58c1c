import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Authentication, AuthenticationError, ConfigurationError, type LogEntry } from '@kube-authn/core'
import { createBootstrapToken, bootstrapSecrets } from '@kube-authn/core/bootstrap-token'
import { legacyTokenClaims, signToken } from '@kube-authn/issuer/internal'
import { serviceAccountStore } from '../../../server/test/service-account-store.ts'
import {
  type CertificateAuthority,
  createIssuer,
  createPki,
  createServiceAccounts,
  fakeRequest,
  fixedClock,
  type Issuer,
  recordEvents,
} from '@kube-authn/testing'
import { listen } from '@kube-authn/testing/node'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createAuthenticator, type CreateAuthenticatorOptions, verificationKeysAt } from '../index.ts'
import type { OidcAtOptions } from '../at/oidc-at.ts'

let pki: CertificateAuthority
let folder: string
const open: { close(): unknown }[] = []

beforeAll(async () => {
  pki = await createPki()
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'token-authenticators-'))
})
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
  rmSync(folder, { recursive: true, force: true })
})

function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(`${path}.new`, content)
  renameSync(`${path}.new`, path)
  return path
}

async function issuerOverTls(): Promise<{
  readonly issuer: Issuer
  readonly url: string
  readonly caPem: string
}> {
  const issuer = await createIssuer({ signingAlgorithms: ['ES256'] })
  const listening = await listen(issuer, { pki })
  open.push(listening)
  return { issuer, url: listening.url, caPem: listening.caPem }
}

function create(options: CreateAuthenticatorOptions) {
  const authenticator = createAuthenticator(options)
  open.push(authenticator)
  const ask = async (token: string): Promise<Authentication | undefined> =>
    authenticator.authenticate(fakeRequest({ headers: [['Authorization', `Bearer ${token}`]] }), {})
  return { authenticator, ask }
}

function problemsOf(options: CreateAuthenticatorOptions): readonly string[] {
  try {
    create(options)
    return []
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`)
  }
}

/** As kube-apiserver expects it. */
const configOf = (url: string, caPem: string, prefix = 'oidc:', more = ''): string => `
apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
jwt:
- issuer:
    url: ${url}
    audiences: [my-app]
    certificateAuthority: |
${caPem.replaceAll(/^/gm, '      ')}
  claimMappings:
    username: {claim: sub, prefix: "${prefix}"}
    groups: {expression: "claims.roles"}
  userValidationRules:
  - expression: "!user.username.startsWith('system:')"
${more}`

const quick = { settleSeconds: 0.02 }
const JANE = { sub: 'jane', aud: 'my-app', roles: ['dev'] }

describe('a file of --authentication-config', () => {
  it('is followed as it is: over TLS by its own authority, with expressions', async () => {
    const { issuer, url, caPem } = await issuerOverTls()
    const { ask, authenticator } = create({ authenticationConfig: file('a.yaml', configOf(url, caPem)) })
    expect((await ask(await issuer.sign(JANE)))?.user).toMatchObject({
      username: 'oidc:jane',
      groups: ['dev', 'system:authenticated'],
    })
    expect(authenticator.health()).toEqual([])
    await expect(ask(await issuer.sign({ ...JANE, aud: 'x' }))).rejects.toMatchObject({ code: 'rejected' })
  })

  it('is an outage where the authority is another', async () => {
    const { issuer, url } = await issuerOverTls()
    const { caPem } = await createPki()
    const { ask, authenticator } = create({ authenticationConfig: file('a.yaml', configOf(url, caPem)) })
    await expect(ask(await issuer.sign(JANE))).rejects.toMatchObject({ code: 'unavailable' })
    expect(authenticator.health()).toEqual([expect.stringContaining('is not healthy')])
  })

  it('counts anew when it changes, and a bad version does not', async () => {
    const { issuer, url, caPem } = await issuerOverTls()
    const { observer, ofType } = recordEvents()
    const path = file('a.yaml', configOf(url, caPem))
    const lines: string[] = []
    const log = ({ message }: LogEntry): void => void lines.push(message)
    const { ask } = create({ authenticationConfig: { path, ...quick }, observer, log, tokenCache: false })
    const name = async () => (await ask(await issuer.sign(JANE)))?.user.username
    expect(await name()).toBe('oidc:jane')
    expect(ofType('reload')).toMatchObject([{ outcome: 'initial', content: readFileSync(path, 'utf8') }])
    const readAgain = `kube-authn: ${path} is read again [KUBE_AUTHN_RELOAD]`
    expect(lines).not.toContain(readAgain)

    file('a.yaml', configOf(url, caPem, 'new:'))
    await vi.waitFor(() => expect(ofType('reload')).toHaveLength(2))
    expect(await name()).toBe('new:jane')
    expect(lines).toContain(readAgain)

    file('a.yaml', configOf('http://insecure.example.com', caPem))
    await vi.waitFor(() => expect(ofType('reload')).toHaveLength(3))
    expect(ofType('reload')[2]).toMatchObject({
      kind: 'authenticationConfiguration',
      source: path,
      outcome: 'failed',
      error: {
        message: expect.stringContaining('jwt[0].issuer.url: Invalid value: "http://insecure.example.com"'),
      },
    })
    expect(await name()).toBe('new:jane')
  })

  it('is counted among the bad versions where it cannot be read', async () => {
    const { url, caPem } = await issuerOverTls()
    const { observer, ofType } = recordEvents()
    const path = file('a.yaml', configOf(url, caPem))
    create({ authenticationConfig: { path, ...quick }, observer })
    rmSync(path)
    await vi.waitFor(() => expect(ofType('reload')).toHaveLength(2))
    expect(ofType('reload')[1]).toMatchObject({
      kind: 'authenticationConfiguration',
      source: path,
      outcome: 'failed',
      error: { message: expect.stringContaining('ENOENT') },
    })
  })

  it('says everything that is wrong with it, in the words of Kubernetes', () => {
    const text = configOf('http://x', '').replace('claim: sub', 'claim: sub, nonsense: 1')
    expect(problemsOf({ authenticationConfig: file('a.yaml', text) })).toEqual([
      expect.stringContaining(
        'strict decoding error: unknown field "jwt[0].claimMappings.username.nonsense"',
      ),
    ])
    expect(problemsOf({ authenticationConfig: file('b.yaml', configOf('http://x', '')) })).toEqual([
      'authenticationConfig: jwt[0].issuer.url: Invalid value: "http://x": URL scheme must be https',
    ])
    expect(problemsOf({ authenticationConfig: join(folder, 'none.yaml') })[0]).toMatch(
      /^authenticationConfig: .*none\.yaml/,
    )
  })

  it('may configure anonymous access, and then no option may', async () => {
    const text = configOf('https://issuer.example.com', '').replace(/^ {4}certificateAuthority.*\n\s*\n/m, '')
    const path = file('a.yaml', `${text}\nanonymous: {enabled: true, conditions: [{path: /healthz}]}`)
    const { authenticator } = create({ authenticationConfig: path })
    const healthz = await authenticator.authenticate(fakeRequest({ url: '/healthz' }), {})
    expect(healthz?.user.username).toBe('system:anonymous')
    expect(await authenticator.authenticate(fakeRequest({ url: '/' }), {})).toBeUndefined()
    expect(problemsOf({ authenticationConfig: path, anonymous: true })).toEqual([
      'anonymous: cannot be set when the authentication configuration file has an anonymous section',
    ])
  })

  it('excludes the flags, and the issuer of service accounts', async () => {
    const accounts = await createServiceAccounts({ issuer: 'https://issuer.example.com' })
    const path = file(
      'a.yaml',
      configOf('https://issuer.example.com', '').replace(/^ {4}certificateAuthority.*\n\s*\n/m, ''),
    )
    expect(problemsOf({ authenticationConfig: path, oidc: { issuer: 'https://x', audience: 'y' } })).toEqual([
      'oidc: cannot be set together with authenticationConfig: configure the issuer in that file',
    ])
    expect(problemsOf({ authenticationConfig: path, serviceAccounts: accounts })).toEqual([
      expect.stringContaining('URL must not overlap with disallowed issuers: [https://issuer.example.com]'),
    ])
  })

  it('may call through a proxy that is named for it, and not through another', async () => {
    const text = configOf('https://issuer.example.com', '').replace(
      /^ {4}certificateAuthority.*\n\s*\n/m,
      '    egressSelectorType: cluster\n',
    )
    const path = file('a.yaml', text)
    expect(problemsOf({ authenticationConfig: path })).toEqual([
      'authenticationConfig: jwt[0].issuer: the egress "cluster" is not configured',
    ])
    const egress = { cluster: { proxyUrl: 'http://127.0.0.1:1' } }
    const { authenticator } = create({ authenticationConfig: { path, egress } })
    await vi.waitFor(() => expect(authenticator.health()[0]).not.toContain('not initialized'))
  })
})

describe('an OpenID Connect provider', () => {
  it('is known by its issuer, and trusted by its authority', async () => {
    const { issuer, url, caPem } = await issuerOverTls()
    const oidc = { issuer: url, audience: 'my-app', groupsClaim: 'roles', signingAlgorithms: ['ES256'] }
    const { ask } = create({ oidc: { ...oidc, caFile: file('ca.crt', caPem) } })
    expect((await ask(await issuer.sign(JANE)))?.user).toMatchObject({
      username: `${url}#jane`,
      groups: ['dev', 'system:authenticated'],
    })
  })

  it.each<[string, object, object, string]>([
    ['another type', {}, { header: { typ: 'logout+jwt' } }, 'tokenTypes'],
    ['a token that is bound', { cnf: { jkt: 'x' } }, {}, 'boundTokens'],
  ])(
    'may issue %s for a login only if the options say so, and with a file unless it forbids it',
    async (_, claims, how, option) => {
      const { issuer, url, caPem } = await issuerOverTls()
      const oidc = { issuer: url, audience: 'my-app', signingAlgorithms: ['ES256'] }
      const caFile = file('ca.crt', caPem)
      const path = file('config.yaml', configOf(url, caPem))
      const token = await issuer.sign({ ...JANE, ...claims }, how)
      const loose = { [option]: option === 'tokenTypes' ? 'any' : 'ignore' }
      const strict = { [option]: option === 'tokenTypes' ? ['', 'JWT'] : 'refuse' }
      const isKnown = async (options: CreateAuthenticatorOptions): Promise<boolean> => {
        const answer = create(options).ask(token)
        return answer.then(
          () => true,
          () => false,
        )
      }
      expect(await isKnown({ oidc: { ...oidc, caFile } })).toBe(false)
      expect(await isKnown({ oidc: { ...oidc, caFile, ...loose } })).toBe(true)
      expect(await isKnown({ authenticationConfig: path })).toBe(true)
      expect(await isKnown({ authenticationConfig: { path, ...strict } })).toBe(false)
    },
  )

  it.each<[options: object, message: RegExp]>([
    [{ audience: 'y' }, /^oidc.issuer: is required$/],
    [{ issuer: 'https://x' }, /^oidc.audience: is required$/],
    [
      { issuer: 'https://x', audience: 'y', audiences: ['y'] },
      /^oidc.audiences: unknown option, did you mean audience\?$/,
    ],
    [{ issuer: 'https://x', audience: 'y', fetch: globalThis.fetch }, /^oidc.fetch: unknown option$/],
    [{ issuer: 'https://x', audience: 'y', usernameClaim: '' }, /^oidc.usernameClaim: .*is required$/],
    [{ issuer: 'http://x', audience: 'y' }, /URL scheme must be https/],
    [{ issuer: 'https://x', audience: 'y', caFile: '/nowhere' }, /nowhere/],
    [
      { issuer: 'https://x', audience: 'y', signingAlgorithms: ['HS256'] },
      /unsupported signing alg: "HS256"/,
    ],
  ])('is refused as %j', (oidc, message) => {
    expect(problemsOf({ oidc: oidc as OidcAtOptions })).toEqual([expect.stringMatching(message)])
  })

  it('may not be the issuer of service accounts', async () => {
    const accounts = await createServiceAccounts({ issuer: 'https://x' })
    expect(problemsOf({ oidc: { issuer: 'https://x', audience: 'y' }, serviceAccounts: accounts })).toEqual([
      'oidc.issuer: URL must not overlap with disallowed issuers: [https://x]',
    ])
  })
})

describe('service accounts and bootstrap tokens', () => {
  const account = { namespace: 'shop', name: 'cart', uid: '1' }

  it('are known by tokens for the issuer, unless there are audiences', async () => {
    const accounts = await createServiceAccounts({ serviceAccounts: [account] })
    const token = await accounts.token('shop', 'cart')
    const { ask } = create({ serviceAccounts: accounts })
    const answer = await ask(token)
    expect(answer).toMatchObject({
      user: { username: 'system:serviceaccount:shop:cart' },
      audiences: accounts.issuers,
    })
    const { ask: askOther } = create({ serviceAccounts: accounts, audiences: ['other'] })
    await expect(askOther(token)).rejects.toMatchObject({ code: 'rejected' })
  })

  it.each(['the chain', 'their own'])(
    'are known until their tokens expire by the clock of %s',
    async (whose) => {
      const clock = fixedClock()
      const accounts = await createServiceAccounts({ serviceAccounts: [account], clock })
      const { issuers, keys, objects } = accounts
      const token = await accounts.token('shop', 'cart', { expirationSeconds: 600 })
      // Each without what another one remembers.
      const askAnew = () =>
        create(
          whose === 'the chain'
            ? { clock, serviceAccounts: { issuers, keys, objects } }
            : { serviceAccounts: { issuers, keys, objects, clock } },
        ).ask(token)
      expect((await askAnew())?.user.username).toBe('system:serviceaccount:shop:cart')
      clock.advance(700_000)
      await expect(askAnew()).rejects.toMatchObject({ code: 'rejected' })
    },
  )

  it('are authenticated by tokens in secrets, and a failure to record that is reported', async () => {
    const { signingKey, objects } = await createServiceAccounts()
    const errors: unknown[] = []
    const store = serviceAccountStore({ serviceAccounts: [account] })
    const secret = { namespace: 'shop', name: 's', data: {} }
    const token = await signToken(signingKey, legacyTokenClaims(account, secret.name))
    store.createSecret({ ...secret, data: { token } })
    const { ask } = create({
      serviceAccounts: {
        issuers: ['https://x'],
        keys: [signingKey.verificationKey],
        objects: { ...objects, ...store, labelSecret: () => Promise.reject(new Error('forbidden')) },
        onError: (error) => errors.push(error),
      },
    })
    expect((await ask(token))?.user.username).toBe('system:serviceaccount:shop:cart')
    expect(errors).toEqual([new Error('forbidden')])
  })

  it.each<[string, boolean | undefined]>([
    ['for ten seconds, while they are remembered', undefined],
    ['where nothing is looked up', false],
  ])('are known by tokens in secrets that are gone %s', async (_, lookup) => {
    const { signingKey, objects } = await createServiceAccounts()
    const clock = fixedClock()
    const store = serviceAccountStore({ serviceAccounts: [account], clock })
    const token = await signToken(signingKey, legacyTokenClaims(account, 's'))
    store.createSecret({ namespace: 'shop', name: 's', data: { token } })
    const { ask } = create({
      clock,
      serviceAccounts: {
        issuers: ['https://x'],
        keys: [signingKey.verificationKey],
        objects: { ...objects, ...store },
        ...(lookup !== undefined && { lookup }),
      },
    })
    const username = async (): Promise<unknown> => {
      try {
        return (await ask(token))?.user.username
      } catch (error) {
        return error instanceof AuthenticationError ? error.code : error
      }
    }
    expect(await username()).toBe('system:serviceaccount:shop:cart')
    store.deleteSecret('shop', 's', {})
    clock.advance(9999)
    expect(await username()).toBe('system:serviceaccount:shop:cart')
    clock.advance(1)
    expect(await username()).toBe(lookup === false ? 'system:serviceaccount:shop:cart' : 'rejected')
  })

  it.each([
    [{ issuers: [] }, ['issuers: must not be empty']],
    [{ issuers: ['', 'a', 'a'] }, ['issuers[0]: must not be empty', 'issuers[2]: must not be repeated']],
    [{ keys: [] }, ['keys: must not be empty']],
  ])('are refused as %j, each problem once', async (wrong, problems) => {
    const serviceAccounts = { ...(await createServiceAccounts()), ...wrong }
    expect(problemsOf({ serviceAccounts })).toEqual(problems.map((problem) => `serviceAccounts.${problem}`))
  })

  it('are refused without an audience, once', async () => {
    const serviceAccounts = await createServiceAccounts()
    expect(problemsOf({ serviceAccounts, audiences: [] })).toEqual([
      'audiences: must not be empty; leave it out for no restriction',
    ])
  })

  it('are known by bootstrap tokens, until those expire', async () => {
    const clock = fixedClock()
    const { token, secret } = createBootstrapToken({ expirationSeconds: 60, clock })
    const { ask } = create({ bootstrapTokens: bootstrapSecrets([secret]), clock })
    expect((await ask(token))?.user.username).toBe(`system:bootstrap:${token.slice(0, 6)}`)
    clock.advance(60_000)
    await expect(ask(token)).rejects.toBeInstanceOf(AuthenticationError)
  })
})

const pemOf = (spki: ArrayBuffer): string =>
  `-----BEGIN PUBLIC KEY-----\n${Buffer.from(spki).toString('base64')}\n-----END PUBLIC KEY-----\n`

describe('key files', () => {
  it('are read again when they change, and a bad version changes nothing', async () => {
    const { observer, ofType } = recordEvents()
    const [old, next] = [await createServiceAccounts(), await createServiceAccounts()]
    const pem = async ({ signingKey }: typeof old): Promise<string> =>
      pemOf(await crypto.subtle.exportKey('spki', signingKey.verificationKey.key))
    const path = file('sa.pub', await pem(old))
    const other = file('other.pub', await pem(next))
    const keys = await verificationKeysAt([path, other], { ...quick, observer })
    open.push(keys)
    const kids = (): readonly string[] => keys.current().map(({ kid }) => kid)
    expect(kids()).toEqual([old.signingKey.kid, next.signingKey.kid])
    file('sa.pub', 'nothing')
    await vi.waitFor(() => expect(ofType('reload')).toHaveLength(1))
    expect(ofType('reload')[0]).toMatchObject({ outcome: 'failed', source: path })
    expect(kids()).toEqual([old.signingKey.kid, next.signingKey.kid])
    file('sa.pub', await pem(next))
    await vi.waitFor(() => expect(ofType('reload')).toHaveLength(2))
    expect(kids()).toEqual([next.signingKey.kid, next.signingKey.kid])
  })

  it('may have anything around the keys, as `openssl pkcs12` writes it', async () => {
    const { signingKey } = await createServiceAccounts()
    const der = await crypto.subtle.exportKey('spki', signingKey.verificationKey.key)
    const path = join(folder, 'sa.pub')
    const notes = Buffer.from([...Buffer.from('Bag Attributes\n    friendlyName: Schl'), 0xfc, 0xff, 0x0a])
    writeFileSync(path, Buffer.concat([notes, Buffer.from(pemOf(der))]))
    const keys = await verificationKeysAt([path])
    open.push(keys)
    expect(keys.current().map(({ kid }) => kid)).toEqual([signingKey.kid])
  })

  it('count as they were at the start, when a bad version came before they were understood', async () => {
    const { observer, ofType } = recordEvents()
    const { signingKey } = await createServiceAccounts()
    const der = await crypto.subtle.exportKey('spki', signingKey.verificationKey.key)
    const path = file('sa.pub', pemOf(der))
    let release = (): void => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    const importKey = crypto.subtle.importKey.bind(crypto.subtle) as (
      ...given: unknown[]
    ) => Promise<CryptoKey>
    const spy = vi.spyOn(crypto.subtle, 'importKey').mockImplementationOnce(async (...given: unknown[]) => {
      await held
      return importKey(...given)
    })
    const opening = verificationKeysAt([path], { ...quick, observer })
    file('sa.pub', 'nothing')
    await vi.waitFor(() => expect(ofType('reload')).toHaveLength(1))
    release()
    const keys = await opening
    spy.mockRestore()
    open.push(keys)
    expect(keys.current().map(({ kid }) => kid)).toEqual([signingKey.kid])
  })

  it('are refused at the start where there is no key in one, all that are so at once', async () => {
    const paths = [file('a.pub', 'nothing'), file('b.pub', '-----BEGIN X-----\n-----END X-----')]
    const error: unknown = await verificationKeysAt(paths).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConfigurationError)
    const message = 'data does not contain any valid RSA or ECDSA public keys'
    expect(error).toMatchObject({ problems: paths.map((path) => ({ path, message })) })
    await expect(verificationKeysAt([join(folder, 'none.pub')])).rejects.toThrow(/none\.pub/)
  })

  it('must be there', async () => {
    await expect(verificationKeysAt([])).rejects.toThrow('paths: must not be empty')
  })
})
