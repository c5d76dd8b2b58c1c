const RFC3339 = /^(\d{4}-\d{2}-\d{2})T(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:Z|([+-])(\d{2}):(\d{2}))$/

/**
 * Parses an RFC 3339 time as Go does, to milliseconds since the epoch; `undefined` if it is malformed. Fractions of a millisecond are
 * dropped.
 *
 * Source: RFC 3339 section 5.6; Go `time.Parse`, which also accepts an hour of one digit and a comma before the fraction.
 */
export function timeOfRfc3339(text: string): number | undefined {
  const parts = text.length > MAX_LENGTH ? null : RFC3339.exec(text)
  if (parts === null) return undefined
  const [, date = '', hour = '', minute = '', second = '', fraction = '', sign, hours = '0', minutes = '0'] =
    parts
  const wanted = `${date}T${hour.padStart(2, '0')}:${minute}:${second}`
  const local = Date.parse(`${wanted}Z`)
  // `Date.parse` turns an impossible date, such as February 30, into another one.
  if (Number.isNaN(local) || !new Date(local).toISOString().startsWith(wanted)) return undefined
  if (Number(hours) > 24 || Number(minutes) > 60) return undefined
  const offsetMinutes = Number(hours) * 60 + Number(minutes)
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'))
  return local + milliseconds - (sign === '-' ? -offsetMinutes : offsetMinutes) * 60_000
}

/** Longer than any reasonable time, however many digits its seconds have. */
const MAX_LENGTH = 64

/** Formats milliseconds since the epoch in UTC and whole seconds, as Kubernetes does. */
export function rfc3339Of(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z')
}
