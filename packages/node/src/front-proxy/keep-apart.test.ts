import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Authenticator, ConfigurationError, union } from '@kube-authn/core'
import { authenticateRequest } from '@kube-authn/core/adapter'
import { requestHeader } from '@kube-authn/core/client-certificate'
import { certificatePool } from '@kube-authn/x509'
import {
  type CertificateAuthority,
  createPki,
  fakeRequest,
  type FixedClock,
  fixedClock,
  type IssuedCredential,
  recordEvents,
} from '@kube-authn/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  certificateAuthoritiesAt,
  createAuthenticator,
  type CreateAuthenticatorOptions,
  type NodeAuthenticator,
  requestHeaderAt,
} from '../index.ts'
import { joinedRequestOf } from '../../../core/test/requests.ts'

const folder = mkdtempSync(join(tmpdir(), 'keep-apart-'))
const file = (name: string): string => join(folder, name)
const open: { close(): void }[] = []
let users: CertificateAuthority
let proxies: CertificateAuthority
let others: CertificateAuthority
/** The current CAs of proxies, for sources that are not files. */
let proxiesNow: string
let jane: IssuedCredential
let proxy: IssuedCredential
let clock: FixedClock

beforeAll(async () => {
  users = await createPki({ commonName: 'users' })
  proxies = await createPki({ commonName: 'proxies' })
  others = await createPki({ commonName: 'others' })
  jane = await users.issueClient({ commonName: 'jane' })
  proxy = await proxies.issueClient({ commonName: 'front-proxy' })
})
beforeEach(() => {
  clock = fixedClock(Date.now())
  writeProxies(proxies.caPem)
  writeFileSync(file('users.crt'), users.caPem)
})
afterEach(() => {
  for (const each of open.splice(0)) each.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Writes the CAs of proxies in every form. */
function writeProxies(ca: string): void {
  proxiesNow = ca
  writeFileSync(file('proxies.crt'), ca)
  const data = {
    'requestheader-client-ca-file': ca,
    'requestheader-allowed-names': '["front-proxy"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  }
  writeFileSync(file('config.yaml'), JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', data }))
}

const headers = { allowedNames: ['front-proxy'], usernameHeaders: ['X-Remote-User'] }
const opened = <T extends { close(): void }>(each: T): T => {
  open.push(each)
  return each
}

type Proxy = NonNullable<CreateAuthenticatorOptions['requestHeader']>
const { observer, ofType, clear } = recordEvents()

/** Every way to configure proxies whose CAs are reloaded. */
const reloading: readonly (readonly [name: string, make: () => Proxy])[] = [
  ['a CA file', () => ({ ...headers, caFile: file('proxies.crt') })],
  ['a ConfigMap', () => ({ configMapFile: file('config.yaml') })],
  ['requestHeaderAt', () => opened(requestHeaderAt(file('config.yaml'), { clock, observer }))],
  [
    'requestHeader with a source',
    () =>
      requestHeader({
        ...headers,
        ca: opened(certificateAuthoritiesAt(file('proxies.crt'), { clock, observer })),
      }),
  ],
  [
    'one of two proxies',
    () =>
      union<Authenticator>(
        requestHeader({ usernameHeaders: ['X-Other-User'], trusts: () => false }),
        opened(requestHeaderAt(file('config.yaml'), { clock, observer })),
      ),
  ],
]

const all: typeof reloading = [
  ...reloading,
  ['requestHeader with a bundle', () => requestHeader({ ...headers, ca: proxiesNow })],
  [
    'requestHeader with a source of its own',
    () => requestHeader({ ...headers, ca: { current: () => certificatePool(proxiesNow) } }),
  ],
]

function create(make: () => Proxy): NodeAuthenticator {
  return opened(
    createAuthenticator({ clientCAFile: file('users.crt'), requestHeader: make(), clock, observer }),
  )
}

async function userOf(
  authenticator: Authenticator,
  { chainDer }: IssuedCredential,
): Promise<string | number> {
  const outcome = await authenticateRequest(authenticator)(
    fakeRequest({ peerCertificates: chainDer, headers: [['X-Remote-User', 'fido']] }),
  )
  return 'failure' in outcome ? outcome.failure.status : outcome.authentication.user.username
}

/** Long enough for a source to check and settle. */
const readAgain = (): void => clock.advance(61_000)

describe.each(all)('with %s', (_name, make) => {
  it('is refused where an authority signs both users and proxies', () => {
    writeProxies(users.caPem)
    expect(() => create(make)).toThrow(ConfigurationError)
    expect(() => create(make)).toThrow(
      /^(clientCAFile: )?requestHeader: has a CA in common with the CA of client certificates: give proxies a CA of their own, which signs no users$/,
    )
  })

  it('is refused where one of several does', () => {
    writeFileSync(file('users.crt'), users.caPem + proxies.caPem)
    expect(() => create(make)).toThrow(/has a CA in common/)
  })

  it('believes the proxy and the users where none does', async () => {
    const authenticator = create(make)
    expect(await userOf(authenticator, proxy)).toBe('fido')
    expect(await userOf(authenticator, jane)).toBe('jane')
  })

  it('keeps the authorities of users when new ones sign proxies as well, and says so once', async () => {
    const authenticator = create(make)
    clear()
    writeFileSync(file('users.crt'), users.caPem + proxies.caPem)
    readAgain()
    readAgain()
    expect(ofType('reload')).toMatchObject([{ source: file('users.crt'), outcome: 'failed' }])
    expect(String(ofType('reload')[0]?.error)).toContain('has a CA in common')
    expect(await userOf(authenticator, proxy)).toBe('fido')
    expect(await userOf(authenticator, jane)).toBe('jane')
  })
})

describe.each(reloading)('with %s that is read again', (_name, make) => {
  it('keeps the authorities of proxies when new ones sign users as well, and says so once', async () => {
    const authenticator = create(make)
    clear()
    writeProxies(users.caPem)
    readAgain()
    readAgain()
    expect(ofType('reload')).toMatchObject([{ outcome: 'failed' }])
    expect(String(ofType('reload')[0]?.error)).toContain('has a CA in common')
    expect(await userOf(authenticator, proxy)).toBe('fido')
    expect(await userOf(authenticator, jane)).toBe('jane')
  })

  it('believes them as soon as they sign no users any more', async () => {
    const authenticator = create(make)
    writeProxies(users.caPem)
    readAgain()
    writeFileSync(file('users.crt'), others.caPem)
    readAgain()
    readAgain()
    expect(await userOf(authenticator, proxy)).toBe(401)
    expect(await userOf(authenticator, jane)).toBe(401)
    expect(await userOf(authenticator, await users.issueClient({ commonName: 'front-proxy' }))).toBe('fido')
  })

  it('checks nothing any more once it is closed', () => {
    const made = make()
    create(() => made).close()
    clear()
    writeProxies(users.caPem)
    readAgain()
    expect(ofType('reload').filter(({ outcome }) => outcome === 'failed')).toEqual([])
  })
})

it('does not believe a proxy while a source of its own has an authority that signs users', async () => {
  const sources = [certificatePool(proxies.caPem), certificatePool(users.caPem)] as const
  let now: (typeof sources)[number] = sources[0]
  const authenticator = create(() => requestHeader({ ...headers, ca: { current: () => now } }))
  expect(await userOf(authenticator, proxy)).toBe('fido')
  now = sources[1]
  expect(await userOf(authenticator, await users.issueClient({ commonName: 'front-proxy' }))).toBe(
    'front-proxy',
  )
  expect(await userOf(authenticator, jane)).toBe('jane')
  now = sources[0]
  expect(await userOf(authenticator, proxy)).toBe('fido')
})

it('keeps getters of a proxy of a class, so that identity headers are always removed', async () => {
  const inner = requestHeader({ ...headers, ca: { current: () => certificatePool(proxies.caPem) } })
  class FrontProxy implements Authenticator {
    get name() {
      return inner.name
    }
    get credentials() {
      return inner.credentials ?? { schemes: [] }
    }
    authenticate(...asked: Parameters<Authenticator['authenticate']>) {
      return inner.authenticate(...asked)
    }
  }
  const authenticator = create(() => new FrontProxy())
  expect(authenticator.credentials?.identityHeaders?.map((current) => current())).toEqual(
    create(() => inner).credentials?.identityHeaders?.map((current) => current()),
  )
  expect(authenticator.credentials?.identityHeaders).not.toHaveLength(0)
  expect(await userOf(authenticator, proxy)).toBe('fido')
})

describe('requestHeaderAt', () => {
  const described = (joinedHeaders?: 'reject' | 'split' | 'whole') =>
    opened(
      requestHeaderAt(file('config.yaml'), {
        clock,
        observer,
        ...(joinedHeaders !== undefined && { joinedHeaders }),
      }),
    )

  it('has no opinion while the ConfigMap has no CA for proxies, and trusts one that comes', async () => {
    writeFileSync(file('config.yaml'), JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', data: {} }))
    const authenticator = described()
    expect(await userOf(authenticator, proxy)).toBe(401)
    expect(authenticator.credentials?.identityHeaders?.map((current) => current())).toEqual([{ remove: [] }])
    expect(authenticator.credentials?.proxyAuthorities?.map((each) => each.current())).toEqual([undefined])
    writeProxies(proxies.caPem)
    readAgain()
    expect(await userOf(authenticator, proxy)).toBe('fido')
    expect(authenticator.credentials?.identityHeaders?.map((current) => current())).not.toEqual([
      { remove: [] },
    ])
  })

  it.each([
    [undefined, 401],
    ['reject', 401],
    ['split', 'fido, rex'],
    ['whole', 'fido, rex'],
  ] as const)('reads joined headers as it is told: %s', async (joinedHeaders, expected) => {
    const { headers: joined } = joinedRequestOf([['X-Remote-User', 'fido, rex']])
    const request = { ...fakeRequest({ peerCertificates: proxy.chainDer }), headers: joined }
    const outcome = await authenticateRequest(described(joinedHeaders))(request)
    expect('failure' in outcome ? outcome.failure.status : outcome.authentication.user.username).toBe(
      expected,
    )
  })

  it('refuses another reading', () => {
    expect(() => requestHeaderAt(file('config.yaml'), { joinedHeaders: 'guess' as 'whole' })).toThrow(
      "joinedHeaders: must be 'reject', 'split' or 'whole'",
    )
  })
})
