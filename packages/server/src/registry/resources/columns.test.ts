import { expect, it } from 'vitest'
import { ageOf } from './columns.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

it.each([
  [-5, '<invalid>'],
  [-0.5, '0s'],
  [0, '0s'],
  [119, '119s'],
  [2 * MINUTE, '2m'],
  [9 * MINUTE + 59, '9m59s'],
  [10 * MINUTE + 59, '10m'],
  [179 * MINUTE, '179m'],
  [3 * HOUR, '3h'],
  [7 * HOUR + 59 * MINUTE, '7h59m'],
  [8 * HOUR + 59 * MINUTE, '8h'],
  [47 * HOUR, '47h'],
  [2 * DAY + 3 * HOUR, '2d3h'],
  [8 * DAY + 3 * HOUR, '8d'],
  [729 * DAY, '729d'],
  [2 * 365 * DAY + DAY, '2y1d'],
  [8 * 365 * DAY + DAY, '8y'],
])('an age of %d seconds is printed as %s', (seconds, printed) => {
  expect(ageOf('2026-01-01T00:00:00Z', Date.UTC(2026, 0, 1) + seconds * 1000)).toBe(printed)
})

it.each([undefined, '', 'yesterday'])('the age since %j is unknown', (time) => {
  expect(ageOf(time, 0)).toBe('<unknown>')
})
