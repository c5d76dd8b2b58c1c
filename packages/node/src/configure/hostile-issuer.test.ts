import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Authentication } from '@kube-authn/core'
import {
  type CertificateAuthority,
  createIssuer,
  createPki,
  fakeRequest,
  type FixedClock,
  fixedClock,
  type IssuedCredential,
} from '@kube-authn/testing'
import { listen } from '@kube-authn/testing/node'
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { httpsServer, type RunningServer } from '../../test/servers.ts'
import { createAuthenticator } from '../index.ts'

let pki: CertificateAuthority
let credential: IssuedCredential
let folder: string

beforeAll(async () => {
  pki = await createPki()
  credential = await pki.issueServer({ hosts: ['127.0.0.1'] })
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostile-issuer-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** @param reset closes the connection midway. */
type Answer = (response: ServerResponse, elsewhere: RunningServer, reset: () => void) => unknown

/** An app with users of two issuers and of a token file, where one of the issuers misbehaves. */
interface World {
  readonly clock: FixedClock
  readonly server: RunningServer
  /** A server that it may redirect to, which would respond like the issuer. */
  readonly elsewhere: RunningServer
  /** It behaves correctly from now on. */
  behave(): void
  /** Sends a request of a user of that issuer, with distributed groups. */
  ask(): Promise<Authentication | undefined>
  /** The reason of a failure. */
  reason(work: Promise<unknown>): Promise<string>
  /** Sends a request of another user. */
  askOthers(): Promise<readonly (string | undefined)[]>
}

/** @param misbehaviour what it does to requests for a path. */
async function start(path: string, misbehaviour: Answer): Promise<World> {
  const clock = fixedClock()
  const [hostile, friendly] = [
    await createIssuer({ signingAlgorithms: ['ES256'], clock }),
    await createIssuer({ signingAlgorithms: ['ES256'], clock }),
  ]
  const listening = await listen(friendly, { pki })
  let isHostile = true

  const behave = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answer = await hostile.handle(new Request(`${hostile.url}${request.url ?? ''}`))
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text())
  }
  const elsewhere = await httpsServer(credential, (request, response) => void behave(request, response))
  const connections = new Set<Socket>()
  const reset = (): void => {
    for (const connection of connections) connection.resetAndDestroy()
  }
  const server = await httpsServer(credential, (request, response) => {
    if (isHostile && request.url?.startsWith(path) === true) misbehaviour(response, elsewhere, reset)
    else void behave(request, response)
  })
  server.server.on('connection', (connection: Socket) => connections.add(connection))
  hostile.moveTo(server.url)

  const authenticationConfig = join(folder, 'authentication.yaml')
  writeFileSync(authenticationConfig, configurationOf([hostile.url, friendly.url], pki.caPem))
  writeFileSync(join(folder, 'tokens.csv'), 'secret,joe,1\n')
  const authenticator = createAuthenticator({
    authenticationConfig,
    tokenFile: join(folder, 'tokens.csv'),
    tokenCache: false,
    clock,
  })
  onTestFinished(async () => {
    authenticator.close()
    await listening.close()
  })
  const ask = async (token: string): Promise<Authentication | undefined> =>
    authenticator.authenticate(fakeRequest({ headers: [['Authorization', `Bearer ${token}`]] }), {})
  const groups = hostile.distributedClaims(['groups'], { aud: 'app', groups: ['dev'] })
  const janes = await hostile.sign({ aud: 'app', sub: 'jane', ...groups })

  return {
    clock,
    server,
    elsewhere,
    behave: () => void (isHostile = false),
    ask: () => ask(janes),
    async reason(work) {
      const error = await work.then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      expect(error).toMatchObject({ code: 'unavailable' })
      return [String(error), ...authenticator.health()].join()
    },
    async askOthers() {
      const answers = await Promise.all([await friendly.sign({ aud: 'app', sub: 'ann' }), 'secret'].map(ask))
      return answers.map((answer) => answer?.user.username)
    },
  }
}

const configurationOf = (urls: readonly string[], caPem: string): string => `
apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
jwt:${urls
  .map(
    (url) => `
- issuer:
    url: ${url}
    audiences: [app]
    certificateAuthority: |
${caPem.replaceAll(/^/gm, '      ')}
  claimMappings:
    username: {claim: sub, prefix: ""}
    groups: {claim: groups, prefix: ""}`,
  )
  .join('')}
`

