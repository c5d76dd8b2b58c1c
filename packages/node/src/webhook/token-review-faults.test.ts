import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { authenticateRequest } from '@kube-authn/core/adapter'
import { explain } from '@kube-authn/core'
import {
  type CertificateAuthority,
  createPki,
  fakeRequest,
  fixedClock,
  type IssuedCredential,
  recordEvents,
} from '@kube-authn/testing'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { httpsServer, type RunningServer } from '../../test/servers.ts'
import { reviewsFor } from '../../test/token-reviews.ts'
import { createAuthenticator, type CreateAuthenticatorOptions, type NodeAuthenticator } from '../index.ts'

/* An app while its token webhook has an outage: over real connections. */

const MEGABYTE = 'x'.repeat(1_048_576)

let pki: CertificateAuthority
let local: IssuedCredential
let folder: string
const open: NodeAuthenticator[] = []

beforeAll(async () => {
  pki = await createPki()
  local = await pki.issueServer({ hosts: ['127.0.0.1'] })
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'token-review-faults-'))
})
afterEach(() => {
  for (const each of open.splice(0)) each.close()
  rmSync(folder, { recursive: true, force: true })
})

function appOf(
  server: RunningServer,
  options: Pick<CreateAuthenticatorOptions, 'clock'> = {},
): NodeAuthenticator {
  const path = join(folder, 'webhook.kubeconfig')
  const ca = Buffer.from(pki.caPem).toString('base64')
  writeFileSync(
    path,
    JSON.stringify({
      clusters: [{ name: '', cluster: { server: server.url, 'certificate-authority-data': ca } }],
      users: [{ name: '', user: { token: 'kubeconfig-secret' } }],
    }),
  )
  const authenticator = createAuthenticator({
    tokenReview: { path, timeoutSeconds: 30, initialBackoffSeconds: 0.01 },
    ...options,
  })
  open.push(authenticator)
  return authenticator
}

const withToken = (token: string): ReturnType<typeof fakeRequest> =>
  fakeRequest({ headers: [['Authorization', `Bearer ${token}`]] })

const fault = {
  hangs: () => undefined,
  'hangs in the middle': (_, response) => void response.write('{"status":'),
  resets: (request) => request.socket.destroy(),
  'ends without an answer': (request) => request.socket.end(),
  'answers HTML': (_, response) => response.setHeader('content-type', 'text/html').end('<h1>Welcome</h1>'),
  'answers 503': (_, response) => response.writeHead(503).end('kubeconfig-secret'),
  'answers 503 and asks for an hour': (_, response) =>
    response.writeHead(503, { 'retry-after': '3600' }).end(),
  redirects: (_, response) => response.writeHead(307, { location: '/elsewhere' }).end(),
  'announces 100 MB': (_, response) =>
    response.writeHead(200, { 'content-length': 104_857_600 }).write(MEGABYTE),
  'answers without an end': (_, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(MEGABYTE));
    }
    response.on('drain', more)
    more()
  },
  'answers with the token': (request, response) => {
    request.on('data', (part: Buffer) => response.writeHead(400, { 'content-type': 'text/plain' }).end(part))
  },
} satisfies Record<string, RequestListener>

/** Faults that only end by timeout, with a fake clock. */
const ENDLESS: ReadonlySet<string> = new Set(['hangs', 'hangs in the middle'])

describe('a token webhook that', () => {
  it.each(Object.entries<RequestListener>(fault))(
    '%s leaves the app answering, and is missed no longer than it is away',
    async (what, broken) => {
      let isBroken = true
      const webhook = reviewsFor({ 'jane-token': 'jane' })
      const server = await httpsServer(local, (request, response) => {
        if (isBroken) broken(request, response)
        else webhook.listener(request, response)
      })
      const clock = fixedClock()
      const authenticator = appOf(server, ENDLESS.has(what) ? { clock } : {})
      const { observer, events } = recordEvents()
      const byDefault = authenticateRequest(authenticator, { observer })
      const byChoice = authenticateRequest(authenticator, { observer, unavailableStatus: 503 })

      const asked = Promise.all([
        byDefault(withToken('jane-token')),
        byChoice(withToken('jane-token')),
        byDefault(withToken('other-token')),
      ])
      if (ENDLESS.has(what)) {
        await vi.waitFor(() => expect(server.requests).toHaveLength(2))
        clock.advance(30_000)
      }
      const outcomes = await asked
      // One review per token, sent at most five times.
      expect(server.requests.length).toBeLessThanOrEqual(10)
      expect(outcomes.map((each) => ('failure' in each ? each.failure.status : 200))).toEqual([401, 503, 401])
      for (const outcome of outcomes) {
        const shown = inspect([outcome, events], { depth: 20 })
        expect(shown).toContain('unavailable')
        expect(shown).not.toMatch(/-secret|jane-token|other-token/)
      }

      isBroken = false
      expect(await byDefault(withToken('jane-token'))).toMatchObject({
        authentication: { user: { username: 'jane' } },
      })
      expect(await byChoice(withToken('other-token'))).toMatchObject({ failure: { status: 401 } })
    },
  )
})

