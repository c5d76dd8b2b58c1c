/*
 * Just enough DER to find one date. Nothing is verified: the bundle comes from the operator, and expired authorities are merely not
 * published.
 */

const SEQUENCE = 0x30
const VERSION = 0xa0
const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18
const MAX_TIME_LENGTH = 15

/** When a certificate expires (RFC 5280 section 4.1.2.5), in milliseconds since the epoch; `undefined` if it is not a certificate. */
export function notAfterOf(der: Uint8Array): number | undefined {
  const certificate = elementAt(der, 0)
  if (certificate?.tag !== SEQUENCE || certificate.end !== der.length) return undefined
  const toBeSigned = elementAt(der, certificate.start)
  if (toBeSigned?.tag !== SEQUENCE) return undefined
  let element = elementAt(der, toBeSigned.start)
  if (element?.tag === VERSION) element = elementAt(der, element.end)
  // Serial number, signature algorithm, issuer, validity.
  for (let skipped = 0; skipped < 3 && element !== undefined; skipped++) element = elementAt(der, element.end)
  if (element?.tag !== SEQUENCE || element.end > toBeSigned.end) return undefined
  const notBefore = elementAt(der, element.start)
  const notAfter = notBefore && elementAt(der, notBefore.end)
  if (notAfter === undefined || notAfter.end !== element.end) return undefined
  if (notAfter.end - notAfter.start > MAX_TIME_LENGTH) return undefined
  return timeOf(notAfter.tag, String.fromCharCode(...der.subarray(notAfter.start, notAfter.end)))
}

interface Element {
  readonly tag: number
  /** Where the content starts, and where it ends. */
  readonly start: number
  readonly end: number
}

function elementAt(der: Uint8Array, position: number): Element | undefined {
  const tag = der[position]
  const first = der[position + 1]
  if (tag === undefined || first === undefined) return undefined
  let start = position + 2
  let length = first
  if (first >= 0x80) {
    const count = first & 0x7f
    if (count === 0 || count > 3) return undefined
    length = der.subarray(start, start + count).reduce((sum, byte) => sum * 256 + byte, 0)
    start += count
  }
  return start + length > der.length ? undefined : { tag, start, end: start + length }
}

function timeOf(tag: number, text: string): number | undefined {
  if (tag !== UTC_TIME && tag !== GENERALIZED_TIME) return undefined
  const digits = tag === UTC_TIME ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(digits)
  if (match === null) return undefined
  const [, year, month, day, hour, minute, second] = match
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(time) ? undefined : time
}
