import { randomBytes, X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFetch } from '@kube-authn/node'
import { createPki } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { folderOf, run, type Run } from '../../../test/command.ts'
import { type PathFetch, type Served, startServe } from '../../../test/served.ts'

const REVOCATIONS = '/apis/authentication.kube-authn.dev/v1/credentialrevocations'
const SELF = '/apis/authentication.k8s.io/v1/selfsubjectreviews'

const whoIs = async (fetch: PathFetch): Promise<number> => {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
  return (await fetch(SELF, { method: 'POST', body })).status
}

const revoke = ({ announcement }: Served, args: readonly string[], stdin = ''): Promise<Run> =>
  run(['revoke', ...args], { stdin, env: { KUBECONFIG: announcement['kubeconfig'] ?? '' } })

async function withTokens(
  count: number,
): Promise<{ readonly served: Served; readonly tokens: readonly string[] }> {
  const tokens = Array.from({ length: count }, () => randomBytes(16).toString('hex'))
  const csv = tokens.map((token, index) => `${token},user${index},${index}\n`).join('')
  const folder = folderOf({ 'tokens.csv': csv })
  return {
    served: await startServe([`--token-auth-file=${join(folder, 'tokens.csv')}`, '--in-memory']),
    tokens,
  }
}

async function specOf({ admin }: Served, name: string): Promise<unknown> {
  const object: unknown = await (await admin(`${REVOCATIONS}/${name.trim()}`)).json()
  return typeof object === 'object' && object !== null && 'spec' in object ? object.spec : undefined
}

describe('kube-authn revoke, against serve', () => {
  it('refuses a token at once, and accepts it again after the revocation was deleted', async () => {
    const { served, tokens } = await withTokens(2)
    const [one = '', two = ''] = tokens
    expect(await whoIs(served.as(one))).toBe(201)
    const { stdout, stderr, exitCode } = await revoke(
      served,
      ['--token-stdin', '--for=1h', '--reason=leaked'],
      one,
    )
    expect([stderr, exitCode]).toEqual(['', 0])
    expect(stdout).toMatch(/^revoked-[a-z0-9]{5}\n$/)
    expect(await whoIs(served.as(one))).toBe(401)
    expect(await whoIs(served.as(two))).toBe(201)
    const spec = await specOf(served, stdout)
    expect(spec).toMatchObject({
      tokenSHA256: expect.stringMatching(/^[0-9a-f]{64}$/),
      reason: 'leaked',
      revokedBy: expect.any(String),
    })
    expect(JSON.stringify(spec)).not.toContain(one)
    expect(served.log()).not.toContain(one)
    await served.admin(`${REVOCATIONS}/${stdout.trim()}`, { method: 'DELETE' })
    expect(await whoIs(served.as(one))).toBe(201)
  })

  it('refuses a user, with all credentials or with earlier ones, and ends a watch of that user', async () => {
    const { served, tokens } = await withTokens(2)
    const [one = '', two = ''] = tokens
    await served.admin('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      method: 'POST',
      body: {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'view' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'user0' }],
      },
    })
    const watch = await served.as(one)('/api/v1/configmaps?watch=true')
    expect(watch.status).toBe(200)
    const ended = watch.text()
    expect((await revoke(served, ['--user=user0', '--issued-before=now', '--for=1h'])).exitCode).toBe(0)
    await ended
    // When a token of a file was issued is not known.
    expect(await whoIs(served.as(one))).toBe(401)
    expect(await whoIs(served.as(two))).toBe(201)
    expect((await revoke(served, ['--user=user1', '--forever'])).exitCode).toBe(0)
    expect(await whoIs(served.as(two))).toBe(401)
  })

  it('refuses a service account token by its id and digest, until some minutes after its expiry', async () => {
    const served = await startServe(['--in-memory'])
    const path = '/api/v1/namespaces/default/serviceaccounts/default/token'
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3600 },
    }
    const token = await vi.waitFor(async () => {
      const answer = (await (await served.admin(path, { method: 'POST', body })).json()) as {
        readonly status: { readonly token: string }
      }
      return answer.status.token
    }, 5000)
    expect(await whoIs(served.as(token))).toBe(201)
    const { stdout } = await revoke(served, ['--token-stdin'], token)
    expect(await whoIs(served.as(token))).toBe(401)
    const [byId = '', byDigest = ''] = stdout.split('\n')
    const expirationTime: unknown = expect.any(String)
    expect(await specOf(served, byId)).toMatchObject({
      credentialID: expect.stringMatching(/^JTI=/),
      expirationTime,
    })
    expect(await specOf(served, byDigest)).toMatchObject({
      tokenSHA256: expect.stringMatching(/^[0-9a-f]{64}$/),
      expirationTime,
    })
  })

  it('keeps a revocation through a restart', async () => {
    const folder = folderOf({ 'tokens.csv': 'abc-token,jane,1\n' })
    const args = [`--token-auth-file=${join(folder, 'tokens.csv')}`, `--data-dir=${join(folder, 'data')}`]
    const first = await startServe(args)
    expect((await revoke(first, ['--user=jane', '--for=30d'])).exitCode).toBe(0)
    await first.stop()
    const second = await startServe(args)
    expect(await whoIs(second.as('abc-token'))).toBe(401)
  })

  it('is for administrators only', async () => {
    const { served, tokens } = await withTokens(1)
    const fetch = served.as(tokens[0])
    expect((await fetch(REVOCATIONS)).status).toBe(403)
    expect((await fetch(REVOCATIONS, { method: 'POST', body: {} })).status).toBe(403)
  })

  it.each<[readonly string[], RegExp]>([
    [[], /name one of --token-file/],
    [['--token-file=missing.txt', '--token-stdin'], /name one of/],
    [['--serial=1A'], /need each other/],
    [['--issuer=ca.crt', '--user=a', '--forever'], /need each other/],
    [['--serial=1A', '--issuer=missing.crt', '--for=1h'], /missing\.crt/],
    [['--user=a', '--credential-id=b'], /name one of/],
    [['--user=a'], /--for: is required, or --forever/],
    [['--user=a', '--for=1h', '--forever'], /--forever: cannot be set together/],
    [['--user=a', '--for=never'], /--for: must be a positive duration/],
    [['--credential-id=a', '--issued-before=now', '--for=1h'], /--issued-before: needs --user/],
    [['--certificate=missing.crt'], /missing\.crt/],
    [['--token-stdin', '--for=1h'], /the token is empty/],
  ])('refuses %j', async (args, expected) => {
    const { stderr, stdout, exitCode } = await run(['revoke', ...args, '--kubeconfig=none'])
    expect(stderr).toMatch(expected)
    expect([stdout, exitCode]).toEqual(['', 2])
  })
})

