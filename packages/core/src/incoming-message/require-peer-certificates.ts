import type { Authenticator } from '../authenticator.ts'
import { ConfigurationError } from '../errors.ts'
import { nodeBuiltin } from '../node-builtin.ts'

/** What of `node:tls` is looked at. */
interface NodeTls {
  readonly TLSSocket?: { readonly prototype?: { readonly getPeerCertificate?: unknown } }
}

/**
 * Makes sure, before the first request, that an authenticator that counts on the certificates of TLS peers can get them from
 * this runtime's HTTP servers. Adapters call it when they are made.
 *
 * Bun's `node:https` server has TLS and does not tell the certificates of a peer; a Worker has no socket at all. Without this,
 * everybody with a certificate would just be nobody there.
 *
 * @throws {ConfigurationError} when the runtime does not tell; the message says what to do instead.
 */
export function requirePeerCertificates(authenticator: Authenticator): void {
  if (authenticator.credentials?.peerCertificates !== true || tellsPeerCertificates()) return
  throw new ConfigurationError([
    {
      path: 'authenticator',
      message:
        'it needs the certificates of TLS peers, and the servers of this runtime do not tell them: ' +
        'end TLS in a proxy and use certificateHeaders or a request header authenticator, ' +
        'use cloudflareCertificates on Cloudflare, or run on Node or Deno',
    },
  ])
}

function tellsPeerCertificates(): boolean {
  // The sockets of Bun's `tls` have the method, but those of its HTTPS server are others (oven-sh/bun#37251). Cloudflare's
  // runtime has the class for Node's sake, and no server that hands it out; `WebSocketPair` is nowhere else.
  if ('Bun' in globalThis || 'WebSocketPair' in globalThis) return false
  const tls = nodeBuiltin('node:tls') as NodeTls | undefined
  return typeof tls?.TLSSocket?.prototype?.getPeerCertificate === 'function'
}
