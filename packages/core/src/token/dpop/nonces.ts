import { bytesFromLatin1, bytesFromText } from '@kube-authn/internal/byte-text'
import { hmacSha256 } from '#sha256'
import { base64urlOf } from '../../internal/base64url.ts'

/** Nonces that need no memory: the number of a period, under a key that only servers have. */
export interface Nonces {
  issue(nowMs: number): string
  isCurrent(nonce: string, nowMs: number): boolean
}

/**
 * All requests of a period get the same nonce, so a proof can be made at most so long in advance; that each proof counts once is for the memory of used proofs.
 * A period is half of the time that a nonce is valid. A nonce of the next period counts too, since the clocks of replicas differ.
 *
 * Source: RFC 9449 sections 8 and 9.
 *
 * @param secret shared by all replicas. Default: random, for one process.
 */
export function nonces(ttlMs: number, secret: string | undefined): Nonces {
  const periodMs = ttlMs / 2
  let key: Uint8Array | undefined = secret === undefined ? undefined : bytesFromText(secret)
  const nonceOf = (period: number): string => {
    // Created on first use: some runtimes have no randomness outside of requests.
    key ??= crypto.getRandomValues(new Uint8Array(32))
    const tag = hmacSha256(key, `kube-authn dpop nonce ${period}`)
    return `${period.toString(36)}.${base64urlOf(bytesFromLatin1(tag.slice(0, 16)))}`
  }
  let latest = { period: NaN, nonce: '' }
  return {
    issue(nowMs) {
      const period = Math.floor(nowMs / periodMs)
      if (period !== latest.period) latest = { period, nonce: nonceOf(period) }
      return latest.nonce
    },
    isCurrent(nonce, nowMs) {
      const period = Number.parseInt(nonce, 36)
      if (!(Math.abs(period - Math.floor(nowMs / periodMs)) <= 1)) return false
      // No secret is compared: any client gets a nonce by asking.
      return nonce === nonceOf(period)
    },
  }
}