const packed = gzipSync(Buffer.alloc(100_000_000))
const megabyte = Buffer.alloc(1_048_576, ' ')
let sentMegabytes = 0

/** As fast as they are read. */
function sendHundredMegabytes(response: ServerResponse): void {
  sentMegabytes = 0
  const send = (): void => {
    while (sentMegabytes < 100 && !response.destroyed) {
      sentMegabytes++
      if (!response.write(megabyte)) {
        response.once('drain', send)
        return
      }
    }
    response.end()
  }
  send()
}

/** Misbehaviours that fail at once, and their errors. */
const hostilities: readonly (readonly [string, Answer, RegExp])[] = [
  [
    'sends us to another server',
    (response, { url }) => response.writeHead(302, { location: `${url}/jwks` }).end(),
    /HTTP status 302/,
  ],
  [
    'sends us to another server for good, with a hundred megabytes',
    (response, { url }) => sendHundredMegabytes(response.writeHead(308, { location: `${url}/jwks` })),
    /HTTP status 308/,
  ],
  ['answers a hundred megabytes', sendHundredMegabytes, /longer than \d+ bytes/],
  [
    'announces a hundred megabytes',
    (response) => response.writeHead(200, { 'content-length': 100 * megabyte.length }).write(' '),
    /longer than \d+ bytes/,
  ],
  [
    'answers a hundred megabytes that are packed small',
    (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed),
    /longer than \d+ bytes/,
  ],
  [
    'resets the connection',
    (_response, _elsewhere, reset) => reset(),
    /fetch failed|connection reset by peer|the connection was closed/,
  ],
  [
    'resets the connection in the middle of an answer',
    (response, _elsewhere, reset) => response.write('{"keys":[', reset),
    /terminated|connection reset by peer|the connection was closed/,
  ],
]

/** A set of this many keys. */
const keySetOf = (count: number): string =>
  JSON.stringify({
    keys: Array.from({ length: count }, (_, index) => ({
      kty: 'EC',
      crv: 'P-256',
      x: 'AA',
      y: 'AA',
      kid: `${index}`,
    })),
  })

/** Misbehaviours that hang. */
const hangs: readonly (readonly [string, Answer])[] = [
  ['says nothing', () => undefined],
  ['says nothing but a status', (response) => response.writeHead(200).flushHeaders()],
  ['begins and does not go on', (response) => response.write('{"keys":[')],
]

it('an issuer that publishes ten thousand keys is an outage, until it behaves', async () => {
  const { ask, askOthers, behave, clock, reason } = await start('/jwks', (response) =>
    response.end(keySetOf(10_000)),
  )
  expect(await reason(ask())).toContain('the JWK set has more than 2048 keys')
  expect(await askOthers()).toEqual(['ann', 'joe'])
  behave()
  clock.advance(10_000)
  expect((await ask())?.user.username).toBe('jane')
})

describe.each([
  ['its keys', '/jwks'],
  ['its description', '/.well-known/openid-configuration'],
  ['the groups of a token', '/claims'],
])('an issuer that is asked for %s', (_, path) => {
  it.each(hostilities)('and %s is an outage, until it behaves', async (_what, misbehaviour, expected) => {
    const { ask, askOthers, behave, clock, elsewhere, reason } = await start(path, misbehaviour)
    expect(await reason(ask())).toMatch(expected)
    expect(elsewhere.requests).toHaveLength(0)
    expect(sentMegabytes).toBeLessThan(30)
    expect(await askOthers()).toEqual(['ann', 'joe'])
    behave()
    clock.advance(10_000)
    expect((await ask())?.user).toMatchObject({ username: 'jane', groups: ['dev', 'system:authenticated'] })
  })

  it.each(hangs)('and %s times out, and no other request waits for it', async (_what, misbehaviour) => {
    const { ask, askOthers, behave, clock, server, reason } = await start(path, misbehaviour)
    const waiting = Array.from({ length: 20 }, () => reason(ask()))
    const asked = (): number => server.requests.filter(({ url }) => url?.startsWith(path)).length
    await vi.waitFor(() => expect(asked()).toBe(path === '/claims' ? 20 : 1))
    expect(await askOthers()).toEqual(['ann', 'joe'])
    clock.advance(10_000)
    for (const text of await Promise.all(waiting)) expect(text).toContain('no answer within 10 seconds')
    expect(asked()).toBe(path === '/claims' ? 20 : 1)
    behave()
    clock.advance(10_000)
    expect((await ask())?.user.username).toBe('jane')
  })
})
