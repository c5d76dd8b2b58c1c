import { hostname, networkInterfaces } from 'node:os'
import type { ServeSettings } from '../settings.ts'

const ALWAYS = [
  'localhost',
  '127.0.0.1',
  '::1',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
] as const

type Addresses = Pick<ServeSettings, 'secure' | 'advertiseAddress' | 'externalHostname'>

/** The hosts that the own certificate is for: all by which a client may reach the server. */
export function certificateHosts({
  secure,
  advertiseAddress,
  externalHostname,
}: Addresses): readonly string[] {
  const bound = isUnspecified(secure.host) ? ownHosts() : [secure.host]
  const further = [advertiseAddress, externalHostname].filter((each) => each !== undefined)
  return [...new Set([...ALWAYS, ...bound, ...further])]
}

/** Host and port by which clients reach the server. */
export function clientAddress(
  { secure, advertiseAddress, externalHostname }: Addresses,
  port: number,
): string {
  const bound = isUnspecified(secure.host) ? '127.0.0.1' : secure.host
  const host = externalHostname ?? advertiseAddress ?? bound
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function isUnspecified(address: string): boolean {
  return /^(?:0\.0\.0\.0|[0:]+)$/.test(address)
}

function ownHosts(): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  // An address with a scope is of one link.
  const reachable = addresses.filter(({ scopeid = 0 }) => scopeid === 0).map(({ address }) => address)
  const name = hostname()
  return /^[a-z\d](?:[a-z\d.-]{0,251}[a-z\d])?$/i.test(name) ? [name, ...reachable] : reachable
}
