import type { Authenticator } from '../../authenticator/authenticator.ts'
import { ConfigurationError } from '../../authenticator/errors.ts'
import { nodeBuiltin } from '../../internal/node-builtin.ts'

/** What of `node:tls` is looked at. */
interface NodeTls {
  readonly TLSSocket?: { readonly prototype?: { readonly getPeerCertificate?: unknown } }
}

/**
 * Makes sure, before the first request, that an authenticator that counts on the certificates of TLS peers can get them from
 * this runtime's HTTP servers, and one that counts on what Cloudflare tells of them is not where nobody tells. Adapters call it when
 * they are made.
 *
 * Bun's `node:https` server has TLS and does not tell the certificates of a peer; a Worker has no socket at all, and Deno and Bun have
 * no `request.cf`. Without this, everybody with a certificate would just be nobody there.
 *
 * @throws {ConfigurationError} when the runtime does not tell; the message says what to do instead.
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
  'it needs the certificates of TLS peers, and the servers of this runtime do not tell them: ' +
  'end TLS in a proxy and use certificateHeaders or a request header authenticator, ' +
  'use cloudflareCertificates on Cloudflare, or run on Node or Deno'

const NO_TLS_CLIENT_AUTH =
  'it needs what Cloudflare tells of client certificates, and this runtime is not Cloudflare: ' +
  'end TLS in a proxy and use certificateHeaders or a request header authenticator, ' +
  'or use clientCertificate with a server of node:https on Node or Deno'

/** Node is where apps for Cloudflare are tested, with a `request.cf` of their own. */
function mayBeCloudflare(): boolean {
  return !('Bun' in globalThis || 'Deno' in globalThis)
}

function tellsPeerCertificates(): boolean {
  // The sockets of Bun's `tls` have the method, but those of its HTTPS server are others (oven-sh/bun#37251). Cloudflare's
  // runtime has the class for Node's sake, and no server that hands it out; `WebSocketPair` is nowhere else.
  if ('Bun' in globalThis || 'WebSocketPair' in globalThis) return false
  const tls = nodeBuiltin('node:tls') as NodeTls | undefined
  return typeof tls?.TLSSocket?.prototype?.getPeerCertificate === 'function'
}
