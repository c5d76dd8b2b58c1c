import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from './clock.ts'

describe('systemClock', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }))
  afterEach(() => void vi.useRealTimers())

  const DAY_MS = 86_400_000

  it.each([1, 1000, 2 ** 31 - 1, 2 ** 31, 100 * DAY_MS])(
    'calls back once after %i milliseconds',
    (milliseconds) => {
      const callback = vi.fn()
      systemClock.after(milliseconds, callback)
      vi.advanceTimersByTime(milliseconds - 1)
      expect(callback).toHaveBeenCalledTimes(0)
      vi.advanceTimersByTime(1)
      vi.advanceTimersByTime(DAY_MS)
      expect(callback).toHaveBeenCalledOnce()
    },
  )

  it('never calls back after an infinite time', () => {
    const callback = vi.fn()
    systemClock.after(Infinity, callback)
    vi.advanceTimersByTime(100 * DAY_MS)
    expect(callback).not.toHaveBeenCalled()
  })

  it.each([1000, 100 * DAY_MS])('does not call back who called it off (%i)', (milliseconds) => {
    const callback = vi.fn()
    const cancel = systemClock.after(milliseconds, callback)
    vi.advanceTimersByTime(milliseconds - 1)
    cancel()
    cancel()
    vi.advanceTimersByTime(milliseconds)
    expect(callback).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('shows the time of the runtime', () => {
    vi.useRealTimers()
    const before = Date.now()
    expect(systemClock.now()).toBeGreaterThanOrEqual(before)
    expect(systemClock.now()).toBeLessThanOrEqual(Date.now())
  })

  it('keeps no process alive', () => {
    const unref = vi.fn()
    const spy = vi
      .spyOn(globalThis, 'setTimeout')
      .mockReturnValue({ unref } as unknown as ReturnType<typeof setTimeout>)
    systemClock.after(1, () => undefined)
    expect(unref).toHaveBeenCalledOnce()
    spy.mockReturnValue(1 as unknown as ReturnType<typeof setTimeout>)
    expect(systemClock.after(1, () => undefined)).toBeTypeOf('function')
  })
})
