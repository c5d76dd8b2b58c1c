import type { Environment } from '@marcbachmann/cel-js'
import { CelEvaluationError } from '../cel.ts'
import { registrar } from '../engine.ts'
import { Opaque } from '../values/opaque.ts'
import { type Address, isMappedAddress, isWithin, printedAddress, readAddress } from '../../ip-address.ts'

export const IP = 'net.IP'

export class IpAddress extends Opaque {
  readonly address: Address

  constructor(address: Address) {
    super()
    this.address = address
  }

  get identity(): string {
    return printedAddress(this.address)
  }
}

/** What `ip` is in `ip.isCanonical(x)`. */
class IpFunctions {
  readonly name = 'ip'
}

/**
 * Registers addresses: `ip`, `isIP`, `ip.isCanonical`, and what there is to know of one.
 *
 * Source: apiserver `pkg/cel/library/ip.go`.
 */
export function registerIpAddresses(environment: Environment): void {
  const register = registrar(environment)
  environment.registerType(IP, IpAddress)
  environment.registerType('IpFunctions', IpFunctions)
  environment.registerConstant('Ip', 'IpFunctions', new IpFunctions())
  register(`ip(string): ${IP}`, (text: string) => new IpAddress(requiredAddress(text)))
  register('isIP(string): bool', (text: string) => plainAddress(text) !== undefined)
  // Of each address there is one canonical form.
  register(
    'IpFunctions.isCanonical(string): bool',
    (_: unknown, text: string) => printedAddress(requiredAddress(text)) === text,
  )
  register(`String(${IP}): string`, ({ identity }: IpAddress) => identity)
  register(`${IP}.family(): int`, ({ address }: IpAddress) => BigInt(address.family))
  for (const [name, test] of Object.entries(TESTS)) {
    register(`${IP}.${name}(): bool`, ({ address }: IpAddress) => test(address))
  }
}

/** An address that is not one of IPv4 in the clothes of IPv6. */
function plainAddress(text: string): Address | undefined {
  const address = readAddress(text)
  return address === undefined || isMappedAddress(address) ? undefined : address
}

/** @throws {CelEvaluationError} which does not repeat the text: it may be from a claim. */
export function requiredAddress(text: string): Address {
  const address = plainAddress(text)
  if (address === undefined)
    throw new CelEvaluationError('IP Address parse error during conversion from string')
  return address
}

const isUnspecified = either(range('0.0.0.0', 32), range('::', 128))
const isLoopback = either(range('127.0.0.0', 8), range('::1', 128))
const isMulticast = either(range('224.0.0.0', 4), range('ff00::', 8))
const isLinkLocalUnicast = either(range('169.254.0.0', 16), range('fe80::', 10))
const isBroadcast = range('255.255.255.255', 32)
// Whatever the flags are, which are the third digit.
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