it.each(['Bearer abc', 'Authorization: Bearer abc', ' abc', 'abc ', 'a\tb', 'a\0b', 'a\u007Fb'])(
  'refuses the token %j, which no request can have',
  async (token) => {
    const { stderr, stdout, exitCode } = await run(
      ['revoke', '--token-stdin', '--for=1h', '--kubeconfig=none'],
      { stdin: token },
    )
    expect(stderr).toMatch(
      /^error: the token has a space or a control character.*without Authorization: and Bearer\n$/,
    )
    expect(stderr).not.toContain('abc')
    expect([stdout, exitCode]).toEqual(['', 2])
  },
)

it('revokes a certificate by the number that openssl prints, and its CA', async () => {
  const pki = await createPki({ commonName: 'Users CA' })
  const client = await pki.issueClient({ commonName: 'jane' })
  const folder = folderOf({ 'ca.crt': pki.caPem })
  const served = await startServe(['--in-memory', `--client-ca-file=${join(folder, 'ca.crt')}`])
  const ca = readFileSync(join(served.dataDir, 'pki/ca.crt'), 'utf8')
  const fetch = createFetch({ ca, cert: client.chainPem, key: client.privateKeyPem })
  onTestFinished(() => fetch.close())
  const status = async (): Promise<number> => (await fetch(`${served.server}/api`)).status
  expect(await status()).toBe(200)
  const serial = new X509Certificate(client.certificatePem).serialNumber
  const colons = serial.replaceAll(/(..)(?=.)/g, '$1:')
  const issuer = `--issuer=${join(folder, 'ca.crt')}`
  const { stderr, stdout } = await revoke(served, [`--serial=${colons}`, issuer, '--for=1h'])
  expect(stderr).toBe('')
  expect(await specOf(served, stdout)).toMatchObject({
    credentialID: `X509SERIAL=${BigInt(`0x${serial}`).toString(16)}/CN=users ca`,
  })
  expect(await status()).toBe(401)
  for (const [args, message] of [
    [['--serial=1G', issuer, '--for=1h'], /--serial: must be hexadecimal/],
    [['--serial=1A', issuer], /--for: is required/],
  ] as const)
    expect((await revoke(served, args)).stderr).toMatch(message)
})

it('revokes a certificate by its digest', async () => {
  const pki = await createPki()
  const { certificatePem } = await pki.issueClient({ commonName: 'jane' })
  const served = await startServe(['--in-memory'])
  const folder = folderOf()
  writeFileSync(join(folder, 'jane.crt'), certificatePem)
  const { stdout, exitCode } = await revoke(served, [`--certificate=${join(folder, 'jane.crt')}`])
  expect(exitCode).toBe(0)
  expect(await specOf(served, stdout)).toMatchObject({
    credentialID: expect.stringMatching(/^X509SHA256=[0-9a-f]{64}$/),
  })
  expect(readFileSync(join(folder, 'jane.crt'), 'utf8')).toBe(certificatePem)
})
