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
  const { randomUUID, subtle } = crypto
  const digest = Object.getOwnPropertyDescriptor(subtle, 'digest')

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
  Object.assign(crypto, { randomUUID: () => uuid(random) })
  // That of the runtime answers from another thread.
  Object.defineProperty(subtle, 'digest', {
    configurable: true,
    value: (_algorithm: 'SHA-256', bytes: Uint8Array) => {
      const computed = createHash('sha256').update(bytes).digest()
      return Promise.resolve(new Uint8Array(computed).buffer)
    },
  })

  return () => {
    Object.assign(globalThis, { setTimeout, clearTimeout, setImmediate, clearImmediate })
    Object.assign(systemClock, { now, after })
    Reflect.deleteProperty(performance, 'now')
    if (digest === undefined) Reflect.deleteProperty(subtle, 'digest')
    Object.assign(crypto, { randomUUID })
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
