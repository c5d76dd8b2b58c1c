import type { Declarations } from '@kube-authn/api/internal'

/** Revocations of credentials, which Kubernetes does not have: they are of our own group. */
export const REVOCATION_TYPES: Declarations = {
  in: 'dev.kube-authn.api.authentication.v1',
  types: `
CredentialRevocation
  metadata 1 ObjectMeta, spec 2 CredentialRevocationSpec!
CredentialRevocationSpec
  credentialID 1 string, tokenSHA256 2 string, user 3 string, issuedBefore 4 Time, attribute 5 RevokedAttribute,
  expirationTime 6 Time, reason 7 string, revokedBy 8 string
RevokedAttribute atomic
  key 1 string!, value 2 string!
`,
}
