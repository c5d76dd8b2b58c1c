import type { Clock } from '@kube-authn/core'
import type { Issuer, IssuerFetch } from '@kube-authn/core/internal'
import { createFetch } from './http/create-fetch.ts'
import type { Transport } from './http/endpoint.ts'

/** Egress proxies: `http` or `https`, used with `CONNECT`. */
export type EgressProxies = Readonly<
  Partial<Record<'cluster' | 'controlplane', { readonly proxyUrl: string }>>
>

/**
 * A `fetch` for an issuer of an `AuthenticationConfiguration`, with its CA and egress proxy.
 *
 * Source: kubernetes `pkg/kubeapiserver/authenticator/config.go`; KEP-3331 (`egressSelectorType`).
 *
 * @throws {Error} if there is no such egress.
 */
export function issuerFetch(
  { certificateAuthority, egressSelectorType }: Issuer,
  { egress, clock }: { readonly egress: EgressProxies; readonly clock: Clock },
): IssuerFetch {
  return createFetch(
    {
      ...(certificateAuthority !== '' && { ca: certificateAuthority }),
      ...(egressSelectorType !== '' && { proxyUrl: proxyOf(egressSelectorType, egress) }),
    } satisfies Transport,
    { clock },
  )
}

function proxyOf(type: string, egress: EgressProxies): string {
  const proxy = type === 'cluster' || type === 'controlplane' ? egress[type] : undefined
  if (proxy === undefined) throw new Error(`the egress "${type}" is not configured`)
  return proxy.proxyUrl
}
