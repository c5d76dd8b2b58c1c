// The reference for certificates: OpenSSL's parser and signatures by node:crypto, and the simplest search.
import { X509Certificate } from 'node:crypto'

/** A certificate as OpenSSL parses it; `undefined` if it fails. */
export function readByReference(der) {
  try {
    return new X509Certificate(der)
  } catch {
    return undefined
  }
}

export function isInTime(x509, nowMs) {
  return Date.parse(x509.validFrom) <= nowMs && nowMs <= Date.parse(x509.validTo)
}

function isSignedBy(child, issuer) {
  try {
    return child.issuer === issuer.subject && child.verify(issuer.publicKey)
  } catch {
    return false
  }
}

/**
 * Whether a valid chain exists. Path lengths, purposes and critical extensions, which node:crypto does not expose, are those that the certificates
 * were created with.
 *
 * @param leaf, presented, roots `{ x509, made }` each.
 */
export function hasChain({ leaf, presented, roots, nowMs, purpose, anyPurpose }) {
  const allows = ({ made }) =>
    made.purposes === undefined || made.purposes.some((each) => each === purpose || each === anyPurpose)
  const isSound = ({ x509, made }) => isInTime(x509, nowMs) && made.critical === undefined
  if (!isSound(leaf)) return false
  if (roots.some(({ x509 }) => x509.raw.equals(leaf.x509.raw))) return allows(leaf)

  const isSameAuthority = (one, other) =>
    one.x509.subject === other.x509.subject && one.x509.publicKey.equals(other.x509.publicKey)
  const leads = (chain) => {
    const last = chain.at(-1)
    const fits = (issuer) =>
      isSound(issuer) &&
      issuer.x509.ca &&
      (issuer.made.pathLength === undefined || chain.length - 1 <= issuer.made.pathLength) &&
      !chain.some((each) => isSameAuthority(each, issuer)) &&
      isSignedBy(last.x509, issuer.x509)
    if (roots.some((root) => fits(root) && [...chain, root].every(allows))) return true
    return presented.some((issuer) => fits(issuer) && leads([...chain, issuer]))
  }
  return leads([leaf])
}
