import { describe, expect, it } from 'vitest'
import { ORIGIN } from '../test/login-app.ts'
import {
  type OpenConnection,
  opened,
  type Replica,
  replicas,
  type Replicas,
  sessionOf,
  until,
} from '../test/replicas.ts'

const get = (path: string, cookie: string, headers = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nCookie: ${cookie}\r\n${headers}\r\n`
const EXEC = '/cluster/api/v1/namespaces/shop/pods/web/exec?command=sh&stdin=true'
const SAME_ORIGIN = `Origin: ${ORIGIN}\r\nSec-Fetch-Site: same-origin\r\n`
const WATCH = '/cluster/api/v1/pods?watch=true'

interface Kind {
  readonly name: string
  readonly request: (cookie: string) => string
  /** Whether the response ends as if it were complete, since any part of it is. */
  readonly isProper: boolean
  /** Whether it has a connection to the cluster. */
  readonly isForwarded: boolean
}

const KINDS: readonly Kind[] = [
  {
    name: 'a watch through the proxy',
    request: (cookie) => get(WATCH, cookie),
    isProper: true,
    isForwarded: true,
  },
  {
    name: 'a watch as another user',
    request: (cookie) => get(WATCH, cookie, 'Impersonate-User: ada\r\n'),
    isProper: true,
    isForwarded: true,
  },
  {
    name: 'the log of a pod through the proxy',
    request: (cookie) => get('/cluster/api/v1/namespaces/shop/pods/web/log?follow=true', cookie),
    isProper: false,
    isForwarded: true,
  },
  {
    name: 'exec by WebSocket',
    request: (cookie) => get(EXEC, cookie, `${SAME_ORIGIN}Connection: Upgrade\r\nUpgrade: websocket\r\n`),
    isProper: false,
    isForwarded: true,
  },
  {
    name: 'exec by SPDY',
    request: (cookie) =>
      `POST ${EXEC} HTTP/1.1\r\nHost: a\r\nCookie: ${cookie}\r\n${SAME_ORIGIN}Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 0\r\n\r\n`,
    isProper: false,
    isForwarded: true,
  },
  {
    name: 'exec as another user',
    request: (cookie) =>
      get(
        EXEC,
        cookie,
        `${SAME_ORIGIN}Impersonate-User: ada\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`,
      ),
    isProper: false,
    isForwarded: true,
  },
  {
    name: 'a stream of the app itself',
    request: (cookie) => get('/events', cookie),
    isProper: true,
    isForwarded: false,
  },
]

/** What is open, before the session of jane ends, with one of joe beside it. */
async function setUp({ request }: Kind) {
  const given = await replicas()
  const [jane, joe] = [await sessionOf(given, given.one, 'jane'), await sessionOf(given, given.one, 'joe')]
  const connection = await opened(given.one.port, request(jane.cookie))
  const other = await opened(given.one.port, request(joe.cookie))
  return { ...given, jane, joe, connection, other }
}

async function expectEnd({ isProper }: Kind, connection: OpenConnection): Promise<void> {
  const text = await connection.ended()
  expect(text.endsWith('\r\n0\r\n\r\n')).toBe(isProper)
}

async function logOut({ port }: Replica, cookie: string): Promise<number> {
  const { status } = await fetch(`http://127.0.0.1:${port}/logout`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, origin: ORIGIN },
  })
  return status
}

/** Whether both directions work, or the stream is not over. */
async function expectOpen({ name }: Kind, connection: OpenConnection): Promise<void> {
  if (name.startsWith('exec')) {
    connection.send('hello there\n')
    await until(() => connection.text.includes('hello there'))
  }
  expect([connection.isClosed, connection.text.endsWith('\r\n0\r\n\r\n')]).toEqual([false, false])
}

const HERE: readonly (readonly [string, (given: Awaited<ReturnType<typeof setUp>>) => Promise<unknown>])[] = [
  ['a logout', ({ one, jane }) => logOut(one, jane.cookie)],
  ['an admin', ({ one, jane }) => one.sessions.endWhere({ digest: jane.digest })],
  ['a back-channel logout', ({ one, provider }) => backChannelLogout(one, provider)],
  [
    'a revocation of the session',
    async ({ revoked, jane }) => revoked.set('jane', { credentialId: `SESSION=${jane.digest}` }),
  ],
]

async function backChannelLogout({ port }: Replica, { issuer }: Replicas['provider']): Promise<void> {
  const token = await issuer.sign(
    {
      aud: 'my-app',
      sub: 'jane',
      sid: 'sid-jane',
      jti: 'one',
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    },
    { expirationSeconds: 120, header: { typ: 'logout+jwt' } },
  )
  const body = new URLSearchParams({ logout_token: token })
  const { status } = await fetch(`http://127.0.0.1:${port}/logout/backchannel`, { method: 'POST', body })
  expect(status).toBe(200)
}

describe.each(KINDS)('$name', (kind) => {
  it.each(HERE)('ends at once with the session by %s, on the same replica', async (_, end) => {
    const given = await setUp(kind)
    await end(given)
    await expectEnd(kind, given.connection)
    await expectOpen(kind, given.other)
    const left = kind.isForwarded ? 1 : 0
    await until(() => given.inUse.size <= left)
    expect(given.inUse.size).toBe(left)
  })

  it('ends within five seconds if another replica ended the session', async () => {
    const given = await setUp(kind)
    await given.clock.advanceAsync(4000)
    expect(await logOut(given.two, given.jane.cookie)).toBe(303)
    await expectOpen(kind, given.connection)
    await given.clock.advanceAsync(1000)
    await expectEnd(kind, given.connection)
    await expectOpen(kind, given.other)
  })

  it('waits for nothing once its client has left', async () => {
    const given = await replicas()
    const { cookie } = await sessionOf(given, given.one, 'jane')
    const before = given.clock.pending
    const connection = await opened(given.one.port, kind.request(cookie))
    expect(given.clock.pending).toBeGreaterThan(before)
    connection.leave()
    await until(() => given.clock.pending <= before)
    expect(given.clock.pending).toBe(before)
  })
})
