import { storeTime } from '@kube-authn/core/internal'
import { inspect } from 'node:util'
import { type FixedClock, fixedClock } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { type EtcdClient, etcdClient, type EtcdFetch } from './etcd-client.ts'
import { EtcdFailure } from './etcd-failure.ts'

type Answer = (call: {
  readonly url: string
  readonly token: string | undefined
  readonly signal: AbortSignal
}) => Response | Promise<Response>

const ok = (body: object = {}): Response => Response.json(body)
const refused = (status: number, code: number, message: string): Response =>
  Response.json({ error: message, code, message }, { status })
const failing = (code: string): Promise<Response> =>
  Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) }))
/** It does not even hear that it is given up. */
const silent = (): Promise<Response> => new Promise(() => {})
const stalled: Answer = ({ signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')))
  })

/** The time limit of all calls here. */
const LIMIT_MS = 400

/** A client of these members, what they were asked, and its time. */
function clientOf(
  members: Readonly<Record<string, Answer>>,
  options: { readonly password?: string } = {},
): { readonly client: EtcdClient; readonly calls: string[]; readonly clock: FixedClock } {
  const calls: string[] = []
  const clock = fixedClock()
  const fetch: EtcdFetch = async (url, { headers, signal }) => {
    signal.throwIfAborted()
    calls.push(url)
    const { origin } = new URL(url)
    return (await members[origin]?.({ url, token: headers['authorization'], signal })) ?? failing('ENOTFOUND')
  }
  const elapsedMs = () => clock.now()
  const client = etcdClient({
    endpoints: Object.keys(members),
    fetch,
    watchFetch: fetch,
    timeoutMs: LIMIT_MS,
    credentials:
      options.password === undefined ? undefined : { username: 'jane', password: options.password },
    time: storeTime(clock, elapsedMs, false),
    timers: clock,
    elapsedMs,
  })
  return { client, calls, clock }
}

