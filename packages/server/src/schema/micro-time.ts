import { rfc3339Of, timeOfRfc3339 } from '@kube-authn/internal/rfc3339'

/** A time that was read, in UTC; or why it is none, in the words of Go. */
export type MicroTime =
  | { readonly time: string; readonly problem?: never }
  | { readonly time?: never; readonly problem: string }

/** A longer text is not repeated in an error. */
const MAX_SHOWN = 64

/** The parts of Go's layout, and what each takes. */
const LAYOUT: readonly (readonly [string, RegExp])[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d{2}/],
  ['-', /^-/],
  ['02', /^\d{2}/],
  ['T', /^T/],
  ['15', /^\d{1,2}/],
  [':', /^:/],
  ['04', /^\d{2}/],
  [':', /^:/],
  ['05', /^\d{2}/],
  ['.000000', /^[.,]\d{6}/],
  ['Z07:00', /^(?:Z$|[+-]\d{2}:\d{2}$)/],
]
const NAME = LAYOUT.map(([part]) => part).join('')

/**
 * Reads a time with exactly six decimals. `Date.prototype.toISOString` writes three, which Kubernetes refuses: clients have `V1MicroTime` for that.
 *
 * Source: apimachinery `pkg/apis/meta/v1/micro_time.go`; Go `time.Parse`.
 */
export function microTimeOf(text: string): MicroTime {
  const shown = text.length > MAX_SHOWN ? '' : ` ${JSON.stringify(text)}`
  const failed = (why: string): MicroTime => ({ problem: `parsing time${shown} as "${NAME}": ${why}` })
  let rest = text
  for (const [part, pattern] of LAYOUT) {
    const [found] = pattern.exec(rest) ?? []
    if (found === undefined) {
      return failed(`cannot parse ${JSON.stringify(rest.slice(0, MAX_SHOWN))} as "${part}"`)
    }
    rest = rest.slice(found.length)
  }
  const timeMs = timeOfRfc3339(text)
  if (timeMs === undefined) return failed('a part is out of range')
  const micros = /[.,](\d{6})/.exec(text)?.[1] ?? ''
  return { time: rfc3339Of(timeMs).replace('Z', `.${micros}Z`) }
}
