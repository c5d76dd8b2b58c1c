import type { X509Certificate } from 'node:crypto'

const DAY_MS = 86_400_000
/** For clocks that are late. */
const BACKDATE_MS = 300_000
/** A certificate is renewed before this long is left. */
const RENEWAL_MS = 30 * DAY_MS

/** From a moment ago on, for a number of days. */
export function validFor(days: number, nowMs: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const seconds = Math.floor(nowMs / 1000) * 1000
  return { notBefore: new Date(seconds - BACKDATE_MS), notAfter: new Date(seconds + days * DAY_MS) }
}

/** Whether a certificate is valid now and need not be renewed yet. */
export function isFresh({ validFrom, validTo }: X509Certificate, nowMs: number): boolean {
  return Date.parse(validFrom) <= nowMs && Date.parse(validTo) - nowMs > RENEWAL_MS
}
