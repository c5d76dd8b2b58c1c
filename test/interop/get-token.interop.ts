import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { alwaysAllow } from '@kube-authn/core/authorization'
import { authentication } from '@kube-authn/express'
import { reviews } from '@kube-authn/express/reviews'
import { type NodeAuthenticator, tlsServerOptions } from '@kube-authn/node'
import { authenticatorFromFlags } from '@kube-authn/node/flags'
import { createPki } from '@kube-authn/testing'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { COMPONENTS, has } from './components.ts'
import { people } from './identity-provider.ts'
import { PLUG_IN_CLIENT, type PlugInIssuer, plugInIssuer } from './plug-in-issuer.ts'
import { makeScratch, type Scratch } from './scratch.ts'

const COMMAND = fileURLToPath(new URL('../../packages/server/dist/cli/main.js', import.meta.url))

/** A process that waits for a login. */
interface Waiting {
  interrupt(): void
  /** Resolves when stderr matches. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
  ended(): Promise<{ readonly stdout: string; readonly stderr: string; readonly exitCode: number | null }>
}

let scratch: Scratch
let issuer: PlugInIssuer
let server: Server
let authenticator: NodeAuthenticator
let api: string

beforeAll(async () => {
  scratch = makeScratch()
  const pki = await createPki()
  issuer = await plugInIssuer(pki)
  const ca = scratch.write('ca.crt', pki.caPem)
  authenticator = await authenticatorFromFlags([
    `--oidc-issuer-url=${issuer.issuer}`,
    `--oidc-client-id=${PLUG_IN_CLIENT}`,
    `--oidc-ca-file=${ca}`,
    '--oidc-username-prefix=-',
    '--oidc-groups-claim=groups',
  ])
  await vi.waitUntil(() => authenticator.health().length === 0)
  const app = express()
  app.use(authentication(authenticator), reviews(alwaysAllow()))
  const { chainPem: cert, privateKeyPem: key } = await pki.issueServer({ hosts: ['127.0.0.1'] })
  server = createServer(tlsServerOptions({ cert, key }), app)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  api = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  // What npm makes of the command when it installs the package.
  scratch.write('bin/kube-authn', `#!/bin/sh\nexec '${process.execPath}' '${COMMAND}' "$@"\n`)
  await scratch.shell('chmod 700 bin/kube-authn')
})

afterAll(async () => {
  await issuer.close()
  server.close()
  server.closeAllConnections()
  authenticator.close()
  scratch.remove()
})

/** Starts a program with a home of its own. */
function start(command: string, args: readonly string[], home: string): Waiting {
  scratch.write(`${home}/.keep`, '')
  const child = spawn(command, args, {
    env: {
      PATH: `${scratch.path('bin')}:${process.env['PATH'] ?? ''}`,
      HOME: scratch.path(home),
      KUBECONFIG: scratch.path(`${home}/config`),
    },
  })
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk
    })
  }
  child.stdin.end()
  const closed = new Promise<number | null>((resolve) => {
    child.on('close', resolve)
  })
  return {
    interrupt: () => void child.kill('SIGINT'),
    printed: async (pattern) => {
      const found = (): RegExpExecArray | null => pattern.exec(text.stderr)
      await vi.waitUntil(() => found() !== null || child.exitCode !== null)
      return found() ?? expect.fail(`ended without printing ${String(pattern)}: ${text.stderr}`)
    },
    ended: async () => {
      const exitCode = await closed
      return { ...text, exitCode }
    },
  }
}

const getToken = (home: string, ...more: readonly string[]): Waiting =>
  start(process.execPath, [COMMAND, 'get-token', ...loginArguments(), ...more], home)

function loginArguments(): readonly string[] {
  return [
    `--issuer-url=${issuer.issuer}`,
    `--client-id=${PLUG_IN_CLIENT}`,
    `--ca-file=${scratch.path('ca.crt')}`,
    '--no-open',
    '--scope=groups',
  ]
}

const ADDRESS = /Log in at (http:\/\/127\.0\.0\.1:\d+\/)/

/** The browser of a person: it follows the command's page to the issuer and back. */
async function logInAt(address: string): Promise<Response> {
  const begun = await fetch(address, { redirect: 'manual' })
  const cookie = begun.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const end = await issuer.logIn(people.jane, begun.headers.get('location') ?? '')
  return fetch(end, { headers: { cookie } })
}

function claimsOf(stdout: string): { readonly token: string; readonly claims: unknown } {
  const { status } = JSON.parse(stdout) as { readonly status: { readonly token: string } }
  const [, payload = ''] = status.token.split('.')
  return { token: status.token, claims: JSON.parse(Buffer.from(payload, 'base64url').toString()) }
}

