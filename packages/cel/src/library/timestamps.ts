import type { KubernetesVersion } from '../kubernetes/cel.ts'
import { timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import { fn, type Library, method } from '../check/declarations.ts'
import { DURATION, TIMESTAMP } from '../check/types.ts'
import { fail, type Meter } from '../evaluate/evaluation.ts'
import {
  type Duration,
  durationOf,
  MAX_INT,
  MIN_INT,
  SECOND,
  timeAt,
  type Timestamp,
} from '../values/value.ts'
import { conversionError } from './conversions.ts'
import { plainDigits } from './number-text.ts'

const MINUTE = 60n * SECOND

/**
 * The functions of timestamps.
 *
 * Source: cel-go `common/types/timestamp.go`; Go `time.Parse`.
 */
export function timestamps(meter: Meter, version: KubernetesVersion): Library {
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
          return BigInt(part(new Date(utc.getTime() + zoneOffsetMs(zone, utc, version))))
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

/**
 * The offset of local time from UTC at a time, in milliseconds. A zone is `Europe/Paris`, or an offset such as `+02:00`.
 *
 * Source: cel-go `common/types/timestamp.go` (`timeZone`); Go `time.LoadLocation`, whose names are case-sensitive.
 *
 * Deviation: the time zone database is that of the runtime (`docs/deviations.md`, time zones in CEL).
 */
function zoneOffsetMs(zone: string, time: Date, version: KubernetesVersion): number {
  const colon = zone.indexOf(':')
  if (colon === -1) return namedOffsetMs(zone, time)
  const hours = wholeNumber(zone.slice(0, colon))
  const minutes = wholeNumber(zone.slice(colon + 1))
  if (version >= '1.37' && (minutes < 0n || minutes > 59n))
    fail('timezone offset minutes out of range [0, 59]')
  const total = hours * 60n + (zone.startsWith('-') ? -minutes : minutes)
  // Go counts 64 bits of nanoseconds, which wrap around.
  return Number(BigInt.asIntN(64, total * MINUTE) / 1_000_000n)
}

/** An integer as Go's `strconv.Atoi` reads it. */
function wholeNumber(text: string): bigint {
  // More digits do not fit into 64 bits, unless they are zeros.
  const value = /^[+-]?\d{1,64}$/.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined
  return value === undefined || value < MIN_INT || value > MAX_INT ? fail('unknown time zone') : value
}

function namedOffsetMs(zone: string, time: Date): number {
  // As in a container, the local zone is UTC.
  if (zone === '' || zone === 'UTC' || zone === 'Local') return 0
  // `Intl` counts years before 1 from 1 again; the calendar repeats itself, and the zones had the same offsets.
  const asked = time.getTime() < YEAR_2_MS ? new Date(time.getTime() + CYCLE_MS) : time
  const text = zoneFormat(zone).format(asked)
  const [, month, day, year, hour, minute, second] =
    /^(\d+)\/(\d+)\/(\d+), (\d+):(\d+):(\d+)$/.exec(text) ?? []
  const local = new Date(0)
  local.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  local.setUTCHours(Number(hour), Number(minute), Number(second), asked.getUTCMilliseconds())
  return local.getTime() - asked.getTime()
}

const YEAR_2_MS = -62_104_060_800_000
/** 400 years. */
const CYCLE_MS = 146_097 * 86_400_000

/** Names are compared by case only against their usual form: those of regions are capitalised, and others are in capitals. */
const NAME = /^(?:[A-Z][A-Za-z]*(?:[_/+-][A-Za-z0-9]+)*|[A-Z][A-Z0-9+-]*)$/
/** Names that some runtimes know, but that are not in the time zone database: `PST`, and not `EST`. */
const FOREIGN_NAME =
  /^(?!CET|EET|EST|GMT|HST|MET|MST|PRC|ROC|ROK|UCT|UTC|WET)[A-Z]{3}$|^SystemV\/|^US\/Pacific-New$/

function zoneFormat(timeZone: string): Intl.DateTimeFormat {
  if (!NAME.test(timeZone) || FOREIGN_NAME.test(timeZone)) return fail('unknown time zone')
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    return fail('unknown time zone')
  }
}

/**
 * The functions of durations.
 *
 * Source: cel-go `common/types/duration.go`; Go `time.ParseDuration`.
 */
export function durations(meter: Meter, version: KubernetesVersion): Library {
  const whole = (name: string, unit: bigint) =>
    method(`duration.${name}(): int`, ({ nanoseconds }: Duration) => nanoseconds / unit)
  const noNumber = (): never => fail(`type conversion error from 'int' to '${DURATION.name}'`)
  return {
    functions: [
      // It was declared, but without a conversion.
      ...(version < '1.37' ? [fn('duration(int): duration', noNumber)] : []),
      fn('duration(string): duration', (text: string) => {
        meter.spend(Math.min(text.length, MAX_LENGTH))
        return durationOf(parsed(text))
      }),
      fn('string(duration): string', printedDuration),
      fn('int(duration): int', ({ nanoseconds }: Duration) => nanoseconds),
      whole('getHours', UNITS.h),
      whole('getMinutes', UNITS.m),
      whole('getSeconds', UNITS.s),
      whole('getMilliseconds', UNITS.ms),
    ],
  }
}

const UNITS = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ns: 1n,
} as const
const UNIT_OF: ReadonlyMap<string, bigint> = new Map(Object.entries(UNITS))

/** Longer than any duration that fits into 64 bits of nanoseconds, with all units and significant digits. */
const MAX_LENGTH = 128

function parsed(text: string): bigint {
  const [, sign, terms = ''] = (text.length > MAX_LENGTH ? null : /^([+-]?)(.+)$/.exec(text)) ?? []
  if (terms === '0') return 0n
  let rest = terms
  let total = 0n
  while (rest !== '') {
    const [term = '', whole = '', fraction = '', unit = ''] =
      /^(\d*)(?:\.(\d*))?(h|ms|m|s|us|µs|μs|ns)/.exec(rest) ?? []
    const nanoseconds = UNIT_OF.get(unit)
    if (nanoseconds === undefined || whole + fraction === '') return conversionError(DURATION.name)
    total += (BigInt(whole + fraction) * nanoseconds) / 10n ** BigInt(fraction.length)
    rest = rest.slice(term.length)
  }
  const value = sign === '-' ? -total : total
  return terms === '' || value > MAX_INT || value < MIN_INT ? conversionError(DURATION.name) : value
}

/** Formats in seconds, such as `-1.5s`. As in cel-go, they are a double: the nanoseconds of several months are rounded. */
export function printedDuration({ nanoseconds }: Duration): string {
  const seconds = Number(nanoseconds / UNITS.s) + Number(nanoseconds % UNITS.s) / 1e9
  return `${plainDigits(seconds)}s`
}
