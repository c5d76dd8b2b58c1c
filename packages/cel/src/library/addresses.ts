import {
  type Address,
  BITS,
  isMappedAddress,
  isWithin,
  printedAddress,
  readAddress,
} from '@kube-authn/internal/ip-address'
import { fn, type Library, method } from '../check/declarations.ts'
import { Type } from '../check/types.ts'
import { fail } from '../evaluate/failure.ts'
import type { Meter } from '../evaluate/evaluation.ts'
import { Opaque } from '../values/value.ts'
import { traversal, twice } from './costs.ts'

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

const isUnspecified = either(range('0.0.0.0', 32), range('::', 128))
const isLoopback = either(range('127.0.0.0', 8), range('::1', 128))
const isMulticast = either(range('224.0.0.0', 4), range('ff00::', 8))
const isLinkLocalUnicast = either(range('169.254.0.0', 16), range('fe80::', 10))
const isBroadcast = range('255.255.255.255', 32)
// The third digit is the flags, which do not matter.
const isLinkLocalScope = ({ family, value }: Address): boolean =>
  family === 6 && ((value >> 112n) & 0xff0fn) === 0xff02n

/** Source: Go `net/netip`. */
const TESTS: Readonly<Record<string, (address: Address) => boolean>> = {
  isUnspecified,
  isLoopback,
  isLinkLocalUnicast,
  isLinkLocalMulticast: either(range('224.0.0.0', 24), isLinkLocalScope),
  isGlobalUnicast: (address) =>
    ![isUnspecified, isBroadcast, isLoopback, isMulticast, isLinkLocalUnicast].some((test) => test(address)),
}

function range(network: string, prefixLength: number): (address: Address) => boolean {
  const start = requiredAddress(network)
  return (address) => isWithin(address, start, prefixLength)
}

function either(...tests: ((address: Address) => boolean)[]): (address: Address) => boolean {
  return (address) => tests.some((test) => test(address))
}
