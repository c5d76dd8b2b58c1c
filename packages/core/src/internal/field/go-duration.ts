import { quoted } from '@kube-authn/internal/quote'

/** The seconds of a Go duration, or why it is not valid. */
export type DurationReading = { readonly seconds: number } | { readonly problem: string }

const SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
}

/** The largest duration that Go can represent in nanoseconds: about 292 years. */
const MAX_SECONDS = 2 ** 63 / 1e9

/**
 * Reads a duration such as `2m0s` or `1.5h`.
 *
 * Source: Go `time.ParseDuration`.
 */
export function readDuration(text: string): DurationReading {
  const invalid = { problem: `time: invalid duration ${quoted(text)}` }
  const unsigned = text.replace(/^[+-]/, '')
  if (unsigned === '0') return { seconds: 0 }
  if (unsigned === '') return invalid
  let seconds = 0
  // Linear: a part has at least two characters, and can be read in only one way.
  for (let at = 0; at < unsigned.length;) {
    const [part = '', number = '', unit = ''] =
      /^(\d+\.?\d*|\.\d+)([^\d.]*)/.exec(unsigned.slice(at, at + MAX_PART)) ?? []
    if (part === '') return invalid
    if (unit === '') return { problem: `time: missing unit in duration ${quoted(text)}` }
    const factor = Object.hasOwn(SECONDS, unit) ? SECONDS[unit] : undefined
    if (factor === undefined) {
      return { problem: `time: unknown unit ${quoted(unit)} in duration ${quoted(text)}` }
    }
    seconds += Number(number) * factor
    at += part.length
  }
  if (seconds >= MAX_SECONDS) return invalid
  return { seconds: text.startsWith('-') ? -seconds : seconds }
}

const MAX_PART = 64

/**
 * A duration as Go prints it: `1m0s`, `1.5s`, `250ms`.
 *
 * Source: Go `time.Duration.String`.
 */
export function printedSeconds(seconds: number): string {
  const sign = seconds < 0 ? '-' : ''
  const nanoseconds = Math.round(Math.abs(seconds) * 1e9)
  if (nanoseconds === 0) return '0s'
  if (nanoseconds < 1e3) return `${sign}${nanoseconds}ns`
  if (nanoseconds < 1e6) return `${sign}${nanoseconds / 1e3}µs`
  if (nanoseconds < 1e9) return `${sign}${nanoseconds / 1e6}ms`
  const whole = Math.floor(nanoseconds / 1e9)
  const fraction = String(Math.round(nanoseconds % 1e9))
    .padStart(9, '0')
    .replace(/0+$/, '')
  const rest = `${whole % 60}${fraction === '' ? '' : `.${fraction}`}s`
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  if (hours > 0) return `${sign}${hours}h${minutes}m${rest}`
  return minutes > 0 ? `${sign}${minutes}m${rest}` : `${sign}${rest}`
}
