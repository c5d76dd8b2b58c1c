import { once } from 'node:events'
import { createServer } from 'node:net'
import { memoryObjectStore, StoreError } from '@kube-authn/store'
import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openStore } from './open-store.ts'
import { namedStore, type NamedStore, requireStore } from './store-url.ts'

const away = new StoreError('storeUnavailable', 'the engine is away')

/** Opens a store whose first attempts fail, each after 500 ms. */
function opening({
  failures = Infinity,
  failure = away,
  startSeconds = 10,
}: {
  readonly failures?: number
  readonly failure?: StoreError
  readonly startSeconds?: number
}) {
  const clock = fixedClock()
  const stopping = new AbortController()
  const log: string[] = []
  const closing: unknown[] = []
  let attempts = 0
  const named: NamedStore = {
    shown: 'the engine',
    isShared: true,
    startSeconds,
    async open() {
      attempts++
      await new Promise<void>((resolve) => void clock.after(500, resolve))
      if (attempts <= failures) throw failure
      return memoryObjectStore()
    },
  }
  const ended = openStore(
    named,
    ({ message }) => void log.push(message),
    (close) => void closing.push(close),
    stopping.signal,
    clock,
  ).then(
    () => 'open',
    (thrown: unknown) => thrown,
  )
  return { clock, ended, log, closing, stopping, attempts: () => attempts }
}

describe('the store of a server that starts', () => {
  it('is opened as soon as it is available, and closed at the end', async () => {
    const { clock, ended, log, closing } = opening({ failures: 3 })
    await clock.advanceAsync(5000)
    expect(await ended).toBe('open')
    expect(log).toEqual(['store: the engine is away; it is waited for, for up to 10 s'])
    expect([closing.length, clock.pending]).toEqual([1, 0])
  })

  it.each([
    [10, 8],
    [0, 1],
  ])('is given up after %d s, here with %d attempts', async (startSeconds, attempts) => {
    const opened = opening({ startSeconds })
    await opened.clock.advanceAsync((startSeconds + 1) * 1000)
    expect([await opened.ended, opened.attempts(), opened.clock.pending]).toEqual([away, attempts, 0])
  })

  it('is not waited for if waiting does not help, nor by a server that is to stop', async () => {
    const failure = new StoreError('storeCorrupted', 'the engine has something else')
    const corrupted = opening({ failure })
    await corrupted.clock.advanceAsync(500)
    expect([await corrupted.ended, corrupted.attempts()]).toEqual([failure, 1])
    const stopped = opening({})
    await stopped.clock.advanceAsync(600)
    stopped.stopping.abort()
    await stopped.clock.advanceAsync(500)
    expect([await stopped.ended, stopped.attempts()]).toEqual([away, 2])
  })

  it('has the time limits of its URL', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void silent.close())
    await once(silent, 'listening')
    const address = silent.address()
    const port = typeof address === 'object' ? address?.port : undefined
    for (const [url, message] of [
      [`etcd+http://127.0.0.1:${port}?timeoutSeconds=0.1`, /within (?:100 ms|0\.1 second)/],
      [`postgres://jane@127.0.0.1:${port}/auth?timeoutSeconds=0.1&listen=false`, 'PostgreSQL'],
    ] as const) {
      await expect(requireStore(url).open()).rejects.toThrow(message)
    }
    expect(namedStore('etcd://a:1?startSeconds=7')).toMatchObject({ startSeconds: 7 })
    expect(namedStore('postgres:///a?startSeconds=0')).toMatchObject({ startSeconds: 0 })
    expect(namedStore('etcd://a:1')).toMatchObject({ startSeconds: 60 })
  })
})
