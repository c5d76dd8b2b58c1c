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

/** Whether an address of 4 or 16 octets is in the range. */
export function isInRange(ip: Bytes, { address, mask }: IpRange): boolean {
  return (
    ip.length === address.length &&
    ip.every((octet, index) => ((octet ^ (address[index] ?? 0)) & (mask[index] ?? 0)) === 0)
  )
}
