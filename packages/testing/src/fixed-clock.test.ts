import { describe, expect, test, vi } from 'vitest'
import { fixedClock } from './fixed-clock.ts'

describe('fixedClock', () => {
  test('stands still until it is told to go on', () => {
    const clock = fixedClock(1000)
    expect([clock.now(), clock.now()]).toEqual([1000, 1000])
    clock.advance(5)
    expect(clock.now()).toBe(1005)
  })

  test('fires no timer before its time', () => {
    const clock = fixedClock()
    const callback = vi.fn()
    clock.after(10, callback)
    clock.advance(9)
    expect(callback).not.toHaveBeenCalled()
    clock.advance(1)
    clock.advance(100)
    expect(callback).toHaveBeenCalledOnce()
  })

  test('does not fire a cancelled timer', () => {
    const clock = fixedClock()
    const callback = vi.fn()
    const cancel = clock.after(10, callback)
    expect(clock.pending).toBe(1)
    cancel()
    cancel()
    clock.advance(10)
    expect(callback).not.toHaveBeenCalled()
    expect(clock.pending).toBe(0)
  })

  test('calls back in order of time, then of setting, and shows each the time it is due at', () => {
    const clock = fixedClock(0)
    const calls: (readonly [string, number])[] = []
    const note = (name: string) => (): void => void calls.push([name, clock.now()])
    clock.after(20, note('late'))
    clock.after(10, note('first'))
    clock.after(10, note('second'))
    clock.after(10, () => void clock.after(5, note('nested')))
    clock.advance(30)
    expect(calls).toEqual([
      ['first', 10],
      ['second', 10],
      ['nested', 15],
      ['late', 20],
    ])
    expect(clock.now()).toBe(30)
  })

  test('lets promises go on between timers when asked to', async () => {
    const clock = fixedClock(0)
    const seen: number[] = []
    const twice = async (): Promise<void> => {
      await new Promise<void>((resolve) => void clock.after(10, resolve))
      seen.push(clock.now())
      await new Promise<void>((resolve) => void clock.after(10, resolve))
      seen.push(clock.now())
    }
    const done = twice()
    await clock.advanceAsync(20)
    expect(seen).toEqual([10, 20])
    await done
  })

  test('goes on where a test replaces the timers of the runtime', async () => {
    vi.useFakeTimers()
    try {
      const clock = fixedClock(0)
      const callback = vi.fn()
      clock.after(1, callback)
      await clock.advanceAsync(1)
      expect(callback).toHaveBeenCalledOnce()
    } finally {
      vi.useRealTimers()
    }
  })
})
