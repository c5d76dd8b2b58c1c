import { malformed } from '../errors.ts'
import { latin1FromBytes } from '@kube-authn/internal/byte-text'
import { contentOf, type DerElement, Tag } from './reader.ts'

const UTC_TIME = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/
const GENERALIZED_TIME = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/

/**
 * Parses a `Time` in the only form allowed in certificates: with seconds, without fractions, with `Z` (RFC 5280 section 4.1.2.5).
 *
 * @returns milliseconds since the epoch.
 */
export function timeOf(element: DerElement, what: string): number {
  const text = element.end - element.contentStart > 15 ? '' : latin1FromBytes(contentOf(element))
  const match =
    element.tag === Tag.utcTime
      ? UTC_TIME.exec(text)
      : element.tag === Tag.generalizedTime
        ? GENERALIZED_TIME.exec(text)
        : null
  if (match === null) throw malformed(what, 'bad time')
  const [, y = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = match.map(Number)
  const year = element.tag === Tag.utcTime ? y + (y < 50 ? 2000 : 1900) : y
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hours, minutes, seconds)
  // A `Date` rolls over impossible dates.
  const isReal =
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hours &&
    date.getUTCMinutes() === minutes &&
    date.getUTCSeconds() === seconds
  if (!isReal) throw malformed(what, 'no such time')
  return date.getTime()
}