const A = 'https://a:2379'
const B = 'https://b:2379'
const C = 'https://c:2379'
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
const outcomeOf = (failure: unknown): unknown => failure instanceof EtcdFailure && failure.outcome
/** When work ends, in milliseconds from now, and the failure with which it does. */
const endOf = async (
  clock: FixedClock,
  work: Promise<unknown>,
): Promise<{ readonly atMs: number; readonly failure: unknown }> => {
  const begun = clock.now()
  const end = failureOf(work).then((failure) => ({ atMs: clock.now() - begun, failure }))
  await clock.advanceAsync(LIMIT_MS)
  return end
}

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
    const { client, calls, clock } = clientOf({ [A]: answer, [B]: () => ok() })
    const { failure } = await endOf(clock, client.call('kv/txn', {}, 'ifUnreached'))
    expect(failure).toMatchObject({ outcome: 'unknown' })
    expect(calls).toHaveLength(1)
    const other = clientOf({ [A]: answer, [B]: () => ok() })
    const call = other.client.call('kv/range', {})
    const [answered] = await Promise.all([call, other.clock.advanceAsync(LIMIT_MS)])
    expect(answered).toEqual({})
    expect(other.calls).toHaveLength(2)
  })

  it.each<[number, string, string]>([
    [11, 'etcdserver: mvcc: required revision has been compacted', 'compacted'],
    [11, 'etcdserver: mvcc: required revision is a future revision', 'future'],
    [8, 'etcdserver: mvcc: database space exceeded', 'space'],
    [8, 'etcdserver: too many requests', 'other'],
    [7, 'etcdserver: permission denied', 'other'],
  ])('that etcd refuses with the code %d are not repeated: %s', async (code, message, reason) => {
    const { client, calls } = clientOf({ [A]: () => refused(400, code, message), [B]: () => ok() })
    expect(await failureOf(client.call('kv/range', {}))).toMatchObject({ outcome: 'refused', reason })
    expect(calls).toHaveLength(1)
  })

  it.each<[string, Answer, string, number]>([
    ['no member answers', silent, 'unknown', LIMIT_MS],
    // After pauses of 100 ms, another of which would be the end of the limit.
    ['none can be reached', () => failing('ECONNREFUSED'), 'unreached', LIMIT_MS - 100],
  ])('end within the time limit when %s', async (_, answer, outcome, endMs) => {
    const { client, clock } = clientOf({ [A]: answer, [B]: answer })
    const { atMs, failure } = await endOf(clock, client.call('kv/range', {}))
    expect(failure).toBeInstanceOf(EtcdFailure)
    expect(failure).toMatchObject({ outcome })
    expect(atMs).toBe(endMs)
    expect(clock.pending).toBe(0)
  })

  describe('of a member that is slow', () => {
    const SLOW_MS = LIMIT_MS / 10
    /** Answers after this time. */
    const late =
      (clock: FixedClock, ms: number, body: object = {}): Answer =>
      () =>
        new Promise((resolve) => {
          clock.after(ms, () => resolve(ok(body)))
        })
    const origins = (calls: readonly string[]): readonly string[] => calls.map((url) => new URL(url).origin)

    it('are made to the next one too, and what answers first counts', async () => {
      for (const [firstMs, answered] of [
        [SLOW_MS + 30, 'b'],
        [SLOW_MS + 10, 'a'],
      ] as const) {
        const members: Record<string, Answer> = { [A]: silent, [B]: silent, [C]: silent }
        const { client, calls, clock } = clientOf(members)
        members[A] = late(clock, firstMs, { by: 'a' })
        members[B] = late(clock, 20, { by: 'b' })
        const call = client.call('kv/range', {})
        await clock.advanceAsync(SLOW_MS - 1)
        expect(origins(calls)).toEqual([A])
        await clock.advanceAsync(21)
        expect([await call, origins(calls)]).toEqual([{ by: answered }, [A, B]])
        // The next call is for the one that was faster.
        void client.call('kv/range', {})
        expect(origins(calls).at(-1)).toBe(answered === 'b' ? B : A)
      }
    })

    it.each<[string, Answer, object]>([
      ['waited for if the next one cannot be reached', () => failing('ECONNREFUSED'), { by: 'a' }],
      [
        'given up if the next one refuses',
        () => refused(400, 7, 'no'),
        { outcome: 'refused', message: 'no' },
      ],
    ])('are %s', async (_, second, expected) => {
      const members: Record<string, Answer> = { [A]: silent, [B]: second }
      const { client, clock } = clientOf(members)
      members[A] = late(clock, 2 * SLOW_MS, { by: 'a' })
      const call = client.call('kv/range', {}).catch((thrown: unknown) => thrown)
      await clock.advanceAsync(2 * SLOW_MS)
      expect(await call).toMatchObject(expected)
    })

    it('have all of the time limit, and are given up together', async () => {
      const given: AbortSignal[] = []
      const watched: Answer = ({ signal }) => {
        given.push(signal)
        return silent()
      }
      const { client, clock } = clientOf({ [A]: watched, [B]: watched, [C]: watched })
      const { atMs, failure } = await endOf(clock, client.call('kv/range', {}))
      expect(failure).toMatchObject({ outcome: 'unknown', message: `no answer within ${LIMIT_MS} ms` })
      expect([atMs, given.map(({ aborted }) => aborted)]).toEqual([LIMIT_MS, [true, true]])
    })

    it('are not made twice if they must not be repeated', async () => {
      const { client, calls, clock } = clientOf({ [A]: silent, [B]: () => ok() })
      const { atMs, failure } = await endOf(clock, client.call('kv/txn', {}, 'ifUnreached'))
      expect(failure).toMatchObject({ outcome: 'unknown' })
      expect([atMs, origins(calls)]).toEqual([LIMIT_MS, [A]])
    })

    it('are made twice in one of ten cases when all members are slow for long', async () => {
      const members: Record<string, Answer> = { [A]: silent, [B]: silent }
      const { client, calls, clock } = clientOf(members)
      for (const member of [A, B]) members[member] = late(clock, 2 * SLOW_MS)
      for (let count = 0; count < 200; count++) {
        const call = client.call('kv/range', {})
        await clock.advanceAsync(2 * SLOW_MS)
        await call
      }
      // As many as may be made at a time are free.
      const second = calls.length - 200
      expect([second > 64, second <= 64 + 20]).toEqual([true, true])
    })
  })

  it('wait for their turn, and were not begun if it does not come', async () => {
    const { client, calls, clock } = clientOf({ [A]: silent })
    const begun = Array.from({ length: 100 }, () => failureOf(client.call('kv/txn', {}, 'ifUnreached')))
    await clock.advanceAsync(LIMIT_MS / 2)
    // Those that wait have given up; the others have not.
    expect((await Promise.all(begun.slice(64))).map(outcomeOf)).toEqual(
      Array.from({ length: 36 }, () => 'unreached'),
    )
    await clock.advanceAsync(LIMIT_MS / 2)
    expect((await Promise.all(begun.slice(0, 64))).map(outcomeOf)).toEqual(
      Array.from({ length: 64 }, () => 'unknown'),
    )
    expect(calls).toHaveLength(64)
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

  it('that need a token at the same time sign in once, and again if that has failed', async () => {
    let answers = 0
    const { client, calls } = clientOf(
      {
        [A]: ({ url, token }) => {
          if (!url.endsWith('/auth/authenticate')) {
            return token === 'token' ? ok() : refused(401, 16, 'etcdserver: invalid auth token')
          }
          answers++
          return answers === 1 ? refused(500, 3, 'etcdserver: too busy') : ok({ token: 'token' })
        },
      },
      { password: 'hunter2' },
    )
    const all = (): Promise<readonly PromiseSettledResult<unknown>[]> =>
      Promise.allSettled(Array.from({ length: 20 }, () => client.call('kv/range', {})))
    expect(new Set((await all()).map(({ status }) => status))).toEqual(new Set(['rejected']))
    expect(new Set((await all()).map(({ status }) => status))).toEqual(new Set(['fulfilled']))
    expect(calls.filter((url) => url.endsWith('/auth/authenticate'))).toHaveLength(2)
  })

  it('sign in again after a sign-in that was never answered', async () => {
    let isSilent = true
    const { client, clock } = clientOf(
      {
        [A]: ({ url }) => {
          if (!url.endsWith('/auth/authenticate')) return ok({ x: 1 })
          return isSilent ? silent() : ok({ token: 'token' })
        },
      },
      { password: 'hunter2' },
    )
    expect((await endOf(clock, client.call('kv/range', {}))).failure).toBeInstanceOf(EtcdFailure)
    isSilent = false
    expect(await client.call('kv/range', {})).toEqual({ x: 1 })
  })

  it('do not repeat an answer that is no JSON', async () => {
    const { client } = clientOf({ [A]: () => new Response('{"token":"hunter2') })
    const failure = await failureOf(client.call('kv/txn', {}, 'ifUnreached'))
    expect(inspect(failure)).toContain('is not JSON')
    expect(inspect(failure)).not.toContain('hunter2')
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
      const { client, clock } = clientOf({ [A]: answer })
      const next = client.watch({}, signal).next()
      const [{ done, value }] = await Promise.all([next, clock.advanceAsync(LIMIT_MS)])
      return done === true ? 'over' : value
    }
    const { signal } = new AbortController()
    expect(await first(() => new Response('{"result":{}}\n'), signal)).toEqual({ result: {} })
    for (const answer of [() => new Response(''), stalled, () => failing('ECONNREFUSED')]) {
      expect(await failureOf(first(answer, signal))).toBeInstanceOf(EtcdFailure)
    }
    expect(await failureOf(first(() => refused(400, 7, 'permission denied'), signal))).toMatchObject({
      outcome: 'refused',
    })
    expect(await first(silent, AbortSignal.abort())).toBe('over')
  })
})