describe('kube-authn get-token, with a browser', () => {
  it('logs in once for several commands, and keeps the token for its owner only', async () => {
    const all = [getToken('once'), getToken('once'), getToken('once')]
    const address = await Promise.race(all.map((each) => each.printed(ADDRESS)))
    expect((await logInAt(address[1] ?? '')).status).toBe(200)
    const ended = await Promise.all(all.map((each) => each.ended()))
    const tokens = ended.map(({ stdout, exitCode }) => ({ ...claimsOf(stdout), exitCode }))
    expect(tokens[0]).toMatchObject({ claims: { sub: 'jane', groups: ['admin', 'dev'] }, exitCode: 0 })
    expect(new Set(tokens.map(({ token }) => token)).size).toBe(1)
    expect(ended.filter(({ stderr }) => stderr !== '')).toHaveLength(1)
    const folder = scratch.path('once/.cache/kube-authn')
    const files = readdirSync(folder).map((file) => (statSync(`${folder}/${file}`).mode & 0o777).toString(8))
    expect(files).toEqual(['600'])
    // The next one does not log in.
    const next = await getToken('once').ended()
    expect([next.stderr, claimsOf(next.stdout).token]).toEqual(['', tokens[0]?.token])
  })

  it('lets no other browser end the login, nor begin it again', async () => {
    const command = getToken('other')
    const [, address = ''] = await command.printed(ADDRESS)
    const begun = await fetch(address, { redirect: 'manual' })
    const cookie = begun.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    expect((await fetch(address, { redirect: 'manual' })).status).toBe(403)
    const end = await issuer.logIn(people.jane, begun.headers.get('location') ?? '')
    expect((await fetch(end)).status).toBe(403)
    expect((await fetch(end, { headers: { cookie: 'kube-authn-login=x' } })).status).toBe(403)
    expect((await fetch(end, { method: 'POST', headers: { cookie } })).status).toBe(403)
    expect((await fetch(end, { headers: { cookie } })).status).toBe(200)
    expect((await command.ended()).exitCode).toBe(0)
  })

  it.each([
    [
      'another state',
      (url: URL) => url.searchParams.set('state', 'x'),
      /^error: .*its answer cannot be used/m,
    ],
    [
      'another issuer',
      (url: URL) => url.searchParams.set('iss', 'https://evil.example.com'),
      /^error: .*its answer cannot be used/m,
    ],
    [
      'another code',
      (url: URL) => url.searchParams.set('code', 'c2VjcmV0'),
      /^error: .*refuses the login: invalid_grant/m,
    ],
    [
      'a refusal',
      (url: URL) => {
        url.searchParams.delete('code')
        url.searchParams.set('error', 'access_denied')
        url.searchParams.set('error_description', 'no\u001b[31m')
      },
      /^error: .*refuses the login: access_denied \(no\\u\{1b\}\[31m\)/m,
    ],
  ])('refuses %s', async (_, change, expected) => {
    const command = getToken('refused')
    const [, address = ''] = await command.printed(ADDRESS)
    const begun = await fetch(address, { redirect: 'manual' })
    const cookie = begun.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const end = new URL(await issuer.logIn(people.jane, begun.headers.get('location') ?? ''))
    change(end)
    await fetch(end, { headers: { cookie } })
    const { stdout, stderr, exitCode } = await command.ended()
    expect(stderr).toMatch(expected)
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 })
  })

  it('renews the token with a refresh token, without a browser', async () => {
    issuer.setLifetime(5)
    const command = getToken('renewed', '--scope=offline_access')
    const [, address = ''] = await command.printed(ADDRESS)
    await logInAt(address)
    const first = claimsOf((await command.ended()).stdout)
    issuer.setLifetime(600)
    const next = await getToken('renewed', '--scope=offline_access').ended()
    expect({ stderr: next.stderr, exitCode: next.exitCode }).toEqual({ stderr: '', exitCode: 0 })
    expect(claimsOf(next.stdout).token).not.toBe(first.token)
    expect(claimsOf(next.stdout)).toMatchObject({ claims: { sub: 'jane' } })
    expect(issuer.grants.at(-1)).toBe('refresh_token')
  })

  it('ends when time is up, and when it is interrupted', async () => {
    const late = await getToken('late', '--timeout=2s').ended()
    expect(late.stderr).toMatch(/^error: no login in time$/m)
    expect(late.exitCode).toBe(2)
    const command = getToken('late')
    await command.printed(ADDRESS)
    command.interrupt()
    expect((await command.ended()).exitCode).toBe(130)
    // The lock is gone.
    expect(readdirSync(scratch.path('late/.cache/kube-authn'))).toEqual([])
  })
})

describe('kube-authn get-token, with a device code', () => {
  it('logs in with a browser elsewhere', async () => {
    const command = getToken('device', '--flow=device-code')
    const [, address = '', code = ''] = await command.printed(
      /Open (https:\S+) in a browser, and enter the code (\S+)/,
    )
    await issuer.logIn(people.jane, address, { user_code: code })
    const { stdout, exitCode } = await command.ended()
    expect(claimsOf(stdout)).toMatchObject({ claims: { sub: 'jane', groups: ['admin', 'dev'] } })
    expect(exitCode).toBe(0)
    expect(issuer.grants.at(-1)).toBe('urn:ietf:params:oauth:grant-type:device_code')
  })
})

