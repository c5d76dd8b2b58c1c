import type { Clock } from '@kube-authn/core'
import type { Issuer, IssuerFetch } from '@kube-authn/core/configuration'
import { createFetch } from './http/create-fetch.ts'
import type { Transport } from './http/endpoint.ts'

/** Where calls go through: `http` or `https` proxies, by `CONNECT`. */
export type EgressProxies = Readonly<
  Partial<Record<'cluster' | 'controlplane', { readonly proxyUrl: string }>>
>

/**
 * A `fetch` for an issuer of an `AuthenticationConfiguration`: with its certificate authority, through its egress.
 *
 * Source: kubernetes `pkg/kubeapiserver/authenticator/config.go`; KEP-3331 (`egressSelectorType`).
 *
 * @throws {Error} when there is no such egress.
 */
export function issuerFetch(
  { certificateAuthority, egressSelectorType }: Issuer,
  { egress, clock }: { readonly egress: EgressProxies; readonly clock: Clock },
): IssuerFetch {
  return createFetch(
    {
      ...(certificateAuthority !== '' && { ca: { pem: certificateAuthority } }),
      ...(egressSelectorType !== '' && { proxyUrl: proxyOf(egressSelectorType, egress) }),
    } satisfies Transport,
    { clock },
  )
}

function proxyOf(type: string, egress: EgressProxies): string {
  const proxy = type === 'cluster' || type === 'controlplane' ? egress[type] : undefined
  if (proxy === undefined) throw new Error(`there is no egress "${type}" here`)
  return proxy.proxyUrl
}
