import {
  type Address,
  BITS,
  isMappedAddress,
  isWithin,
  printedAddress,
  readAddress,
  readAddressRange,
} from '@kube-authn/internal/ip-address'
import { fn, type Library, method } from '../check/declarations.ts'
import { Type } from '../check/types.ts'
import { fail, type Meter, noSuchOverload } from '../evaluate/evaluation.ts'
import { Opaque, type Value } from '../values/value.ts'
import { sizeOf, traversal, twice } from './costs.ts'

const TYPE = new Type('opaque', 'net.IP')

export class IpAddress extends Opaque {
  readonly type: Type = TYPE
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

/**
 * IP addresses: `ip`, `isIP`, `ip.isCanonical` and their methods.
 *
 * Source: apiserver `pkg/cel/library/ip.go`.
 */
export function ipAddresses(meter: Meter): Library {
  const paidFor = parsingPaidFor(meter)
  return {
    types: [TYPE],
    functions: [
      fn('ip(string): net.IP', (text: string) => new IpAddress(requiredAddress(paidFor(text))), traversal),
      fn('isIP(string): bool', (text: string) => plainAddress(paidFor(text)) !== undefined, traversal),
      // Each address has one canonical form.
      fn(
        'ip.isCanonical(string): bool',
        (text: string) => printedAddress(requiredAddress(paidFor(text))) === text,
        twice,
      ),
      fn('string(net.IP): string', ({ identity }: IpAddress) => identity),
      method('net.IP.family(): int', ({ address }: IpAddress) => BigInt(address.family)),
      ...Object.entries(TESTS).map(([name, test]) =>
        method(`net.IP.${name}(): bool`, ({ address }: IpAddress) => test(address)),
      ),
    ],
  }
}

/** Counts the work of parsing an address or a range, which are short, and returns the string. */
export function parsingPaidFor(meter: Meter): (text: string) => string {
  return (text) => {
    meter.spend(Math.min(text.length, 64) * 2)
    return text
  }
}

/** Parses an address, except for IPv4-mapped IPv6 addresses. */
export function plainAddress(text: string): Address | undefined {
  const address = readAddress(text)
  return address === undefined || isMappedAddress(address) ? undefined : address
}

/**
 * The address; it fails if there is none.
 *
 * Deviation: the string is not repeated, since it may come from a claim (`docs/deviations.md`, CEL errors).
 */
function requiredAddress(text: string): Address {
  return plainAddress(text) ?? fail('IP Address parse error during conversion from string')
}

const isUnspecified = either(inNetwork('0.0.0.0', 32), inNetwork('::', 128))
const isLoopback = either(inNetwork('127.0.0.0', 8), inNetwork('::1', 128))
const isMulticast = either(inNetwork('224.0.0.0', 4), inNetwork('ff00::', 8))
const isLinkLocalUnicast = either(inNetwork('169.254.0.0', 16), inNetwork('fe80::', 10))
const isBroadcast = inNetwork('255.255.255.255', 32)
// The third digit is the flags, which do not matter.
const isLinkLocalScope = ({ family, value }: Address): boolean =>
  family === 6 && ((value >> 112n) & 0xff0fn) === 0xff02n

/** Source: Go `net/netip`. */
const TESTS: Readonly<Record<string, (address: Address) => boolean>> = {
  isUnspecified,
  isLoopback,
  isLinkLocalUnicast,
  isLinkLocalMulticast: either(inNetwork('224.0.0.0', 24), isLinkLocalScope),
  isGlobalUnicast: (address) =>
    ![isUnspecified, isBroadcast, isLoopback, isMulticast, isLinkLocalUnicast].some((test) => test(address)),
}

function inNetwork(network: string, prefixLength: number): (address: Address) => boolean {
  const start = requiredAddress(network)
  return (address) => isWithin(address, start, prefixLength)
}

function either(...tests: ((address: Address) => boolean)[]): (address: Address) => boolean {
  return (address) => tests.some((test) => test(address))
}

const RANGE_TYPE = new Type('opaque', 'net.CIDR')

class AddressRange extends Opaque {
  readonly type = RANGE_TYPE
  readonly address: Address
  readonly prefixLength: number
  override readonly size: number

  constructor(address: Address, prefixLength: number) {
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
 * CIDR ranges: `cidr`, `isCIDR` and their methods.
 *
 * Source: apiserver `pkg/cel/library/cidr.go`.
 */
export function addressRanges(meter: Meter): Library {
  const paidFor = parsingPaidFor(meter)
  return {
    types: [RANGE_TYPE],
    functions: [
      fn('cidr(string): net.CIDR', (text: string) => requiredRange(paidFor(text)), traversal),
      fn('isCIDR(string): bool', (text: string) => readRange(paidFor(text)) !== undefined, traversal),
      fn('string(net.CIDR): string', ({ identity }: AddressRange) => identity),
      method('net.CIDR.ip(): net.IP', ({ address }: AddressRange) => new IpAddress(address)),
      method('net.CIDR.prefixLength(): int', ({ prefixLength }: AddressRange) => BigInt(prefixLength)),
      method('net.CIDR.masked(): net.CIDR', ({ address: { family, value }, prefixLength }: AddressRange) => {
        const rest = BigInt(BITS[family] - prefixLength)
        return new AddressRange({ family, value: (value >> rest) << rest }, prefixLength)
      }),
      method(
        'net.CIDR.containsIP(net.IP): bool',
        (range: AddressRange, { address }: IpAddress) => isWithin(address, range.address, range.prefixLength),
        containsCost,
      ),
      method(
        'net.CIDR.containsIP(string): bool',
        (range: AddressRange, text: string) => {
          const address = plainAddress(paidFor(text))
          return address === undefined
            ? noSuchOverload()
            : isWithin(address, range.address, range.prefixLength)
        },
        (values) => containsCost(values) + readingCost(values),
      ),
      method('net.CIDR.containsCIDR(net.CIDR): bool', containsRange, containsRangeCost),
      method(
        'net.CIDR.containsCIDR(string): bool',
        (range: AddressRange, text: string) => containsRange(range, requiredRange(paidFor(text))),
        (values) => containsRangeCost(values) + readingCost(values),
      ),
    ],
  }
}

function containsRange(range: AddressRange, { address, prefixLength }: AddressRange): boolean {
  return range.prefixLength <= prefixLength && isWithin(address, range.address, range.prefixLength)
}

function readRange(text: string): AddressRange | undefined {
  const range = readAddressRange(text)
  if (range === undefined || isMappedAddress(range.address)) return undefined
  return new AddressRange(range.address, range.prefixLength)
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

function readingCost([, text = null]: readonly Value[]): number {
  return traversal([text])
}
