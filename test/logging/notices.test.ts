import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { LogEntry } from '@kube-authn/core'
import { createAuthenticator } from '@kube-authn/node'

type Options = Parameters<typeof createAuthenticator>[0]

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'notices-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

function file(content: string, name = 'some.csv'): string {
  const path = join(folder(), name)
  writeFileSync(path, content)
  return path
}

function logOf(options: Options): readonly LogEntry[] {
  const lines: LogEntry[] = []
  const authenticator = createAuthenticator({ ...options, log: (entry) => lines.push(entry) })
  onTestFinished(() => authenticator.close())
  return lines
}

const issuer = (url: string, more: object = {}): Options => ({
  oidc: { issuer: url, audience: 'my-app', ...more },
})

it.each<[what: string, options: () => Options, said: RegExp]>([
  ['an empty file', () => ({ tokenFile: file('') }), /some\.csv: the file has no records/],
  ['groups without quotes', () => ({ tokenFile: file('t,jane,1,dev,ops') }), /put several groups in quotes/],
  [
    'passwords in plain text',
    () => ({ passwordFile: file('pw-of-jane,jane,1') }),
    /plain text; hash them with bcrypt/,
  ],
  [
    'anonymous requests on every path',
    () => ({ tokenFile: file('t,jane,1'), anonymous: true }),
    /anonymous: requests without a credential pass as system:anonymous, on every path/,
  ],
  [
    'groups of an issuer without a prefix',
    () =>
      issuer('https://127.0.0.1:1', {
        claimMappings: { username: { claim: 'sub', prefix: '' }, groups: { claim: 'groups', prefix: '' } },
      }),
    /this issuer can put users into every group, also into system:masters: set groupsPrefix/,
  ],
  [
    'an issuer of an unknown host',
    () => issuer('https://issuer.invalid'),
    /the issuer "https:\/\/issuer\.invalid" cannot be discovered.*: (?:no such host|its name cannot be resolved now)/,
  ],
])('a notice tells %s, once', async (_, options, said) => {
  const lines = logOf(options())
  await expect.poll(() => lines.filter(({ message }) => said.test(message)).length).toBe(1)
  expect(lines.every(({ type, message }) => type === 'notice' && !message.includes('pw-of-jane'))).toBe(true)
})

it('a notice tells why an issuer cannot be reached: nothing listens', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => void server.close(resolve))
  const lines = logOf(issuer(`https://127.0.0.1:${port}`))
  await expect
    .poll(() => lines.map(({ message }) => message).join())
    .toMatch(/cannot be discovered.*connection refused/)
  expect(lines).toMatchObject([{ level: 'error', code: 'KUBE_AUTHN_ISSUER' }])
})

it('a notice tells why an issuer cannot be reached: its certificate is self-signed', async () => {
  const path = folder()
  const at = (name: string): string => join(path, name)
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      at('k'),
      '-out',
      at('c'),
      '-subj',
      '/CN=localhost',
      '-addext',
      'subjectAltName=DNS:localhost',
    ],
    { stdio: 'ignore' },
  )
  const server = createServer({ key: readFileSync(at('k')), cert: readFileSync(at('c')) })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close().closeAllConnections()
  })
  const lines = logOf(issuer(`https://localhost:${(server.address() as AddressInfo).port}`))
  await expect
    .poll(() => lines.map(({ message }) => message).join())
    .toMatch(/cannot be discovered.*its certificate is self-signed/)
})

it('a failed reload is told once, and told again after it was in order', async () => {
  const path = file('t,jane,1', 'tokens.csv')
  const lines = logOf({ tokenFile: { path, pollSeconds: 0.02 } })
  const write = (content: string): void => {
    writeFileSync(`${path}.new`, content)
    renameSync(`${path}.new`, path)
  }
  const told = (said: RegExp): number => lines.filter(({ message }) => said.test(message)).length
  for (const times of [1, 2]) {
    write('t,"jane')
    await expect
      .poll(() => told(/tokens\.csv cannot be used, so its last good version stays in force: /))
      .toBe(times)
    write(`t,jane,new-${times}`)
    await expect.poll(() => told(/tokens\.csv is read again/)).toBeGreaterThanOrEqual(times)
  }
})

it('an observer gets the same as events, and log: false leaves only them', async () => {
  const events: string[] = []
  const authenticator = createAuthenticator({
    tokenFile: file(''),
    log: false,
    observer: (event) => events.push(event.type),
  })
  authenticator.close()
  expect(events).toEqual(['fileNotice'])
  expect(authenticator.log).toBe(false)
})
