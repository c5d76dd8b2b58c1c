import type { Clock } from '@kube-authn/core'
import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it, vi } from 'vitest'
import { inSlices } from './in-slices.ts'

/** A clock that advances whenever it is read, so that slices end, and fires due timers in a separate turn. */
function tickingClock(msEach: number): Clock & { turn(): void } {
  let now = 0
  const waiting = new Set<() => void>()
  return {
    now: () => (now += msEach),
    after(_, callback) {
      waiting.add(callback)
      return () => waiting.delete(callback)
    },
    turn() {
      const [next] = waiting
      if (next === undefined) return
      waiting.delete(next)
      next()
    },
  }
}

function* work(
  count: number,
  done: number[],
  onEnd: () => void = () => {},
): Generator<undefined, string, undefined> {
  try {
    for (let step = 0; step < count; step++) {
      done.push(step)
      yield
    }
    return 'done'
  } finally {
    onEnd()
  }
}

describe('inSlices', () => {
  it('does work at once that takes no longer than a slice', () => {
    const onEnd = vi.fn<(outcome: unknown) => void>()
    inSlices(work(1000, []), fixedClock(), onEnd)
    expect(onEnd).toHaveBeenCalledExactlyOnceWith({ value: 'done' })
  })

  it('does more in slices of ten milliseconds, and lets others have their turn', () => {
    const clock = tickingClock(1)
    const done: number[] = []
    const onEnd = vi.fn<(outcome: unknown) => void>()
    inSlices(work(25, done), clock, onEnd)
    for (const expected of [10, 20]) {
      expect(done).toHaveLength(expected)
      expect(onEnd).not.toHaveBeenCalled()
      clock.turn()
    }
    expect(done).toHaveLength(25)
    expect(onEnd).toHaveBeenCalledExactlyOnceWith({ value: 'done' })
  })

  it('tells what was thrown', () => {
    const error = new Error('wrong')
    const onEnd = vi.fn<(outcome: unknown) => void>()
    function* failing(): Generator<undefined, never, undefined> {
      yield
      throw error
    }
    inSlices(failing(), fixedClock(), onEnd)
    expect(onEnd).toHaveBeenCalledExactlyOnceWith({ error })
  })

  it('ends cancelled work, and closes its resources', () => {
    const clock = tickingClock(20)
    const done: number[] = []
    const [onEnd, onClosed] = [vi.fn<() => void>(), vi.fn<() => void>()]
    const cancel = inSlices(work(5, done, onClosed), clock, onEnd)
    cancel()
    cancel()
    for (let turn = 0; turn < 9; turn++) clock.turn()
    expect(done).toEqual([0])
    expect(onClosed).toHaveBeenCalledTimes(1)
    expect(onEnd).not.toHaveBeenCalled()
  })

  it('can be cancelled by the work itself', () => {
    const clock = tickingClock(20)
    const [onEnd, onClosed] = [vi.fn<() => void>(), vi.fn<() => void>()]
    const holder = { cancel: (): void => {} }
    function* own(): Generator<undefined, void, undefined> {
      try {
        yield
        holder.cancel()
        yield
        yield
      } finally {
        onClosed()
      }
    }
    holder.cancel = inSlices(own(), clock, onEnd)
    for (let turn = 0; turn < 9; turn++) clock.turn()
    expect(onClosed).toHaveBeenCalledTimes(1)
    expect(onEnd).not.toHaveBeenCalled()
  })

  it('ignores a cancellation after its end', () => {
    const onEnd = vi.fn<() => void>()
    inSlices(work(1, []), fixedClock(), onEnd)()
    expect(onEnd).toHaveBeenCalledTimes(1)
  })
})
