import type { Environment } from '@marcbachmann/cel-js'
import { timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import type { Budget } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import { registrar } from '../engine.ts'
import { SECOND, sinceEpoch, timeAt } from '../values/times.ts'
import { conversionError } from './conversions.ts'

const TYPE = 'google.protobuf.Timestamp'

/**
 * Registers timestamp functions, under capitalised names. Those of cel-js accept February 30, do not support fixed offsets, and return
 * parts of a time that depend on the time zone of the machine.
 *
 * Source: cel-go `common/types/timestamp.go`; Go `time.Parse`.
 */
export function registerTimestamps(environment: Environment, budget: Budget): void {
  const register = registrar(environment)
  register(`Timestamp(${TYPE}): ${TYPE}`, (value: Date) => value)
  register(`Timestamp(int): ${TYPE}`, (value: bigint) => timeAt(value * SECOND))
  register(`Timestamp(string): ${TYPE}`, (text: string) => {
    const time = timeOfRfc3339(text)
    if (time === undefined) throw conversionError(TYPE)
    const [, , belowMilliseconds = ''] = /[.,](\d{3})(\d+)/.exec(text) ?? []
    return timeAt(BigInt(time) * 1_000_000n + BigInt(belowMilliseconds.slice(0, 6).padEnd(6, '0')))
  })
  register(`String(${TYPE}): string`, printedTime)
  register(`Int(${TYPE}): int`, (value: Date) => BigInt(Math.floor(value.getTime() / 1000)))
  for (const [name, part] of Object.entries(PARTS)) {
    register(`${TYPE}.${name}(): int`, (value: Date) => BigInt(part(value)))
    register(`${TYPE}.${name}(string): int`, (value: Date, zone: string) => {
      // The runtime resolves the zone on each call, which takes as long as hundreds of other steps.
      budget.spend(400)
      return BigInt(part(shifted(value, zone)))
    })
  }
}

/** Formats with as many fractional digits as needed. */
export function printedTime(time: Date): string {
  const nanoseconds = ((sinceEpoch(time) % SECOND) + SECOND) % SECOND
  const fraction = `.${String(nanoseconds).padStart(9, '0')}`.replace(/\.?0+$/, '')
  return `${time.toISOString().slice(0, 19)}${fraction}Z`
}

const DAY_MS = 86_400_000

/** The parts of a timestamp, in UTC. */
const PARTS: Readonly<Record<string, (time: Date) => number>> = {
  GetFullYear: (time) => time.getUTCFullYear(),
  GetMonth: (time) => time.getUTCMonth(),
  GetDate: (time) => time.getUTCDate(),
  GetDayOfMonth: (time) => time.getUTCDate() - 1,
  GetDayOfWeek: (time) => time.getUTCDay(),
  GetDayOfYear: (time) => {
    const firstDay = new Date(time)
    firstDay.setUTCMonth(0, 1)
    return Math.round((time.getTime() - firstDay.getTime()) / DAY_MS)
  },
  GetHours: (time) => time.getUTCHours(),
  GetMinutes: (time) => time.getUTCMinutes(),
  GetSeconds: (time) => time.getUTCSeconds(),
  GetMilliseconds: (time) => time.getUTCMilliseconds(),
}

/** The timestamp whose UTC parts equal those of this timestamp in the zone: `Europe/Paris`, or an offset such as `+02:00`. */
function shifted(time: Date, zone: string): Date {
  const [, sign, hours, minutes] = /^([+-]?)(\d\d?):(\d\d)$/.exec(zone) ?? []
  const offsetMs =
    hours === undefined
      ? offsetOf(zone, time)
      : (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60_000 : 60_000)
  return new Date(time.getTime() + offsetMs)
}

function offsetOf(zone: string, time: Date): number {
  if (zone === '' || zone === 'UTC') return 0
  const text = zoneFormat(zone).format(time)
  const [, month, day, year, hour, minute, second] =
    /^(\d+)\/(\d+)\/(\d+), (\d+):(\d+):(\d+)$/.exec(text) ?? []
  const local = new Date(0)
  local.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  local.setUTCHours(Number(hour), Number(minute), Number(second), time.getUTCMilliseconds())
  return local.getTime() - time.getTime()
}

function zoneFormat(timeZone: string): Intl.DateTimeFormat {
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
    throw new CelEvaluationError('unknown time zone')
  }
}
