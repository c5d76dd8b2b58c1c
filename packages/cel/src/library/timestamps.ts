import { timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import { fn, type Library, method } from '../check/declarations.ts'
import { TIMESTAMP } from '../check/types.ts'
import type { Meter } from '../evaluate/evaluation.ts'
import { SECOND, timeAt, type Timestamp } from '../values/times.ts'
import { conversionError } from './conversions.ts'
import { zoneOffsetMs } from './time-zones.ts'

const MINUTE = 60n * SECOND

/**
 * The functions of timestamps.
 *
 * Source: cel-go `common/types/timestamp.go`; Go `time.Parse`.
 */
export function timestamps(meter: Meter): Library {
  return {
    functions: [
      fn('timestamp(int): timestamp', (value: bigint) => timeAt(value * SECOND)),
      fn('timestamp(string): timestamp', (text: string) => {
        meter.spend(Math.min(text.length, 64))
        return parsedTime(text)
      }),
      fn('string(timestamp): string', printedTime),
      fn('int(timestamp): int', ({ nanoseconds }: Timestamp) => floorDivided(nanoseconds, SECOND)),
      ...Object.entries(PARTS).flatMap(([name, part]) => [
        method(`timestamp.${name}(): int`, ({ nanoseconds }: Timestamp) => BigInt(part(dateOf(nanoseconds)))),
        method(`timestamp.${name}(string): int`, ({ nanoseconds }: Timestamp, zone: string) => {
          // The runtime resolves a named zone on each call, which takes as long as hundreds of other steps.
          meter.spend(1000)
          const utc = dateOf(nanoseconds)
          return BigInt(part(new Date(utc.getTime() + zoneOffsetMs(zone, utc))))
        }),
      ]),
    ],
  }
}

function parsedTime(text: string): Timestamp {
  const time = timeOfRfc3339(text)
  if (time === undefined) return conversionError(TIMESTAMP.name)
  const [, , belowMilliseconds = ''] = /[.,](\d{3})(\d+)/.exec(text) ?? []
  const [, sign, hours = '0', minutes = '0'] = /([+-])(\d\d):(\d\d)$/.exec(text) ?? []
  const offset = Number(hours) * 60 + Number(minutes)
  const nanoseconds = BigInt(time) * 1_000_000n + BigInt(belowMilliseconds.slice(0, 6).padEnd(6, '0'))
  return timeAt(nanoseconds, sign === '-' ? -offset : offset)
}

/** Formats in the zone in which it was written, with as many fractional digits as needed. */
export function printedTime({ nanoseconds, offsetMinutes }: Timestamp): string {
  const local = nanoseconds + BigInt(offsetMinutes) * MINUTE
  const fraction = `.${String(modulo(local, SECOND)).padStart(9, '0')}`.replace(/\.?0+$/, '')
  const offset = Math.abs(offsetMinutes)
  const zone = [Math.floor(offset / 60), offset % 60].map((part) => String(part).padStart(2, '0')).join(':')
  const suffix = offset === 0 ? 'Z' : `${offsetMinutes < 0 ? '-' : '+'}${zone}`
  return `${dateOf(local).toISOString().slice(0, 19)}${fraction}${suffix}`
}

function dateOf(nanoseconds: bigint): Date {
  return new Date(Number(floorDivided(nanoseconds, 1_000_000n)))
}

function floorDivided(value: bigint, divisor: bigint): bigint {
  return (value - modulo(value, divisor)) / divisor
}

function modulo(value: bigint, divisor: bigint): bigint {
  return ((value % divisor) + divisor) % divisor
}

const DAY_MS = 86_400_000

/** The parts of a timestamp, in UTC. */
const PARTS: Readonly<Record<string, (time: Date) => number>> = {
  getFullYear: (time) => time.getUTCFullYear(),
  getMonth: (time) => time.getUTCMonth(),
  getDate: (time) => time.getUTCDate(),
  getDayOfMonth: (time) => time.getUTCDate() - 1,
  getDayOfWeek: (time) => time.getUTCDay(),
  getDayOfYear: (time) => {
    const firstDay = new Date(time)
    firstDay.setUTCMonth(0, 1)
    return Math.round((time.getTime() - firstDay.getTime()) / DAY_MS)
  },
  getHours: (time) => time.getUTCHours(),
  getMinutes: (time) => time.getUTCMinutes(),
  getSeconds: (time) => time.getUTCSeconds(),
  getMilliseconds: (time) => time.getUTCMilliseconds(),
}
