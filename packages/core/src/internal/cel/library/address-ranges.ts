import type { Environment } from '@marcbachmann/cel-js'
import { CelEvaluationError } from '../cel.ts'
import { registrar } from '../engine.ts'
import { Opaque } from '../values/opaque.ts'
import {
  type Address,
  BITS,
  isMappedAddress,
  isWithin,
  printedAddress,
  readAddressRange,
} from '@kube-authn/internal/ip-address'
import { IP, IpAddress, requiredAddress } from './ip-addresses.ts'

const CIDR = 'net.CIDR'

class AddressRange extends Opaque {
  readonly address: Address
  readonly prefixLength: number

  constructor(address: Address, prefixLength: number) {
    super()
    this.address = address
    this.prefixLength = prefixLength
  }

  get identity(): string {
    return `${printedAddress(this.address)}/${this.prefixLength}`
  }
}

/**
 * Registers CIDR ranges: `cidr`, `isCIDR` and their methods.
 *
 * Source: apiserver `pkg/cel/library/cidr.go`.
 */
export function registerAddressRanges(environment: Environment): void {
  const register = registrar(environment)
  environment.registerType(CIDR, AddressRange)
  register(`cidr(string): ${CIDR}`, requiredRange)
  register('isCIDR(string): bool', (text: string) => readRange(text) !== undefined)
  register(`String(${CIDR}): string`, ({ identity }: AddressRange) => identity)
  register(`${CIDR}.ip(): ${IP}`, ({ address }: AddressRange) => new IpAddress(address))
  register(`${CIDR}.prefixLength(): int`, ({ prefixLength }: AddressRange) => BigInt(prefixLength))
  register(`${CIDR}.masked(): ${CIDR}`, ({ address: { family, value }, prefixLength }: AddressRange) => {
    const rest = BigInt(BITS[family] - prefixLength)
    return new AddressRange({ family, value: (value >> rest) << rest }, prefixLength)
  })
  register(`${CIDR}.containsIP(${IP}): bool`, (range: AddressRange, { address }: IpAddress) =>
    isWithin(address, range.address, range.prefixLength),
  )
  register(`${CIDR}.containsIP(string): bool`, (range: AddressRange, text: string) =>
    isWithin(requiredAddress(text), range.address, range.prefixLength),
  )
  register(`${CIDR}.containsCIDR(${CIDR}): bool`, containsRange)
  register(`${CIDR}.containsCIDR(string): bool`, (range: AddressRange, text: string) =>
    containsRange(range, requiredRange(text)),
  )
  // Expressions can use the types by name.
  const types = ['type(ip("::"))', 'type(cidr("::/0"))'].map((type): unknown => environment.evaluate(type))
  environment.registerConstant(
    'net',
    'map<string, type>',
    new Map([
      ['IP', types[0]],
      ['CIDR', types[1]],
    ]),
  )
}

function containsRange(range: AddressRange, { address, prefixLength }: AddressRange): boolean {
  return range.prefixLength <= prefixLength && isWithin(address, range.address, range.prefixLength)
}

function readRange(text: string): AddressRange | undefined {
  const range = readAddressRange(text)
  if (range === undefined || isMappedAddress(range.address)) return undefined
  return new AddressRange(range.address, range.prefixLength)
}

function requiredRange(text: string): AddressRange {
  const range = readRange(text)
  // Do not repeat the string: it may come from a claim.
  if (range === undefined) {
    throw new CelEvaluationError('network address parse error during conversion from string')
  }
  return range
}
