import type { Bytes } from '../der/reader.ts'

/** A network: all addresses that are like `address` where `mask` has ones. */
export interface IpRange {
  readonly address: Bytes
  readonly mask: Bytes
}

/** Reads address and mask in a row (RFC 5280 section 4.2.1.10); `undefined` when a mask has ones after zeros. */
export function ipRange(octets: Bytes): IpRange | undefined {
  if (octets.length !== 8 && octets.length !== 32) return undefined
  const mask = octets.subarray(octets.length / 2)
  const isContiguous = /^1*0*$/.test([...mask].map((octet) => octet.toString(2).padStart(8, '0')).join(''))
  return isContiguous ? { address: octets.subarray(0, octets.length / 2), mask } : undefined
}

/**
 * Whether an address of 4 or 16 octets may be signed for by a CA that is permitted the range. An IPv4 address that is written as one of
 * IPv6 (`::ffff:10.0.0.1`) may not, by a range of either kind: Go takes it for an IPv4 address in one place, and for none in the other.
 *
 * Source: Go 1.26 `crypto/x509/constraints.go` (`ipConstraints`), `net/ip.go` (`Contains`).
 */
export function isPermittedBy(ip: Bytes, range: IpRange): boolean {
  return !isMapped(ip) && isInRange(ip, range)
}

/**
 * Whether an address of 4 or 16 octets is in a range that is excluded, in whichever of its two forms either is written.
 *
 * Deviation: Go compares an address in the form that it has only (`docs/deviations.md`, stricter certificates).
 */
export function isExcludedBy(ip: Bytes, range: IpRange): boolean {
  return isInRange(ip, range) || isInRange(unmapped(ip), unmappedRange(range))
}

function isInRange(ip: Bytes, { address, mask }: IpRange): boolean {
  return (
    ip.length === address.length &&
    ip.every((octet, index) => ((octet ^ (address[index] ?? 0)) & (mask[index] ?? 0)) === 0)
  )
}

/** Whether it is an IPv4 address in the form of IPv6 (RFC 4291 section 2.5.5.2). */
function isMapped(ip: Bytes): boolean {
  return ip.length === 16 && ip.every((octet, index) => index >= 12 || octet === (index < 10 ? 0 : 0xff))
}

function unmapped(ip: Bytes): Bytes {
  return isMapped(ip) ? ip.subarray(12) : ip
}

/** A range of nothing but mapped addresses is one of IPv4. */
function unmappedRange({ address, mask }: IpRange): IpRange {
  const isOfMapped = isMapped(address) && mask.subarray(0, 12).every((octet) => octet === 0xff)
  return isOfMapped ? { address: address.subarray(12), mask: mask.subarray(12) } : { address, mask }
}
