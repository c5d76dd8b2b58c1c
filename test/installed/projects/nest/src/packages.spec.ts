import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AuthenticationError, ConfigurationError, emptyContext, rejected } from '@kube-authn/core'
import { parseAuthenticationConfiguration } from '@kube-authn/core/configuration'
import { passwordFile } from '@kube-authn/core/password-file'
import { serviceAccountToken } from '@kube-authn/core/service-account'
import { cached } from '@kube-authn/core/remote'
import { createFetch } from '@kube-authn/node'
import { createIssuer, createPki, createServiceAccounts, fakeTokenAuthenticator } from '@kube-authn/testing'

const HASHES = [
  ['secret', '$2b$04$iaJd83o5T4OFUEoGV8pLoOa189CsItjNH.XyKn4b3a1/D4WLTM656'],
  ['password', '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'],
  ['password', '$scrypt$ln=4,r=1,p=1$c2FsdA$RRM8PfukjIIjXfUaU0mSQRDu6JN1Lw1BaNLiruVyLYI'],
] as const

describe.each(HASHES)('%s with the hash %s', (password, hash) => {
  const threads = process.getBuiltinModule('node:worker_threads')
  const { Worker } = threads

  afterEach(() => {
    threads.Worker = Worker
  })

  it.each([
    ['a worker', Worker],
    ['this thread', undefined],
  ])('is checked by %s', async (_name, chosen) => {
    threads.Worker = chosen as never
    const passwords = passwordFile(`"${hash}",jane,1`)
    const found = await passwords.authenticatePassword('jane', password, emptyContext)
    expect(found?.user.username).toBe('jane')
    expect(await passwords.authenticatePassword('jane', 'wrong', emptyContext)).toBeUndefined()
  })
})

describe('every part', () => {
  const configuration = (expression: string) => ({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthenticationConfiguration',
    jwt: [
      {
        issuer: { url: 'https://issuer.example.com', audiences: ['app'] },
        claimMappings: { username: { expression } },
      },
    ],
  })

  it('compiles expressions', () => {
    const parse = (expression: string) =>
      parseAuthenticationConfiguration(JSON.stringify(configuration(expression)))
    expect(parse('claims.sub').jwt).toHaveLength(1)
    expect(() => parse('claims.')).toThrow(ConfigurationError)
  })

  it('reads YAML', () => {
    const { jwt } = parseAuthenticationConfiguration(
      'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\njwt: []\n',
    )
    expect(jwt).toEqual([])
  })

  it('signs and verifies', async () => {
    const accounts = await createServiceAccounts()
    const tokens = cached(serviceAccountToken(accounts))
    const found = await tokens.authenticateToken(await accounts.token('default', 'default'), emptyContext)
    expect(found?.user.username).toBe('system:serviceaccount:default:default')
    const issuer = await createIssuer()
    expect((await issuer.sign({ sub: 'jane' })).split('.')).toHaveLength(3)
    expect((await createPki()).caPem).toContain('BEGIN CERTIFICATE')
  })

  it('makes requests', async () => {
    const server = createServer((_req, res) => res.end('found'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const response = await createFetch({}, { allowInsecureHttp: true })(`http://127.0.0.1:${port}/`)
    expect(await response.text()).toBe('found')
    await new Promise((resolve) => server.close(resolve))
  })

  it('shares classes with every other', async () => {
    const tokens = fakeTokenAuthenticator(() => {
      throw rejected('revoked')
    })
    const answer = Promise.resolve().then(() => tokens.authenticateToken('token', emptyContext))
    await expect(answer).rejects.toBeInstanceOf(AuthenticationError)
  })
})
