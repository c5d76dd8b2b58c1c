import { memberOf, storeTime, systemClock } from '@kube-authn/core/internal'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { watch } from '../local/watcher.ts'
import { StoreError } from '../store-error.ts'
import { sealed } from './envelope.ts'
import type { EtcdClient } from './etcd-client.ts'
import { base64Of, etcdKeys } from './etcd-keys.ts'
import { etcdReplica, type EtcdReplica } from './etcd-replica.ts'
import { objectEnds } from './ended-objects.ts'

const BASE = 100
const KEYS = etcdKeys('/kube-authn/')

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** An etcd in which so many objects were created, one in each revision. */
function etcdWith(count: number): {
  readonly client: EtcdClient
  /** The revision of the store after which each watch so far began. */
  readonly begun: number[]
  create(): void
  /** No watch that is open now delivers anything any more. */
  stall(): void
  /** The next watch delivers nothing. */
  stallNext(): void
} {
  const events: object[] = []
  const begun: number[] = []
  let stalls = 0
  let isNextStalled = false
  let changed = (): void => {}
  let change = new Promise<void>((resolve) => (changed = resolve))

  const create = (): void => {
    const revision = String(BASE + events.length + 1)
    const [key, value] = [KEYS.object(`/a/${events.length + 1}`), base64Of(sealed('{}', undefined))]
    events.push({ kv: { key, value, mod_revision: revision, create_revision: revision } })
    changed()
    change = new Promise((resolve) => (changed = resolve))
  }
  for (let index = 0; index < count; index++) create()

  return {
    client: {
      call() {
        const revision = String(BASE + events.length)
        return Promise.resolve({
          kvs: [{ key: KEYS.state, mod_revision: revision, create_revision: String(BASE) }],
        })
      },
      async *watch(request, signal) {
        const since = Number(memberOf(request, 'start_revision')) - BASE
        begun.push(since)
        const begunAt = isNextStalled ? -1 : stalls
        isNextStalled = false
        const aborted = new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true })
        })
        yield { result: { created: true } }
        // Etcd begins with the event of the revision itself.
        for (let next = Math.max(since - 1, 0); !signal.aborted;) {
          const found = begunAt === stalls ? events.slice(next) : []
          next += found.length
          if (found.length > 0) yield { result: { events: found } }
          else await Promise.race([change, aborted])
        }
      },
    },
    begun,
    create,
    stall: () => void stalls++,
    stallNext: () => void (isNextStalled = true),
  }
}

/** A replica that was begun at a revision. */
function replicaOf({ client }: { readonly client: EtcdClient }, revision: number): EtcdReplica {
  const elapsedMs = (): number => 0
  const clock = systemClock
  const replica = etcdReplica({
    client,
    found: { names: { keys: KEYS, base: BASE }, revision, compactedRevision: 0, ends: [] },
    clock,
    limit: { changes: 1000, length: 1_000_000 },
    timeoutMs: 2000,
    ends: objectEnds({ clock, elapsedMs, time: storeTime(clock, elapsedMs, false) }, () => {}),
    onLost: (error) => expect.unreachable(error.message),
  })
  onTestFinished(() => replica.stop(new StoreError('closed', 'the store is closed')))
  return replica
}

/** The revisions of the events that a watch has told of so far. */
function toldOf({ watched }: EtcdReplica, since: number): readonly number[] {
  const events = watch(() => watched, '/a/', { since, maxWaiting: 1000 }, 0)[Symbol.asyncIterator]()
  const told: number[] = []
  void (async () => {
    for (let next = await events.next(); next.done !== true; next = await events.next()) {
      told.push(next.value.revision)
    }
  })().catch(() => undefined)
  return told
}

const soon = (check: () => void): Promise<void> => vi.waitFor(check, 10_000)

describe('a replica of a store in etcd', () => {
  it('tells a watch of everything after a revision that it has not reached itself', async () => {
    const etcd = etcdWith(0)
    const replica = replicaOf(etcd, 0)
    await soon(() => expect(etcd.begun).toEqual([0]))
    etcd.stall()
    for (let count = 0; count < 5; count++) etcd.create()
    // As after a list, which etcd answers.
    replica.learn(5)
    const told = toldOf(replica, 5)
    const fromBefore = toldOf(replica, 3)
    etcd.create()
    expect(told).toEqual([])
    await vi.advanceTimersByTimeAsync(5000)
    etcd.create()
    await soon(() =>
      expect([told, fromBefore]).toEqual([
        [6, 7],
        [4, 5, 6, 7],
      ]),
    )
  })

  it.each([
    ['a watch that is open and delivers nothing', 3000],
    ['a process that was stopped, and wakes late', 600_000],
  ])('goes on after %s, with each change once', async (_, pauseMs) => {
    const etcd = etcdWith(0)
    const replica = replicaOf(etcd, 0)
    const told = toldOf(replica, 0)
    await soon(() => expect(etcd.begun).toEqual([0]))
    etcd.create()
    etcd.create()
    await soon(() => expect(told).toEqual([1, 2]))
    etcd.stall()
    etcd.create()
    etcd.create()
    await vi.advanceTimersByTimeAsync(pauseMs)
    etcd.create()
    await soon(() => expect(told).toEqual([1, 2, 3, 4, 5]))
    expect(etcd.begun).toEqual([0, 2])
  })

  it('reads what was before it for watches from different revisions at once, while changes come', async () => {
    const etcd = etcdWith(6)
    const replica = replicaOf(etcd, 6)
    const late = toldOf(replica, 4)
    const early = toldOf(replica, 0)
    const last = toldOf(replica, 6)
    etcd.create()
    await soon(() => expect(early).toEqual([1, 2, 3, 4, 5, 6, 7]))
    etcd.create()
    await soon(() =>
      expect([early, late, last]).toEqual([
        [1, 2, 3, 4, 5, 6, 7, 8],
        [5, 6, 7, 8],
        [7, 8],
      ]),
    )
  })

  it('does not wait for what was before it longer than the time limit, and reads it for the next watch', async () => {
    const etcd = etcdWith(3)
    const replica = replicaOf(etcd, 3)
    await soon(() => expect(etcd.begun).toEqual([3]))
    etcd.stallNext()
    const events = watch(() => replica.watched, '/a/', { since: 0, maxWaiting: 9 }, 0)
    const failure = events[Symbol.asyncIterator]()
      .next()
      .catch((thrown: unknown) => thrown)
    await vi.advanceTimersByTimeAsync(2000)
    expect(await failure).toMatchObject({ code: 'storeUnavailable' })
    const told = toldOf(replica, 0)
    await soon(() => expect(told).toEqual([1, 2, 3]))
    expect(etcd.begun).toEqual([3, 0, 0])
  })
})
