import type { ConfigurationProblem } from '../authenticator/errors.ts'
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
} from '../internal/ip-address.ts'
import { type Check, listOf, must, wholeNumber } from '../internal/options/index.ts'
import type { AuthenticationRequest } from '../request/request.ts'

/**
 * The proxies whose word counts for where a request came from: how many of them a request comes through, or their addresses and ranges of
 * addresses (`10.0.0.0/8`, `::1`).
 */
export type TrustedProxies = number | readonly string[]

/** Tells where a request came from, the client first. */
export type SourceIPs = (request: AuthenticationRequest) => readonly string[]

const anAddressOrRange: Check = must(
  'must be an IP address or a range of them, as 10.0.0.0/8',
  (value) => typeof value === 'string' && rangeOf(value) !== undefined,
)

/** The check of {@link TrustedProxies}. */
export function someTrustedProxies(value: unknown, path: string): readonly ConfigurationProblem[] {
  if (Array.isArray(value)) return listOf(anAddressOrRange)(value, path)
  if (typeof value === 'number') return wholeNumber(0)(value, path)
  return [{ path, message: 'must be a number of proxies, or a list of their addresses and ranges' }]
}

/** A longer way is not told further. */
const MAX_ADDRESSES = 32

/**
 * Where requests come from: the address of the peer, and before it those that its proxies saw, as far back as each was seen by a proxy that is
 * trusted. What stands before that in `X-Forwarded-For` is the word of a client. `X-Real-Ip` counts where there is no `X-Forwarded-For`.
 *
 * Source: apimachinery `pkg/util/net/http.go` (`SourceIPs`), for the order and what is an address.
 *
 * Deviation: kube-apiserver takes the word of every client (`docs/deviations.md`, source addresses).
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
  // The peer need not have an address then: a proxy may come through a Unix socket.
  if (typeof proxies === 'number') return (_, hops) => hops < proxies
  const ranges = proxies.flatMap((text) => rangeOf(text) ?? [])
  return (address) =>
    address !== undefined && ranges.some((range) => isWithin(address, range.address, range.prefixLength))
}

/** What proxies say, the nearest first; `undefined` for what is no address. */
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
      // `lastIndexOf` counts a negative position as the first.
      end = comma <= 0 ? -1 : comma
    }
  }
}

/** A peer in a network of its own link has the name of its interface behind a `%`. */
function addressOf(text: string): Address | undefined {
  const address = readAddress(text.replace(/%.*$/s, ''))
  return address && unmappedAddress(address)
}

function rangeOf(text: string): IpAddressRange | undefined {
  if (text.includes('/')) {
    const range = readAddressRange(text)
    // Addresses are compared without those clothes.
    return range === undefined || isMappedAddress(range.address) ? undefined : range
  }
  const address = addressOf(text)
  return address && { address, prefixLength: BITS[address.family] }
}
