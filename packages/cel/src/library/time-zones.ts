import { fail } from '../evaluate/failure.ts'

const MINUTE_MS = 60_000

/**
 * The offset of local time from UTC at a time, in milliseconds. A zone is `Europe/Paris`, or an offset such as `+02:00`.
 *
 * Source: cel-go `common/types/timestamp.go` (`timeZone`); Go `time.LoadLocation`, whose names are case-sensitive.
 */
export function zoneOffsetMs(zone: string, time: Date): number {
  const [, sign, hours, minutes] = /^([+-]?)(\d\d?):(\d\d)$/.exec(zone) ?? []
  if (hours === undefined) return namedOffsetMs(zone, time)
  return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -MINUTE_MS : MINUTE_MS)
}

function namedOffsetMs(zone: string, time: Date): number {
  // As in a container, the local zone is UTC.
  if (zone === '' || zone === 'UTC' || zone === 'Local') return 0
  const text = zoneFormat(zone).format(time)
  const [, month, day, year, hour, minute, second] =
    /^(\d+)\/(\d+)\/(\d+), (\d+):(\d+):(\d+)$/.exec(text) ?? []
  const local = new Date(0)
  local.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  local.setUTCHours(Number(hour), Number(minute), Number(second), time.getUTCMilliseconds())
  return local.getTime() - time.getTime()
}

/** Names are compared by case only against their usual form: those of regions are capitalised, and others are in capitals. */
const NAME = /^(?:[A-Z][A-Za-z]*(?:[_/+-][A-Za-z0-9]+)*|[A-Z0-9+-]+)$/

function zoneFormat(timeZone: string): Intl.DateTimeFormat {
  if (!NAME.test(timeZone)) return fail(`unknown time zone`)
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
