import { quoted } from '@kube-authn/core/field'

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

/** The largest duration that Go can count, in nanoseconds: some 292 years. */
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
  // At most one part for each two characters, and no part can be read in two ways.
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
 * Whole seconds as Go prints a duration, as `1h0m0s`.
 *
 * Source: Go `time.Duration.String`.
 */
export function goDuration(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)]
  const rest = `${seconds % 60}s`
  if (hours > 0) return `${hours}h${minutes}m${rest}`
  return minutes > 0 ? `${minutes}m${rest}` : rest
}
