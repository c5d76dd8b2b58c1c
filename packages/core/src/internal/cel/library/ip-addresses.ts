import type { Environment } from '@marcbachmann/cel-js'
import { CelEvaluationError } from '../cel.ts'
import { registrar } from '../engine.ts'
import { Opaque } from '../values/opaque.ts'
import {
  type Address,
  isMappedAddress,
  isWithin,
  printedAddress,
  readAddress,
} from '@kube-authn/internal/ip-address'

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

/** The namespace `ip` of `ip.isCanonical(x)`. */
class IpFunctions {
  readonly name = 'ip'
}

/**
 * Registers IP addresses: `ip`, `isIP`, `ip.isCanonical` and their methods.
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
  // Each address has one canonical form.
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

/** Parses an address, except for IPv4-mapped IPv6 addresses. */
function plainAddress(text: string): Address | undefined {
  const address = readAddress(text)
  return address === undefined || isMappedAddress(address) ? undefined : address
}

/** @throws {CelEvaluationError} without repeating the string: it may come from a claim. */
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