describe('many requests at a time', () => {
  it('ask once for each token, and not again for two minutes', async () => {
    const tokens = Array.from({ length: 50 }, (_, index) => `token-${index}`)
    const webhook = reviewsFor(
      Object.fromEntries(tokens.slice(0, 40).map((token) => [token, `user-of-${token}`])),
    )
    const server = await httpsServer(local, webhook.listener)
    const authenticate = authenticateRequest(appOf(server))
    const askAll = (): Promise<readonly (string | number)[]> =>
      Promise.all(
        Array.from({ length: 2000 }, async (_, index) => {
          const outcome = await authenticate(withToken(tokens[index % 50] ?? ''))
          return 'failure' in outcome ? outcome.failure.status : outcome.authentication.user.username
        }),
      )
    const expected = Array.from({ length: 2000 }, (_, index) =>
      index % 50 < 40 ? `user-of-token-${index % 50}` : 401,
    )
    expect(await askAll()).toEqual(expected)
    expect(await askAll()).toEqual(expected)
    expect(webhook.bodies).toHaveLength(50)
  })
})

describe('createAuthenticator with tokenReview', () => {
  it('asks the webhook last, behind its own cache only', async () => {
    const webhook = reviewsFor({})
    const server = await httpsServer(local, webhook.listener)
    const tokenFile = join(folder, 'tokens.csv')
    writeFileSync(tokenFile, 'file-token,joe,1\n')
    appOf(server)
    const authenticator = createAuthenticator({
      tokenFile,
      tokenReview: join(folder, 'webhook.kubeconfig'),
      tokens: [{ name: 'mine', authenticateToken: () => undefined }],
    })
    open.push(authenticator)
    expect(await explain(authenticator, withToken('file-token'))).toMatchObject({ outcome: 'authenticated' })
    expect(webhook.bodies).toHaveLength(0)
    const { steps } = await explain(authenticator, withToken('other'))
    const [bearer] = steps[0]?.steps ?? []
    expect(bearer?.steps[0]?.steps.map((step) => step.authenticator)).toEqual([
      'tokenFile',
      'cached(mine)',
      'cached(webhook)',
    ])
    expect(webhook.bodies).toHaveLength(1)
  })

  it('asks for its audiences, and takes them for implied', async () => {
    const webhook = reviewsFor({ 'jane-token': 'jane' })
    const server = await httpsServer(local, webhook.listener)
    appOf(server)
    const authenticator = createAuthenticator({
      tokenReview: join(folder, 'webhook.kubeconfig'),
      audiences: ['api', 'other'],
    })
    open.push(authenticator)
    expect(await authenticateRequest(authenticator)(withToken('jane-token'))).toMatchObject({
      authentication: { user: { username: 'jane' }, audiences: ['api', 'other'] },
    })
    expect(webhook.bodies[0]?.spec.audiences).toEqual(['api', 'other'])
    const elsewhere = authenticateRequest(authenticator, { audiences: ['elsewhere'] })
    expect(await elsewhere(withToken('jane-token'))).toMatchObject({ failure: { status: 401 } })
  })

  it('names a kubeconfig that cannot be used among all other problems', () => {
    const make = (): unknown =>
      createAuthenticator({ tokenReview: join(folder, 'missing'), tokenFile: join(folder, 'missing.csv') })
    expect(make).toThrow(/tokenFile: .*; tokenReview: .*no such file/)
  })
})
