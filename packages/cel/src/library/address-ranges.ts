import {
  type Address,
  BITS,
  isMappedAddress,
  isWithin,
  printedAddress,
  readAddressRange,
} from '@kube-authn/internal/ip-address'
import { fn, type Library, method } from '../check/declarations.ts'
import { Type } from '../check/types.ts'
import { fail, noSuchOverload } from '../evaluate/failure.ts'
import type { Meter } from '../evaluate/evaluation.ts'
import { Opaque, type Value } from '../values/value.ts'
import { sizeOf, traversal } from './costs.ts'
import { IpAddress, parsingPaidFor, plainAddress } from './addresses.ts'

const TYPE = new Type('opaque', 'net.CIDR')

class AddressRange extends Opaque {
  readonly type = TYPE
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
    types: [TYPE],
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
