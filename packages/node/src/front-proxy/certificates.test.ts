import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authenticateRequest } from '@kube-authn/core/adapter'
import { ConfigurationError } from '@kube-authn/core'
import { type CertificateAuthority, createPki, fakeRequest, type IssuedCredential } from '@kube-authn/testing'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createAuthenticator, type CreateAuthenticatorOptions, type NodeAuthenticator } from '../index.ts'

const folder = mkdtempSync(join(tmpdir(), 'certificates-'))
const file = (name: string): string => join(folder, name)
const open: NodeAuthenticator[] = []
let users: CertificateAuthority
let proxies: CertificateAuthority
let jane: IssuedCredential
let proxy: IssuedCredential

beforeAll(async () => {
  users = await createPki({ commonName: 'users' })
  proxies = await createPki({ commonName: 'proxies' })
  jane = await users.issueClient({ commonName: 'jane', organizations: ['app1', 'app2'] })
  proxy = await proxies.issueClient({ commonName: 'front-proxy' })
})
afterEach(() => {
  for (const each of open.splice(0)) each.close()
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

function create(options: CreateAuthenticatorOptions): NodeAuthenticator {
  writeFileSync(file('users.crt'), users.caPem)
  writeFileSync(file('proxies.crt'), proxies.caPem)
  const authenticator = createAuthenticator(options)
  open.push(authenticator)
  return authenticator
}

const requestHeader = () => ({
  caFile: file('proxies.crt'),
  allowedNames: ['front-proxy'],
  usernameHeaders: ['X-Remote-User'],
  groupHeaders: ['X-Remote-Group'],
  extraHeaderPrefixes: ['X-Remote-Extra-'],
})

async function userOf(
  authenticator: NodeAuthenticator,
  peer: IssuedCredential | undefined,
  ...headers: readonly (readonly [string, string])[]
): Promise<unknown> {
  const request = fakeRequest({ headers, peerCertificates: peer?.chainDer ?? [] })
  const outcome = await authenticateRequest(authenticator)(request)
  if ('failure' in outcome) return outcome.failure.status
  const { username, groups } = outcome.authentication.user
  return [username, ...groups]
}

describe('createAuthenticator with certificates', () => {
  it('authenticates users by certificate, and users of the proxy, and no others', async () => {
    const authenticator = create({ clientCAFile: file('users.crt'), requestHeader: requestHeader() })
    const stranger = await (
      await createPki()
    ).issueClient({ commonName: 'jane', organizations: ['system:masters'] })
    const other = await proxies.issueClient({ commonName: 'other-proxy' })
    const fido = [
      ['X-Remote-User', 'fido'],
      ['X-Remote-Group', 'dogs'],
      ['X-Remote-Group', 'big, brown'],
    ] as const
    expect(await userOf(authenticator, jane)).toEqual(['jane', 'app1', 'app2', 'system:authenticated'])
    expect(await userOf(authenticator, proxy, ...fido)).toEqual([
      'fido',
      'dogs',
      'big, brown',
      'system:authenticated',
    ])
    expect(await userOf(authenticator, jane, ...fido)).toEqual([
      'jane',
      'app1',
      'app2',
      'system:authenticated',
    ])
    expect(await userOf(authenticator, undefined, ...fido)).toBe(401)
    expect(await userOf(authenticator, stranger, ...fido)).toBe(401)
    expect(await userOf(authenticator, other, ...fido)).toBe(401)
    expect(await userOf(authenticator, proxy)).toBe(401)
    expect(await userOf(authenticator, undefined)).toBe(401)
  })

  it('refuses the certificates of a CA as soon as it is out of the bundle', async () => {
    const authenticator = create({ clientCAFile: { path: file('users.crt'), settleSeconds: 0.02 } })
    expect(await userOf(authenticator, jane)).toEqual(['jane', 'app1', 'app2', 'system:authenticated'])
    writeFileSync(file('users.crt'), proxies.caPem)
    await vi.waitFor(async () => expect(await userOf(authenticator, jane)).toBe(401))
  })

  it('keeps the old bundle, with a CA that the new one removes, while the new one is cut off', async () => {
    const events: unknown[] = []
    const authenticator = create({
      clientCAFile: { path: file('users.crt'), settleSeconds: 0.02 },
      observer: (event) => events.push(event),
    })
    // A whole block, and half of one: Kubernetes would take the first.
    writeFileSync(file('users.crt'), proxies.caPem + users.caPem.slice(0, users.caPem.length / 2))
    await vi.waitFor(() => expect(events).toMatchObject([{ type: 'reload', outcome: 'failed' }]))
    expect(await userOf(authenticator, jane)).toEqual(['jane', 'app1', 'app2', 'system:authenticated'])
    expect(await userOf(authenticator, proxy)).toBe(401)
    writeFileSync(file('users.crt'), proxies.caPem)
    await vi.waitFor(async () => expect(await userOf(authenticator, jane)).toBe(401))
    expect(await userOf(authenticator, proxy)).toEqual(['front-proxy', 'system:authenticated'])
  })

  it('is not started with a bundle that is cut off', () => {
    writeFileSync(file('cut.crt'), proxies.caPem + users.caPem.slice(0, users.caPem.length / 2))
    expect(() => create({ clientCAFile: file('cut.crt') })).toThrow(ConfigurationError)
  })

  it('keeps the old CA while the new bundle is one that signs proxies as well', async () => {
    const events: unknown[] = []
    const authenticator = create({
      clientCAFile: { path: file('users.crt'), settleSeconds: 0.02 },
      requestHeader: requestHeader(),
      observer: (event) => events.push(event),
    })
    writeFileSync(file('users.crt'), users.caPem + proxies.caPem)
    await vi.waitFor(() => expect(events).toMatchObject([{ type: 'reload', outcome: 'failed' }]))
    expect(await userOf(authenticator, jane)).toEqual(['jane', 'app1', 'app2', 'system:authenticated'])
  })

  it('believes the proxy that a ConfigMap describes, as it describes it now', async () => {
    const manifest = (names: readonly string[]): string =>
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        data: {
          'requestheader-client-ca-file': proxies.caPem,
          'requestheader-allowed-names': JSON.stringify(names),
          'requestheader-username-headers': '["X-My-User"]',
        },
      })
    writeFileSync(file('config.yaml'), manifest(['front-proxy']))
    const authenticator = create({ requestHeader: { configMapFile: file('config.yaml') } })
    expect(await userOf(authenticator, proxy, ['X-My-User', 'fido'])).toEqual([
      'fido',
      'system:authenticated',
    ])
    expect(await userOf(authenticator, proxy, ['X-Remote-User', 'fido'])).toBe(401)
    writeFileSync(file('config.yaml'), manifest(['another']))
    await vi.waitFor(async () => expect(await userOf(authenticator, proxy, ['X-My-User', 'fido'])).toBe(401))
  })

  it.each([
    { what: 'no such bundle', options: () => ({ clientCAFile: file('missing.crt') }), path: 'clientCAFile' },
    {
      what: 'one CA for users and proxies',
      options: () => ({ clientCAFile: file('proxies.crt'), requestHeader: requestHeader() }),
      path: 'clientCAFile',
    },
    {
      what: 'no name that a proxy may have',
      options: () => ({ requestHeader: { ...requestHeader(), allowedNames: [] } }),
      path: 'requestHeader.allowedNames',
    },
    {
      what: 'no bundle of proxies',
      options: () => ({ requestHeader: { ...requestHeader(), caFile: file('missing.crt') } }),
      path: 'requestHeader.caFile',
    },
    {
      what: 'no such ConfigMap',
      options: () => ({ requestHeader: { configMapFile: file('missing.yaml') } }),
      path: 'requestHeader',
    },
  ])('is refused with $what', ({ options, path }) => {
    const error = (() => {
      try {
        return create(options())
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toBeInstanceOf(ConfigurationError)
    expect((error as ConfigurationError).problems.map((problem) => problem.path)).toEqual([path])
  })
})
