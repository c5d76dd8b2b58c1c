import type { Bytes } from '../der/reader.ts'

/** A network: all addresses that equal `address` in the bits of `mask`. */
export interface IpRange {
  readonly address: Bytes
  readonly mask: Bytes
}

/** Reads an address followed by a mask (RFC 5280 section 4.2.1.10); `undefined` if the mask is not contiguous. */
export function ipRange(octets: Bytes): IpRange | undefined {
  if (octets.length !== 8 && octets.length !== 32) return undefined
  const mask = octets.subarray(octets.length / 2)
  const isContiguous = /^1*0*$/.test([...mask].map((octet) => octet.toString(2).padStart(8, '0')).join(''))
  return isContiguous ? { address: octets.subarray(0, octets.length / 2), mask } : undefined
}

/**
 * Whether a permitted range allows an address of 4 or 16 octets. No range allows an IPv4-mapped IPv6 address (`::ffff:10.0.0.1`): Go treats
 * it as an IPv4 address in one place, but not in the other.
 *
 * Source: Go 1.26 `crypto/x509/constraints.go` (`ipConstraints`), `net/ip.go` (`Contains`).
 */
export function isPermittedBy(ip: Bytes, range: IpRange): boolean {
  return !isMapped(ip) && isInRange(ip, range)
}

/**
 * Whether an excluded range contains an address of 4 or 16 octets, whether or not either is IPv4-mapped.
 *
 * Deviation: Go compares an address only in its own form (`docs/deviations.md`, stricter certificates).
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

/** Whether it is an IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2). */
function isMapped(ip: Bytes): boolean {
  return ip.length === 16 && ip.every((octet, index) => index >= 12 || octet === (index < 10 ? 0 : 0xff))
}

function unmapped(ip: Bytes): Bytes {
  return isMapped(ip) ? ip.subarray(12) : ip
}

/** A range of only mapped addresses is converted to IPv4. */
function unmappedRange({ address, mask }: IpRange): IpRange {
  const isOfMapped = isMapped(address) && mask.subarray(0, 12).every((octet) => octet === 0xff)
  return isOfMapped ? { address: address.subarray(12), mask: mask.subarray(12) } : { address, mask }
}
