import type { Revocation } from '@kube-authn/core/revocation'
import { hexOf } from '@kube-authn/internal/bytes'
import { rfc3339Of } from '@kube-authn/internal/rfc3339'
import type { KubeObject } from '../registry/kube-object.ts'
import { apiVersionOf } from '../registry/resource.ts'
import { credentialRevocations, MAX_REASON } from '../registry/resources/credential-revocations.ts'

/**
 * The object of a revocation. Its name is a digest of what it revokes, so the same revocation is written once, and none takes the place of another.
 *
 * @param name says what is revoked, to people who list revocations.
 */
export async function revocationObject(name: string, revocation: Revocation): Promise<KubeObject> {
  const { credentialId, tokenSha256, user, attribute, issuedBeforeMs, expiresAtMs } = revocation
  const spec = {
    ...(credentialId !== undefined && { credentialID: credentialId }),
    ...(tokenSha256 !== undefined && { tokenSHA256: tokenSha256 }),
    ...(user !== undefined && { user }),
    ...(attribute !== undefined && { attribute }),
    ...(issuedBeforeMs !== undefined && { issuedBefore: inWholeSeconds(issuedBeforeMs) }),
    ...(expiresAtMs !== undefined && { expirationTime: inWholeSeconds(expiresAtMs) }),
    reason: name.slice(0, MAX_REASON),
  }
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(spec)))
  return {
    apiVersion: apiVersionOf(credentialRevocations),
    kind: credentialRevocations.kind,
    metadata: { name: `revoked-${hexOf(new Uint8Array(digest))}` },
    spec,
  }
}

/** Times of the API have no fractions: later revokes more. */
function inWholeSeconds(timeMs: number): string {
  return rfc3339Of(Math.ceil(timeMs / 1000) * 1000)
}
