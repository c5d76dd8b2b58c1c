import { createHash } from 'node:crypto'
import { systemClock } from '@kube-authn/core/internal'
import type { Random } from './random.ts'
import type { Owner, Timeline } from './timeline.ts'

/**
 * Replaces the timers, clocks and randomness of this process by those of a timeline: what runs in a step has the clocks of the owner of that step. Returns a function that puts them
 * back.
 */
export function virtualRuntime(time: Timeline, random: Random): () => void {
  const { setTimeout, clearTimeout, setImmediate, clearImmediate } = globalThis
  const { now, after } = systemClock
  const { randomUUID, getRandomValues, subtle } = crypto

  /** Whose clocks they are: a step of no process must not run the code of one. */
  const owner = (): Owner => {
    if (time.current === undefined) throw new TypeError('a clock was read that is of no replica')
    return time.current
  }
  const timer = (delayMs: number, callback: (...given: unknown[]) => void, given: unknown[]): Timer =>
    new Timer(time.after(delayMs, () => callback(...given), owner()))
  const cancel = (planned: unknown): void => {
    if (planned instanceof Timer) planned.cancel()
  }
  const virtual = {
    setTimeout: (callback: () => void, delayMs = 0, ...given: unknown[]) =>
      timer(Math.max(1, delayMs), callback, given),
    clearTimeout: cancel,
    setImmediate: (callback: () => void, ...given: unknown[]) => timer(0, callback, given),
    clearImmediate: cancel,
  }
  Object.assign(globalThis, virtual)
  // It keeps the `Date.now` of its time.
  Object.assign(systemClock, { now: () => owner().wallMs() })
  Object.assign(performance, { now: () => owner().elapsedMs() })
  Object.assign(crypto, {
    randomUUID: () => uuid(random),
    getRandomValues: (bytes: Uint8Array) => bytes.map((_, index) => (bytes[index] = random.below(256))),
  })
  Object.assign(subtle, orderedCrypto(time))

  return () => {
    Object.assign(globalThis, { setTimeout, clearTimeout, setImmediate, clearImmediate })
    Object.assign(systemClock, { now, after })
    Reflect.deleteProperty(performance, 'now')
    for (const name of ['digest', ...ORDERED]) Reflect.deleteProperty(subtle, name)
    Object.assign(crypto, { randomUUID, getRandomValues })
  }
}

const ORDERED = ['importKey', 'deriveBits', 'encrypt', 'decrypt'] as const

/** What other threads compute ends in the order in which it began, within its step. Digests are computed at once. */
function orderedCrypto(time: Timeline) {
  const { subtle } = crypto
  let last: Promise<unknown> = Promise.resolve()
  const ordered = ORDERED.map((name) => {
    const compute = subtle[name] as (...given: unknown[]) => Promise<unknown>
    const inTurn = (...given: unknown[]): Promise<unknown> => {
      const turn = last.then(() => compute.apply(subtle, given))
      last = turn.catch(() => {})
      time.hold(last)
      return turn
    }
    return [name, inTurn] as const
  })
  return {
    ...Object.fromEntries(ordered),
    digest(_algorithm: 'SHA-256', bytes: Uint8Array) {
      const computed = createHash('sha256').update(bytes).digest()
      return Promise.resolve(new Uint8Array(computed).buffer)
    },
  }
}

class Timer {
  readonly cancel: () => void

  constructor(cancel: () => void) {
    this.cancel = cancel
  }

  /** Nothing keeps a simulation alive. */
  unref(): this {
    return this
  }

  ref(): this {
    return this
  }
}

function uuid(random: Random): string {
  const digits = (length: number): string =>
    Array.from({ length }, () => random.below(16).toString(16)).join('')
  return `${digits(8)}-${digits(4)}-4${digits(3)}-8${digits(3)}-${digits(12)}`
}
