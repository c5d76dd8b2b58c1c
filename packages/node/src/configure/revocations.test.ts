import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuthenticationRequest } from '@kube-authn/core'
import { bootstrapSecrets, createBootstrapToken } from '@kube-authn/core/bootstrap-token'
import { type Revocation, revocationList } from '@kube-authn/core/revocation'
import { createIssuer, createPki, createServiceAccounts, fakeRequest } from '@kube-authn/testing'
import { listen } from '@kube-authn/testing/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthenticator, type NodeAuthenticator } from '../index.ts'

const folder = mkdtempSync(join(tmpdir(), 'revocations-'))
const file = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const revoked = revocationList()
const sent = new Map<string, AuthenticationRequest>()
const open: { close(): unknown }[] = []
let authenticator: NodeAuthenticator
let serviceAccountToken: string

const bearer = (token: string): AuthenticationRequest =>
  fakeRequest({ headers: [['Authorization', `Bearer ${token}`]] })

beforeAll(async () => {
  const pki = await createPki()
  const proxies = await createPki()
  const issuer = await createIssuer({ signingAlgorithms: ['ES256'] })
  const listening = await listen(issuer, { pki })
  open.push(listening)
  const accounts = await createServiceAccounts()
  const bootstrap = createBootstrapToken()
  authenticator = createAuthenticator({
    tokenFile: file('tokens.csv', 'file-token,by-file,1\n'),
    passwordFile: file('passwords.csv', 'secret,by-password,1\n'),
    clientCAFile: file('ca.crt', pki.caPem),
    requestHeader: {
      caFile: file('proxy.crt', proxies.caPem),
      allowAnyProxyName: true,
      usernameHeaders: ['X-Remote-User'],
    },
    bootstrapTokens: bootstrapSecrets([bootstrap.secret]),
    serviceAccounts: {
      issuers: ['https://kubernetes.default.svc'],
      keys: [accounts.signingKey.verificationKey],
      objects: accounts.objects,
    },
    oidc: {
      issuer: listening.url,
      audience: 'app',
      caFile: file('issuer-ca.crt', pki.caPem),
      usernameClaim: 'sub',
      usernamePrefix: '',
    },
    tokens: [
      { name: 'own', authenticateToken: (token) => (token === 'own-token' ? { user: OWN } : undefined) },
    ],
    anonymous: true,
    revocations: revoked,
  })
  open.push(authenticator)
  serviceAccountToken = await accounts.token('default', 'default')
  const client = await pki.issueClient({ commonName: 'by-certificate' })
  const proxy = await proxies.issueClient({ commonName: 'proxy' })
  const basic = Buffer.from('by-password:secret').toString('base64')
  sent
    .set('token file', bearer('file-token'))
    .set('password file', fakeRequest({ headers: [['Authorization', `Basic ${basic}`]] }))
    .set('client certificate', fakeRequest({ peerCertificates: client.chainDer }))
    .set(
      'front proxy',
      fakeRequest({ peerCertificates: proxy.chainDer, headers: [['X-Remote-User', 'by-proxy']] }),
    )
    .set('bootstrap token', bearer(bootstrap.token))
    .set('service account', bearer(serviceAccountToken))
    .set('OpenID Connect', bearer(await issuer.sign({ sub: 'by-oidc', aud: 'app', jti: 'j1' })))
    .set('own', bearer('own-token'))
})
afterAll(async () => {
  for (const each of open) await each.close()
  rmSync(folder, { recursive: true })
})

const OWN = {
  username: 'by-own',
  uid: '',
  groups: [],
  extra: { 'example.com/session': ['s1'] },
}
const ID = 'authentication.kubernetes.io/credential-id'

async function userOf(kind: string): Promise<{
  readonly username: string
  readonly ids: readonly string[]
  readonly token: string | undefined
  readonly issuedAtMs: number | undefined
}> {
  const request = sent.get(kind) ?? fakeRequest()
  const found = await authenticator.authenticate(request, {})
  if (found === undefined) throw new Error('no opinion')
  const [, token] = (request.headers.first('authorization') ?? '').split('Bearer ')
  const { username, extra } = found.user
  return { username, ids: extra[ID] ?? [], token, issuedAtMs: found.issuedAtMs }
}

