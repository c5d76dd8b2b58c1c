import type { AuthenticationRequest, ConfigurationProblem } from '@kube-authn/core'
import { type Check, must } from '@kube-authn/core/internal'
import { listOf, wholeNumber } from '@kube-authn/core/adapter'
import {
  type Address,
  BITS,
  type IpAddressRange,
  isMappedAddress,
  isWithin,
  printedAddress,
  readAddress,
  readAddressRange,
  unmappedAddress,
} from '@kube-authn/internal/ip-address'

/**
 * The proxies that are trusted to report where a request came from: their number, or their addresses and address ranges (`10.0.0.0/8`,
 * `::1`).
 */
export type TrustedProxies = number | readonly string[]

/** The source addresses of a request, the client first. */
export type SourceIPs = (request: AuthenticationRequest) => readonly string[]

const anAddressOrRange: Check = must(
  'must be an IP address or a range of them, as 10.0.0.0/8',
  (value) => typeof value === 'string' && rangeOf(value) !== undefined,
)

export function someTrustedProxies(value: unknown, path: string): readonly ConfigurationProblem[] {
  if (Array.isArray(value)) return listOf(anAddressOrRange)(value, path)
  if (typeof value === 'number') return wholeNumber(0)(value, path)
  return [{ path, message: 'must be a number of proxies, or a list of their addresses and ranges' }]
}

/** Further addresses are omitted. */
const MAX_ADDRESSES = 32

/**
 * The source addresses of requests: the peer address, preceded by the addresses that trusted proxies reported. Earlier entries of
 * `X-Forwarded-For` come from the client and are ignored. `X-Real-Ip` is used only without `X-Forwarded-For`.
 *
 * Source: apimachinery `pkg/util/net/http.go` (`SourceIPs`), for the order and the syntax of addresses.
 *
 * Deviation: kube-apiserver trusts these headers from every client (`docs/deviations.md`, source addresses).
 */
export function sourceIPsBehind(trustedProxies: TrustedProxies): SourceIPs {
  const isTrusted = trustOf(trustedProxies)
  return function sourceIPs(request) {
    const peer = addressOf(request.remoteAddress?.() ?? '')
    const way: Address[] = peer === undefined ? [] : [peer]
    // The headers of a request that is refused unread cannot be read.
    if (isTrusted(peer, 0) && request.refusal === undefined) {
      let hops = 1
      for (const address of forwardedFor(request)) {
        if (address === undefined || way.length === MAX_ADDRESSES) break
        way.push(address)
        if (!isTrusted(address, hops++)) break
      }
    }
    return way.map(printedAddress).toReversed()
  }
}

type IsTrusted = (address: Address | undefined, hops: number) => boolean

function trustOf(proxies: TrustedProxies): IsTrusted {
  // With a number, the peer need not have an address: a proxy may connect through a Unix socket.
  if (typeof proxies === 'number') return (_, hops) => hops < proxies
  const ranges = proxies.flatMap((text) => rangeOf(text) ?? [])
  return (address) =>
    address !== undefined && ranges.some((range) => isWithin(address, range.address, range.prefixLength))
}

/** The addresses that proxies reported, the nearest first; `undefined` for anything that is not an address. */
function* forwardedFor({ headers }: AuthenticationRequest): Generator<Address | undefined> {
  const forwarded = headers.all('x-forwarded-for')
  if (forwarded.length === 0) {
    const real = headers.first('x-real-ip')
    if (real !== undefined) yield addressOf(real)
    return
  }
  for (const value of forwarded.toReversed()) {
    for (let end = value.length; end >= 0;) {
      const comma = value.lastIndexOf(',', end - 1)
      yield addressOf(value.slice(comma + 1, end).trim())
      // `lastIndexOf` treats a negative position as 0.
      end = comma <= 0 ? -1 : comma
    }
  }
}

/** A link-local peer address ends with `%` and the name of the interface. */
function addressOf(text: string): Address | undefined {
  const address = readAddress(text.replace(/%.*$/s, ''))
  return address && unmappedAddress(address)
}

function rangeOf(text: string): IpAddressRange | undefined {
  if (text.includes('/')) {
    const range = readAddressRange(text)
    // Addresses are unmapped before they are compared.
    return range === undefined || isMappedAddress(range.address) ? undefined : range
  }
  const address = addressOf(text)
  return address && { address, prefixLength: BITS[address.family] }
}
