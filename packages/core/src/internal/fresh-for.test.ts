import { expect, it, onTestFinished, vi } from 'vitest'
import { freshFor, systemClock } from './clock.ts'

it.each([
  ['is fresh before its time is over', { wallMs: 9999, elapsedMs: 9999 }, true],
  ['is not fresh when it is over', { wallMs: 10_000, elapsedMs: 10_000 }, false],
  ['is not fresh where the clock was set back', { wallMs: -1, elapsedMs: 1 }, false],
  [
    'is not fresh again when a clock that was set back has caught up',
    { wallMs: 5000, elapsedMs: 10_000 },
    false,
  ],
  [
    'is not fresh where the machine has slept, and its elapsed time has not gone on',
    { wallMs: 10_000, elapsedMs: 1 },
    false,
  ],
])('%s', (_, { wallMs, elapsedMs }, isFresh) => {
  const wall = vi.spyOn(systemClock, 'now').mockReturnValue(1_000_000)
  const elapsed = vi.spyOn(performance, 'now').mockReturnValue(500)
  onTestFinished(() => void vi.restoreAllMocks())
  const isStillFresh = freshFor(systemClock, 10_000)
  wall.mockReturnValue(1_000_000 + wallMs)
  elapsed.mockReturnValue(500 + elapsedMs)
  expect(isStillFresh()).toBe(isFresh)
})
