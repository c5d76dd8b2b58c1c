/*
 * OpenSSL keeps the leaf of a session and forgets its intermediates (openssl/openssl#13673; Go keeps them), so the peer of a
 * resumed session seems to have presented its leaf alone. What it presented in the full handshake is kept here for it.
 *
 * Trust does not depend on this: the leaf comes from the session, intermediates prove nothing by themselves, and whoever can
 * write an entry holds the private key of its leaf. An entry that is gone, or that another process or another copy of this
 * package has, means that a chain does not verify. A server that resumes no sessions, as `tlsServerOptions` makes one, does not need it.
 */

/** Strangers can write entries too, one for each handshake, so both their number and their size are bounded. */
const MAX_CHAINS = 1000
const MAX_CHAIN_BYTES = 16_384

const chains = new Map<string, readonly Uint8Array[]>()

/** Keeps a chain that was presented in a full handshake, under the fingerprint of its leaf. */
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
  // To the end of the line: what is used is forgotten last.
  chains.delete(fingerprint)
  chains.set(fingerprint, chain)
  return chain
}
