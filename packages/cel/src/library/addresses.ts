import {
  type Address,
  BITS,
  type IpAddressRange,
  isMappedAddress,
  isWithin,
  printedAddress,
  readAddress,
  readAddressRange,
} from '@kube-authn/internal/ip-address'
import { type Cost, fn, type Library, method } from '../check/declarations.ts'
import { Type } from '../check/types.ts'
import { fail, type Meter, noSuchOverload } from '../evaluate/evaluation.ts'
import { Opaque, type Value } from '../values/value.ts'
import { sizeOf, traversal, twice } from './costs.ts'

const IP = new Type('opaque', 'net.IP')
const CIDR = new Type('opaque', 'net.CIDR')

class IpAddress extends Opaque {
  readonly type = IP
  readonly address: Address
  override readonly size: number

  constructor(address: Address) {
    super()
    this.address = address
    this.size = BITS[address.family] / 8
  }

  get identity(): string {
    return printedAddress(this.address)
  }
}

class AddressRange extends Opaque {
  readonly type = CIDR
  readonly address: Address
  readonly prefixLength: number
  override readonly size: number

  constructor({ address, prefixLength }: IpAddressRange) {
    super()
    this.address = address
    this.prefixLength = prefixLength
    this.size = Math.ceil(prefixLength / 8)
  }

  get identity(): string {
    return `${printedAddress(this.address)}/${this.prefixLength}`
  }
}

/**
 * IP addresses and CIDR ranges: `ip`, `isIP`, `ip.isCanonical`, `cidr`, `isCIDR` and their methods.
 *
 * Source: apiserver `pkg/cel/library/ip.go`, `pkg/cel/library/cidr.go`.
 */
export function addresses(meter: Meter): Library {
  // Parsing is short.
  const paidFor = (text: string): string => {
    meter.spend(Math.min(text.length, 64) * 2)
    return text
  }
  // Deviation: the string is not repeated, since it may come from a claim (`docs/deviations.md`, CEL errors).
  const required = (text: string): Address =>
    plainAddress(paidFor(text)) ?? fail('IP Address parse error during conversion from string')
  const containsText = (range: AddressRange, text: string): boolean => {
    const address = plainAddress(paidFor(text))
    return address === undefined ? noSuchOverload() : contains(range, address)
  }
  const containsIp = (range: AddressRange, { address }: IpAddress): boolean => contains(range, address)
  const containsRangeText = (range: AddressRange, text: string): boolean =>
    containsRange(range, requiredRange(paidFor(text)))
  const masked = ({ address: { family, value }, prefixLength }: AddressRange): AddressRange => {
    const rest = BigInt(BITS[family] - prefixLength)
    return new AddressRange({ address: { family, value: (value >> rest) << rest }, prefixLength })
  }
  return {
    types: [IP, CIDR],
    functions: [
      fn('ip(string): net.IP', (text: string) => new IpAddress(required(text)), traversal),
      fn('isIP(string): bool', (text: string) => plainAddress(paidFor(text)) !== undefined, traversal),
      // Each address has one canonical form.
      fn('ip.isCanonical(string): bool', (text: string) => printedAddress(required(text)) === text, twice),
      fn('string(net.IP): string', ({ identity }: IpAddress) => identity),
      method('net.IP.family(): int', ({ address }: IpAddress) => BigInt(address.family)),
      ...Object.entries(TESTS).map(([name, test]) =>
        method(`net.IP.${name}(): bool`, ({ address }: IpAddress) => test(address)),
      ),
      fn('cidr(string): net.CIDR', (text: string) => requiredRange(paidFor(text)), traversal),
      fn('isCIDR(string): bool', (text: string) => readRange(paidFor(text)) !== undefined, traversal),
      fn('string(net.CIDR): string', ({ identity }: AddressRange) => identity),
      method('net.CIDR.ip(): net.IP', ({ address }: AddressRange) => new IpAddress(address)),
      method('net.CIDR.prefixLength(): int', ({ prefixLength }: AddressRange) => BigInt(prefixLength)),
      method('net.CIDR.masked(): net.CIDR', masked),
      method('net.CIDR.containsIP(net.IP): bool', containsIp, containsCost),
      method('net.CIDR.containsIP(string): bool', containsText, withReading(containsCost)),
      method('net.CIDR.containsCIDR(net.CIDR): bool', containsRange, containsRangeCost),
      method('net.CIDR.containsCIDR(string): bool', containsRangeText, withReading(containsRangeCost)),
    ],
  }
}

/** Parses an address, except for IPv4-mapped IPv6 addresses. */
function plainAddress(text: string): Address | undefined {
  const address = readAddress(text)
  return address === undefined || isMappedAddress(address) ? undefined : address
}

function contains({ address: network, prefixLength }: AddressRange, address: Address): boolean {
  return isWithin(address, network, prefixLength)
}

function inAnyOf(...networks: readonly string[]): (address: Address) => boolean {
  const ranges = networks.map(requiredRange)
  return (address) => ranges.some((range) => contains(range, address))
}

const isUnspecified = inAnyOf('0.0.0.0/32', '::/128')
const isLoopback = inAnyOf('127.0.0.0/8', '::1/128')
const isMulticast = inAnyOf('224.0.0.0/4', 'ff00::/8')
const isLinkLocalUnicast = inAnyOf('169.254.0.0/16', 'fe80::/10')
const isBroadcast = inAnyOf('255.255.255.255/32')
const isLinkLocalMulticast4 = inAnyOf('224.0.0.0/24')

/** Source: Go `net/netip`. */
const TESTS: Readonly<Record<string, (address: Address) => boolean>> = {
  isUnspecified,
  isLoopback,
  isLinkLocalUnicast,
  // The third digit is the flags, which do not matter.
  isLinkLocalMulticast: (address) =>
    address.family === 6 ? ((address.value >> 112n) & 0xff0fn) === 0xff02n : isLinkLocalMulticast4(address),
  isGlobalUnicast: (address) =>
    ![isUnspecified, isBroadcast, isLoopback, isMulticast, isLinkLocalUnicast].some((test) => test(address)),
}

function containsRange(range: AddressRange, { address, prefixLength }: AddressRange): boolean {
  return range.prefixLength <= prefixLength && contains(range, address)
}

function readRange(text: string): AddressRange | undefined {
  const range = readAddressRange(text)
  if (range === undefined || isMappedAddress(range.address)) return undefined
  return new AddressRange(range)
}

/** Deviation: the string is not repeated, since it may come from a claim (`docs/deviations.md`, CEL errors). */
function requiredRange(text: string): AddressRange {
  return readRange(text) ?? fail('network address parse error during conversion from string')
}

/**
 * The cost of comparing the bits of two addresses.
 *
 * Source: apiserver `pkg/cel/library/cost.go`.
 */
function containsCost([range]: readonly Value[]): number {
  return Math.ceil(sizeOf(range) * 2 * 0.1)
}

function containsRangeCost(values: readonly Value[]): number {
  return containsCost(values) + Math.ceil(sizeOf(values[0]) * 0.1) + 1
}

/** The cost with that of reading the second value. */
function withReading(cost: (values: readonly Value[]) => number): Cost {
  return (values) => cost(values) + traversal([values[1] ?? null])
}
