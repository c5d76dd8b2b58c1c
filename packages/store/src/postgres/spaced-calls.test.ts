import { fixedClock } from '@kube-authn/testing'
import { describe, expect, it } from 'vitest'
import { spacedCalls } from './spaced-calls.ts'

const PAUSE_MS = 20
const LONGEST_MS = 80

function made(onCall: (ask: () => void) => void = () => {}) {
  const clock = fixedClock(0)
  const times: number[] = []
  const { ask, stop } = spacedCalls(clock, { leastMs: PAUSE_MS, mostMs: LONGEST_MS }, () => {
    times.push(clock.now())
    onCall(ask)
  })
  return { clock, times, ask, stop }
}

describe('spaced calls', () => {
  it('calls at once if there was no call before', () => {
    const { times, ask } = made()
    ask()
    expect(times).toEqual([0])
  })

  it('calls once after the pause, however often it was asked meanwhile', () => {
    const { clock, times, ask } = made()
    for (let each = 0; each < 1000; each++) ask()
    clock.advance(PAUSE_MS - 1)
    expect(times).toEqual([0])
    clock.advance(1)
    clock.advance(10 * PAUSE_MS)
    expect(times).toEqual([0, PAUSE_MS])
  })

  it('calls at once again when the pause is over', () => {
    const { clock, times, ask } = made()
    ask()
    clock.advance(PAUSE_MS)
    ask()
    expect(times).toEqual([0, PAUSE_MS])
  })

  it('pauses longer after a call that waited, up to a limit, and briefly again after a quiet pause', () => {
    const { clock, times, ask } = made()
    const askUntil = (endMs: number): void => {
      while (clock.now() < endMs) {
        ask()
        clock.advance(1)
      }
    }
    askUntil(300)
    expect(times).toEqual([0, 20, 60, 140, 220, 300])
    clock.advance(LONGEST_MS)
    clock.advance(LONGEST_MS)
    const nowMs = clock.now()
    askUntil(nowMs + PAUSE_MS)
    expect(times.slice(6)).toEqual([nowMs, nowMs + PAUSE_MS])
  })

  it('remembers to call if it is asked by the call itself', () => {
    let isFirst = true
    const { clock, times, ask } = made((again) => {
      if (isFirst) again()
      isFirst = false
    })
    ask()
    expect(times).toEqual([0])
    clock.advance(PAUSE_MS)
    expect(times).toEqual([0, PAUSE_MS])
  })

  it('calls no more when it is stopped, neither later nor when it is asked', () => {
    const { clock, times, ask, stop } = made()
    ask()
    ask()
    stop()
    clock.advance(10 * PAUSE_MS)
    ask()
    expect(times).toEqual([0])
  })
})
