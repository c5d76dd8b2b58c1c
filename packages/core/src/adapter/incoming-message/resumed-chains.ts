/*
 * OpenSSL keeps the leaf of a session but not its intermediates (openssl/openssl#13673; Go keeps them), so the peer of a resumed session
 * appears to have presented only its leaf. This module keeps the chains of full handshakes.
 *
 * Trust does not depend on it: the leaf comes from the session, intermediates prove nothing by themselves, and only the holder of a leaf's
 * private key can write its entry. If an entry was evicted, or is in another process or another copy of this package, the chain does not
 * verify. Servers that do not resume sessions, such as those made with `tlsServerOptions`, do not need this.
 */

/** Any client can add an entry with a handshake, so both the number and the size of entries are limited. */
const MAX_CHAINS = 1000
const MAX_CHAIN_BYTES = 16_384

const chains = new Map<string, readonly Uint8Array[]>()

/** Stores a chain that was presented in a full handshake, under the fingerprint of its leaf. */
export function rememberChain(fingerprint: string | undefined, chain: readonly Uint8Array[]): void {
  if (fingerprint === undefined) return
  chains.delete(fingerprint)
  const size = chain.reduce((sum, certificate) => sum + certificate.length, 0)
  if (chain.length < 2 || size > MAX_CHAIN_BYTES) return
  chains.set(fingerprint, chain)
  if (chains.size <= MAX_CHAINS) return
  const [oldest] = chains.keys()
  if (oldest !== undefined) chains.delete(oldest)
}

/** The chain last presented with this leaf in a full handshake. */
export function recallChain(fingerprint: string | undefined): readonly Uint8Array[] | undefined {
  if (fingerprint === undefined) return undefined
  const chain = chains.get(fingerprint)
  if (chain === undefined) return undefined
  // Moves it to the end: the least recently used entry is evicted first.
  chains.delete(fingerprint)
  chains.set(fingerprint, chain)
  return chain
}
