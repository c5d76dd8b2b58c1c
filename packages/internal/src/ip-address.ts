/** An IP address: a number of 32 or 128 bits. */
export interface Address {
  readonly family: 4 | 6
  readonly value: bigint
}

/** The number of bits of an address. */
export const BITS = { 4: 32, 6: 128 } as const

/** Longer than any address. */
const MAX_LENGTH = 64

/**
 * Parses an address as Go does: four numbers without leading zeros, or up to eight groups with at most one `::`.
 *
 * Source: Go `net/netip` (`ParseAddr`).
 */
export function readAddress(text: string): Address | undefined {
  if (text.length > MAX_LENGTH) return undefined
  if (!text.includes(':')) {
    const value = ipv4(text)
    return value === undefined ? undefined : { family: 4, value }
  }
  const groups = ipv6Groups(text)
  return groups === undefined ? undefined : { family: 6, value: number(groups, 16n) }
}

/** The canonical form of an address (RFC 5952). */
export function printedAddress({ family, value }: Address): string {
  if (family === 4) return digits(value, 4, 8n).join('.')
  const groups = digits(value, 8, 16n).map((group) => group.toString(16))
  const zeros = longestZeros(groups)
  if (zeros.length < 2) return groups.join(':')
  return `${groups.slice(0, zeros.start).join(':')}::${groups.slice(zeros.start + zeros.length).join(':')}`
}

/** Whether it is an IPv4-mapped IPv6 address, as in `::ffff:10.0.0.1` (RFC 4291 section 2.5.5.2). */
export function isMappedAddress({ family, value }: Address): boolean {
  return family === 6 && value >> 32n === 0xffffn
}

/** Converts an IPv4-mapped IPv6 address to IPv4; returns other addresses unchanged. */
export function unmappedAddress(address: Address): Address {
  return isMappedAddress(address) ? { family: 4, value: address.value & 0xffffffffn } : address
}

/** A range of addresses in CIDR notation, as in `10.0.0.0/8`. */
export interface IpAddressRange {
  readonly address: Address
  readonly prefixLength: number
}

/**
 * Parses a range of addresses.
 *
 * Source: Go `net/netip` (`ParsePrefix`).
 */
export function readAddressRange(text: string): IpAddressRange | undefined {
  const slash = text.lastIndexOf('/')
  const address = slash === -1 ? undefined : readAddress(text.slice(0, slash))
  const bits = text.slice(slash + 1)
  if (address === undefined || !/^(0|[1-9]\d{0,2})$/.test(bits)) return undefined
  return Number(bits) > BITS[address.family] ? undefined : { address, prefixLength: Number(bits) }
}

/** Whether an address is in a range: the first bits are the same. */
export function isWithin(address: Address, network: Address, prefixLength: number): boolean {
  if (address.family !== network.family) return false
  const rest = BigInt(BITS[network.family] - prefixLength)
  return address.value >> rest === network.value >> rest
}

function ipv4(text: string): bigint | undefined {
  const parts = text.split('.')
  const isValid =
    parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)
  return isValid ? number(parts.map(Number), 8n) : undefined
}

function ipv6Groups(text: string): readonly number[] | undefined {
  const halves = text.split('::')
  const [head, tail] = halves.map(groupsOf)
  if (head === undefined || halves.length > 2) return undefined
  if (halves.length === 1) return head.length === 8 ? head : undefined
  // `::` stands for at least one group.
  if (tail === undefined || head.length + tail.length > 7) return undefined
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}

/** The groups on one side of `::`. The last may be an IPv4 address, which stands for two groups. */
function groupsOf(half: string, index: number, halves: readonly string[]): readonly number[] | undefined {
  if (half === '') return halves.length === 2 ? [] : undefined
  const parts = half.split(':')
  const last = index === halves.length - 1 ? ipv4(parts.at(-1) ?? '') : undefined
  const plain = last === undefined ? parts : parts.slice(0, -1)
  if (!plain.every((part) => /^[0-9A-Fa-f]{1,4}$/.test(part))) return undefined
  const groups = plain.map((part) => Number.parseInt(part, 16))
  return last === undefined ? groups : [...groups, Number(last >> 16n), Number(last & 0xffffn)]
}

function number(parts: readonly number[], bits: bigint): bigint {
  return parts.reduce((value, part) => (value << bits) | BigInt(part), 0n)
}

function digits(value: bigint, count: number, bits: bigint): readonly number[] {
  const mask = (1n << bits) - 1n
  return Array.from({ length: count }, (_, index) =>
    Number((value >> (bits * BigInt(count - 1 - index))) & mask),
  )
}

function longestZeros(groups: readonly string[]): { readonly start: number; readonly length: number } {
  let longest = { start: 0, length: 0 }
  let length = 0
  for (const [index, group] of groups.entries()) {
    length = group === '0' ? length + 1 : 0
    if (length > longest.length) longest = { start: index - length + 1, length }
  }
  return longest
}