/** Each kind, with what is known of its credential. */
const KINDS = [
  { kind: 'token file', hasId: false, hasTime: false },
  { kind: 'password file', hasId: false, hasTime: false },
  { kind: 'client certificate', hasId: true, hasTime: true },
  { kind: 'front proxy', hasId: false, hasTime: false },
  { kind: 'bootstrap token', hasId: false, hasTime: false },
  { kind: 'service account', hasId: true, hasTime: true },
  { kind: 'OpenID Connect', hasId: true, hasTime: true },
  { kind: 'own', hasId: false, hasTime: false },
]

async function refusedBy(kind: string, revocation: Revocation): Promise<boolean> {
  revoked.set('one', revocation)
  try {
    await authenticator.authenticate(sent.get(kind) ?? fakeRequest(), {})
    return false
  } catch (error) {
    expect(error).toMatchObject({ code: 'rejected', message: 'the credential has been revoked' })
    return true
  } finally {
    revoked.delete('one')
  }
}

describe.each(KINDS)('a credential of the kind $kind', ({ kind, hasId, hasTime }) => {
  it('is refused by the name of its user, and accepted again, although it is remembered', async () => {
    const { username } = await userOf(kind)
    expect(await refusedBy(kind, { user: username })).toBe(true)
    expect(await refusedBy(kind, { user: `${username}x` })).toBe(false)
    expect((await userOf(kind)).username).toBe(username)
  })

  it(`is refused by the time before which it was issued, which is ${hasTime ? '' : 'not '}known`, async () => {
    const { username: user, issuedAtMs } = await userOf(kind)
    expect(issuedAtMs === undefined).toBe(!hasTime)
    const at = issuedAtMs ?? Date.now()
    expect(await refusedBy(kind, { user, issuedBeforeMs: at + 1 })).toBe(true)
    // Ten seconds of clock skew.
    expect(await refusedBy(kind, { user, issuedBeforeMs: at - 9_999 })).toBe(true)
    expect(await refusedBy(kind, { user, issuedBeforeMs: at - 10_000 })).toBe(!hasTime)
  })

  it(hasId ? 'is refused by its id' : 'has no id', async () => {
    const { ids } = await userOf(kind)
    expect(ids).toHaveLength(hasId ? 1 : 0)
    for (const credentialId of ids) expect(await refusedBy(kind, { credentialId })).toBe(true)
  })

  it('is refused by the digest of its token, if it has one', async () => {
    const { token } = await userOf(kind)
    const tokenSha256 = createHash('sha256')
      .update(token ?? '')
      .digest('hex')
    expect(await refusedBy(kind, { tokenSha256 })).toBe(token !== undefined)
  })
})

it('refuses a session by an attribute', async () => {
  expect(await refusedBy('own', { attribute: { key: 'example.com/session', value: 's1' } })).toBe(true)
  expect(await refusedBy('own', { attribute: { key: 'example.com/session', value: 's2' } })).toBe(false)
})

it('refuses the tokens of TokenReviews', async () => {
  revoked.set('one', { user: 'by-file' })
  try {
    const answers = await Promise.all(
      authenticator.tokens.map(async (each) => {
        try {
          return (await each.authenticateToken('file-token', {}))?.user.username
        } catch (error) {
          return error
        }
      }),
    )
    expect(answers).toContainEqual(expect.objectContaining({ message: 'the credential has been revoked' }))
    expect(answers).not.toContain('by-file')
  } finally {
    revoked.delete('one')
  }
})

it('does not make a request with a revoked credential anonymous', async () => {
  expect((await authenticator.authenticate(fakeRequest(), {}))?.user.username).toBe('system:anonymous')
  expect(await refusedBy('token file', { user: 'by-file' })).toBe(true)
})
