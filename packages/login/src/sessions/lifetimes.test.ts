import { fixedClock } from '@kube-authn/testing'
import { expect, it } from 'vitest'
import { sessionLifetimes } from './lifetimes.ts'

const START = Date.UTC(2030, 0, 1)
const MINUTE = 60_000

it.each<
  readonly [string, { readonly after: number; readonly seen?: number; readonly life?: number }, boolean]
>([
  ['idle, a millisecond before its end', { after: 10 * MINUTE - 1 }, false],
  ['idle, at its end', { after: 10 * MINUTE }, true],
  ['used, a millisecond before the end of its life', { after: 60 * MINUTE - 1, seen: 59 * MINUTE }, false],
  ['used, at the end of its life', { after: 60 * MINUTE, seen: 59 * MINUTE }, true],
  ['of a clock that is ahead as far as it may be', { after: -10_000 }, false],
  ['of a clock that is further ahead', { after: -10_001 }, true],
  ['last seen by a clock that is ahead as far as it may be', { after: MINUTE, seen: MINUTE + 10_000 }, false],
  ['last seen by a clock that is further ahead', { after: MINUTE, seen: MINUTE + 10_001 }, true],
  ['with a shorter life when it began', { after: 5 * MINUTE, life: 5 * MINUTE }, true],
  ['with a longer life when it began', { after: 60 * MINUTE, life: 90 * MINUTE, seen: 59 * MINUTE }, true],
])('decides whether a session is over: %s', (_, { after, seen = 0, life = 60 * MINUTE }, isOver) => {
  const lifetimes = sessionLifetimes({
    idleTimeoutSeconds: 600,
    expirationSeconds: 3600,
    clockSkewSeconds: 10,
    clock: fixedClock(START + after),
  })
  const times = { startedAtMs: START, endsAtMs: START + life, seenAtMs: START + seen }
  expect(lifetimes.isOver(times)).toBe(isOver)
})

it('begins with the full life, and ends at the earlier of both times', () => {
  const clock = fixedClock(START)
  const lifetimes = sessionLifetimes({ clock })
  const times = lifetimes.begin()
  expect(times).toEqual({ startedAtMs: START, endsAtMs: START + 43_200_000, seenAtMs: START })
  expect(lifetimes.remainingMs(times)).toBe(3_600_000)
  expect(lifetimes.remainingMs({ ...times, seenAtMs: times.endsAtMs - 1 })).toBe(43_200_000)
})

it('records a use after a tenth of the idle time', () => {
  const clock = fixedClock(START)
  const lifetimes = sessionLifetimes({ idleTimeoutSeconds: 600, clock })
  const times = lifetimes.begin()
  clock.advance(MINUTE - 1)
  expect(lifetimes.isDue(times)).toBe(false)
  clock.advance(1)
  expect(lifetimes.isDue(times)).toBe(true)
})
