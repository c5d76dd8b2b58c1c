import type { Authenticator } from '../../authenticator/authenticator.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'

/** The globals that identify a runtime. */
interface MaybeNode {
  readonly process?: { readonly versions?: { readonly node?: unknown } }
}

/**
 * Ensures, before the first request, that this runtime provides the client certificates that an authenticator needs: those of TLS peers,
 * or Cloudflare's description of them. Adapters call it at construction.
 *
 * Bun's `node:https` server supports TLS but does not provide peer certificates; a Worker has no socket at all, and Deno and Bun have
 * no `request.cf`. Without this check, clients with a certificate would silently be unauthenticated there.
 *
 * @throws {ConfigurationError} if the runtime does not provide them; the message names the alternatives.
 */
export function requirePeerCertificates({ credentials }: Authenticator): void {
  const missing = [
    ...(credentials?.peerCertificates === true && !tellsPeerCertificates() ? [NO_PEER_CERTIFICATES] : []),
    ...(credentials?.tlsClientAuth === true && !mayBeCloudflare() ? [NO_TLS_CLIENT_AUTH] : []),
  ]
  if (missing.length === 0) return
  throw new ConfigurationError(missing.map((message) => ({ path: 'authenticator', message })))
}

const NO_PEER_CERTIFICATES =
  'it needs the certificates of TLS peers, and the servers of this runtime do not provide them: ' +
  'terminate TLS in a proxy and use certificateHeaders or a request header authenticator, ' +
  'use cloudflareCertificates on Cloudflare, or run on Node or Deno'

const NO_TLS_CLIENT_AUTH =
  'it needs the client certificates that Cloudflare provides, and this runtime is not Cloudflare: ' +
  'terminate TLS in a proxy and use certificateHeaders or a request header authenticator, ' +
  'or use clientCertificate with a server of node:https on Node or Deno'

/** Node counts too, since apps for Cloudflare are tested there with a mock `request.cf`. */
function mayBeCloudflare(): boolean {
  return !('Bun' in globalThis || 'Deno' in globalThis)
}

function tellsPeerCertificates(): boolean {
  // The sockets of Bun's `tls` have the method, but those of its HTTPS server do not (oven-sh/bun#37251). Cloudflare's runtime has the
  // class for compatibility with Node, but no server that uses it; only that runtime has `WebSocketPair`.
  if ('Bun' in globalThis || 'WebSocketPair' in globalThis) return false
  return typeof (globalThis as MaybeNode).process?.versions?.node === 'string'
}
