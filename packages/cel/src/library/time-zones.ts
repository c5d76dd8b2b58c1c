import { fail } from '../evaluate/failure.ts'
import { MAX_INT, MIN_INT } from '../values/numbers.ts'
import { SECOND } from '../values/times.ts'

/**
 * The offset of local time from UTC at a time, in milliseconds. A zone is `Europe/Paris`, or an offset such as `+02:00`.
 *
 * Source: cel-go `common/types/timestamp.go` (`timeZone`); Go `time.LoadLocation`, whose names are case-sensitive.
 */
export function zoneOffsetMs(zone: string, time: Date): number {
  const colon = zone.indexOf(':')
  if (colon === -1) return namedOffsetMs(zone, time)
  const hours = wholeNumber(zone.slice(0, colon))
  const minutes = wholeNumber(zone.slice(colon + 1))
  const total = hours * 60n + (zone.startsWith('-') ? -minutes : minutes)
  // Go counts 64 bits of nanoseconds, which wrap around.
  return Number(BigInt.asIntN(64, total * MINUTE) / 1_000_000n)
}

const MINUTE = 60n * SECOND

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
