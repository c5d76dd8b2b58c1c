import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../../core/src/internal/clock.ts'
import { type EtcdClient, etcdClient, type EtcdFetch } from './etcd-client.ts'
import { EtcdFailure } from './etcd-failure.ts'
import { elapsedTimeOf } from '../local/elapsed.ts'
import { etcdTime } from './etcd-time.ts'

type Answer = (call: {
  readonly url: string
  readonly token: string | undefined
}) => Response | Promise<Response>

const ok = (body: object = {}): Response => Response.json(body)
const refused = (status: number, code: number, message: string): Response =>
  Response.json({ error: message, code, message }, { status })
const failing = (code: string): Promise<Response> =>
  Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) }))
const silent = (): Promise<Response> => new Promise(() => {})

/** A client of these members, and what they were asked. */
function clientOf(
  members: Readonly<Record<string, Answer>>,
  options: { readonly password?: string; readonly timeoutMs?: number } = {},
): { readonly client: EtcdClient; readonly calls: string[] } {
  const calls: string[] = []
  const fetch: EtcdFetch = async (url, { headers, signal }) => {
    signal.throwIfAborted()
    calls.push(url)
    const { origin } = new URL(url)
    return (await members[origin]?.({ url, token: headers['authorization'] })) ?? failing('ENOTFOUND')
  }
  const elapsedMs = elapsedTimeOf(undefined)
  const client = etcdClient({
    endpoints: Object.keys(members),
    fetch,
    watchFetch: fetch,
    timeoutMs: options.timeoutMs ?? 400,
    credentials:
      options.password === undefined ? undefined : { username: 'jane', password: options.password },
    time: etcdTime(systemClock, elapsedMs, false),
    elapsedMs,
  })
  return { client, calls }
}

const A = 'https://a:2379'
const B = 'https://b:2379'
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )

describe('calls of etcd', () => {
  it.each(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID'])(
    'go to another member after %s, also if they must not be repeated, and stay there',
    async (code) => {
      const { client, calls } = clientOf({ [A]: () => failing(code), [B]: () => ok({ x: 1 }) })
      expect(await client.call('kv/txn', {}, 'ifUnreached')).toEqual({ x: 1 })
      await client.call('kv/txn', {}, 'ifUnreached')
      expect(calls.map((url) => new URL(url).origin)).toEqual([A, B, B])
    },
  )

  it.each<[string, Answer]>([
    ['the connection ends', () => failing('ECONNRESET')],
    ['the answer does not come', silent],
    ['the answer is no JSON', () => new Response('<html>')],
    ['the answer is one of a proxy', () => new Response('{}', { status: 502 })],
    ['the leader changes', () => refused(503, 14, 'etcdserver: leader changed')],
    ['etcd is too slow', () => refused(503, 14, 'etcdserver: request timed out')],
  ])('that may have been done are repeated only if that does no harm: %s', async (_, answer) => {
    const { client, calls } = clientOf({ [A]: answer, [B]: () => ok() })
    expect(await failureOf(client.call('kv/txn', {}, 'ifUnreached'))).toMatchObject({ outcome: 'unknown' })
    expect(calls).toHaveLength(1)
    const other = clientOf({ [A]: answer, [B]: () => ok() })
    expect(await other.client.call('kv/range', {})).toEqual({})
    expect(other.calls).toHaveLength(2)
  })

  it.each<[number, string, string]>([
    [11, 'etcdserver: mvcc: required revision has been compacted', 'compacted'],
    [11, 'etcdserver: mvcc: required revision is a future revision', 'future'],
    [8, 'etcdserver: mvcc: database space exceeded', 'other'],
    [7, 'etcdserver: permission denied', 'other'],
  ])('that etcd refuses with the code %d are not repeated: %s', async (code, message, reason) => {
    const { client, calls } = clientOf({ [A]: () => refused(400, code, message), [B]: () => ok() })
    expect(await failureOf(client.call('kv/range', {}))).toMatchObject({ outcome: 'refused', reason })
    expect(calls).toHaveLength(1)
  })

  it('end within the time limit when no member answers, and when none can be reached', async () => {
    for (const answer of [silent, () => failing('ECONNREFUSED')]) {
      const { client } = clientOf({ [A]: answer, [B]: answer })
      const failure = await failureOf(client.call('kv/range', {}))
      expect(failure).toBeInstanceOf(EtcdFailure)
      expect(failure).toMatchObject({ outcome: answer === silent ? 'unknown' : 'unreached' })
    }
  })

  it('wait for their turn, and were not begun if it does not come', async () => {
    const { client, calls } = clientOf({ [A]: silent }, { timeoutMs: 200 })
    const failures = await Promise.all(
      Array.from({ length: 100 }, () => failureOf(client.call('kv/txn', {}, 'ifUnreached'))),
    )
    expect(calls).toHaveLength(64)
    expect(
      failures.filter((each) => each instanceof EtcdFailure && each.outcome === 'unreached'),
    ).toHaveLength(36)
  })

  it('have the token of a user, which is renewed once when etcd does not know it', async () => {
    let valid = 'token-1'
    const { client, calls } = clientOf(
      {
        [A]: ({ url, token }) => {
          if (url.endsWith('/auth/authenticate')) return ok({ token: valid })
          return token === valid ? ok() : refused(401, 16, 'etcdserver: invalid auth token')
        },
      },
      { password: 'hunter2' },
    )
    await client.call('kv/range', {})
    valid = 'token-2'
    await client.call('kv/txn', {}, 'ifUnreached')
    const paths = calls.map((url) => url.slice(`${A}/v3/`.length))
    expect(paths).toEqual(['auth/authenticate', 'kv/range', 'kv/txn', 'auth/authenticate', 'kv/txn'])
  })

  it('say nothing of a password that is wrong, nor try it again', async () => {
    const { client, calls } = clientOf(
      { [A]: () => refused(400, 3, 'etcdserver: authentication failed, invalid user ID or password') },
      { password: 'hunter2' },
    )
    const failure = await failureOf(client.call('kv/range', {}))
    expect(failure).toMatchObject({ outcome: 'refused' })
    expect(String(failure)).not.toContain('hunter2')
    expect(calls).toHaveLength(1)
  })

  it('of a watch end with its signal, and fail if the watch does not begin or ends', async () => {
    const first = async (answer: Answer, signal: AbortSignal): Promise<unknown> => {
      const { client } = clientOf({ [A]: answer }, { timeoutMs: 100 })
      const { done, value } = await client.watch({}, signal).next()
      return done === true ? 'over' : value
    }
    const { signal } = new AbortController()
    expect(await first(() => new Response('{"result":{}}\n'), signal)).toEqual({ result: {} })
    expect(await failureOf(first(() => new Response(''), signal))).toBeInstanceOf(EtcdFailure)
    expect(await failureOf(first(() => refused(400, 7, 'permission denied'), signal))).toMatchObject({
      outcome: 'refused',
    })
    expect(await first(silent, AbortSignal.abort())).toBe('over')
  })
})