/** A login of `auth-provider: oidc`, whose ID token has expired, in the kubeconfig of a home. */
async function writeExpiredLogin(home: string): Promise<void> {
  issuer.setLifetime(5)
  const login = getToken(home, '--scope=offline_access')
  await logInAt((await login.printed(ADDRESS))[1] ?? '')
  await login.ended()
  issuer.setLifetime(600)
  const folder = scratch.path(`${home}/.cache/kube-authn`)
  const [file = ''] = readdirSync(folder)
  const kept = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as {
    readonly idToken: string
    readonly refreshToken: string
  }
  const config = {
    'idp-issuer-url': issuer.issuer,
    'client-id': PLUG_IN_CLIENT,
    'id-token': kept.idToken,
    'refresh-token': kept.refreshToken,
    'idp-certificate-authority': scratch.path('ca.crt'),
  }
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: api, 'certificate-authority': scratch.path('ca.crt') } }],
    users: [{ name: 'u', user: { 'auth-provider': { name: 'oidc', config } } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }
  scratch.write(`${home}/config`, JSON.stringify(kubeconfig))
}

const whoami = async (home: string): Promise<unknown> => {
  const { stdout, stderr } = await start('kube-authn', ['whoami', '-o', 'json'], home).ended()
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

const refreshes = (): number => issuer.grants.filter((grant) => grant === 'refresh_token').length

describe('kube-authn whoami, with auth-provider: oidc', () => {
  it('renews an expired ID token once, for several commands', async () => {
    await writeExpiredLogin('provider')
    const before = refreshes()
    const all = await Promise.all([whoami('provider'), whoami('provider'), whoami('provider')])
    for (const each of all)
      expect(each).toMatchObject({ username: 'jane', groups: ['admin', 'dev', 'system:authenticated'] })
    expect(refreshes()).toBe(before + 1)
    expect(await whoami('provider')).toMatchObject({ username: 'jane' })
    expect(refreshes()).toBe(before + 1)
  })

  it('says that a refresh token has been revoked', async () => {
    await writeExpiredLogin('revoked')
    const path = scratch.path('revoked/config')
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(/"refresh-token":"[^"]+"/, '"refresh-token":"c2VjcmV0"'),
    )
    const { stderr, exitCode } = await start('kube-authn', ['whoami'], 'revoked').ended()
    expect(stderr).toMatch(/^error: getting credentials: failed to refresh token: invalid_grant/)
    expect({ exitCode, hasSecret: stderr.includes('c2VjcmV0') }).toEqual({ exitCode: 2, hasSecret: false })
  })

  it.runIf(has('kubectl'))('shares the kubeconfig with kubectl, whichever renews the token', async () => {
    const jane = { username: 'jane', groups: ['admin', 'dev', 'system:authenticated'] }
    for (const [home, isKubectlFirst] of [
      ['kubectl-first', true],
      ['whoami-first', false],
    ] as const) {
      await writeExpiredLogin(home)
      const before = refreshes()
      const kubectl = async (): Promise<void> => {
        const run = start(COMPONENTS.kubectl.command, ['auth', 'whoami', '-o', 'json'], home)
        expect(JSON.parse((await run.ended()).stdout)).toMatchObject({ status: { userInfo: jane } })
      }
      if (isKubectlFirst) await kubectl()
      expect(await whoami(home)).toMatchObject(jane)
      await kubectl()
      expect(refreshes()).toBe(before + 1)
    }
  })
})

describe.runIf(has('kubectl'))('kube-authn as a plug-in of kubectl', () => {
  const kubectl = (...args: readonly string[]): Waiting => start(COMPONENTS.kubectl.command, args, 'kubectl')

  it('logs in for kubectl, with the kubeconfig that it writes, and whoami agrees', async () => {
    const more = [`--server=${api}`, `--certificate-authority=${scratch.path('ca.crt')}`, '--use-context']
    const written = await start('kube-authn', ['kubeconfig', ...loginArguments(), ...more], 'kubectl').ended()
    expect(written).toMatchObject({ stdout: '', exitCode: 0 })
    const first = kubectl('auth', 'whoami', '-o', 'json')
    const [, address = ''] = await first.printed(ADDRESS)
    await logInAt(address)
    const { stdout, exitCode } = await first.ended()
    const jane = { username: 'jane', groups: ['admin', 'dev', 'system:authenticated'] }
    expect(JSON.parse(stdout)).toMatchObject({ status: { userInfo: jane } })
    expect(exitCode).toBe(0)
    const again = await kubectl('auth', 'whoami', '-o', 'json').ended()
    expect(JSON.parse(again.stdout)).toMatchObject({ status: { userInfo: jane } })
    expect(again.stderr).toBe('')
    const ours = await start('kube-authn', ['whoami', '-o', 'json'], 'kubectl').ended()
    expect(JSON.parse(ours.stdout)).toMatchObject(jane)
  })
})
