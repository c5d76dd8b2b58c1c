import { memberOf, storeTime, systemClock } from '@kube-authn/core/internal'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { unhandledRejections } from '../../test/unhandled-rejections.ts'
import { deferred } from '../local/deferred.ts'
import type { ObjectStore } from '../object-store.ts'
import type { EtcdClient } from './etcd-client.ts'
import { etcdKeys } from './etcd-keys.ts'
import { etcdStore } from './etcd-store.ts'

const KEYS = etcdKeys('/kube-authn/')

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

/** An etcd without objects, whose store can be replaced by another one, which is then found only when `finding` is resolved. */
function replaceableEtcd(): {
  readonly client: EtcdClient
  readonly finding: ReturnType<typeof deferred<void>>
  replace(): void
  /** How many watches are open. */
  openWatches(): number
  /** How often the store was looked for. */
  lookedFor(): number
} {
  const finding = deferred<void>()
  let base = 100
  let open = 0
  let looked = 0
  const state = () => ({ key: KEYS.state, mod_revision: String(base), create_revision: String(base) })
  return {
    client: {
      async call(path, body) {
        if (path === 'kv/range') return { kvs: memberOf(body, 'key') === KEYS.state ? [state()] : [] }
        if (++looked > 1) await finding.promise
        return { header: { revision: String(base) }, responses: [{ response_range: { kvs: [state()] } }] }
      },
      async *watch(_, signal) {
        open++
        try {
          yield { result: { created: true, events: [{ kv: state() }] } }
          await new Promise<void>((resolve) => {
            if (signal.aborted) resolve()
            signal.addEventListener('abort', () => resolve(), { once: true })
          })
        } finally {
          open--
        }
      },
    },
    finding,
    replace: () => void (base = 200),
    openWatches: () => open,
    lookedFor: () => looked,
  }
}

describe('a store in etcd', () => {
  const open = (client: EtcdClient): Promise<ObjectStore> => {
    const elapsedMs = (): number => 0
    return etcdStore({
      client,
      keys: KEYS,
      clock: systemClock,
      elapsedMs,
      time: storeTime(systemClock, elapsedMs, false),
      limit: { changes: 1000, length: 1_000_000 },
      timeoutMs: 1000,
      close: () => {},
    })
  }

  it('that is lost tells those who watch it, and leaves no rejection unhandled', async () => {
    const unhandled = unhandledRejections()
    const etcd = replaceableEtcd()
    const store = await open(etcd.client)
    const told: unknown[] = []
    const follow = async (): Promise<void> => {
      for await (const event of store.watch('/', { progressMs: 100 })) expect(event.type).toBe('progress')
    }
    const watching = [follow(), follow()].map((each) => each.catch((error: unknown) => told.push(error)))
    // One that is not read.
    void store.watch('/', { since: 0 })
    etcd.replace()
    await vi.advanceTimersByTimeAsync(3000)
    await Promise.all(watching)
    expect(told).toMatchObject([{ code: 'revisionUnknown' }, { code: 'revisionUnknown' }])
    await expect(store.revision()).rejects.toMatchObject({ code: 'storeUnavailable' })
    etcd.finding.resolve()
    await vi.advanceTimersByTimeAsync(5000)
    expect(await store.get('/a')).toBeUndefined()
    await store.close()
    await unhandled.settled()
    expect(unhandled.all).toEqual([])
  })

  it('that is closed while it is opened again watches nothing after that', async () => {
    const etcd = replaceableEtcd()
    const store = await open(etcd.client)
    etcd.replace()
    await vi.advanceTimersByTimeAsync(3000)
    expect(etcd.lookedFor()).toBe(2)
    await store.close()
    etcd.finding.resolve()
    await vi.advanceTimersByTimeAsync(5000)
    expect([etcd.lookedFor(), etcd.openWatches(), vi.getTimerCount()]).toEqual([2, 0, 0])
    await expect(store.revision()).rejects.toMatchObject({ code: 'closed' })
  })
})
