import type { Declarations } from '@kube-authn/api/internal'

/** Certificate signing requests. Source: api `certificates/v1` of Kubernetes 1.36. */
export const CERTIFICATE_TYPES: Declarations = {
  in: 'io.k8s.api.certificates.v1',
  types: `
CertificateSigningRequest
  metadata 1 ObjectMeta, spec 2 CertificateSigningRequestSpec!, status 3 CertificateSigningRequestStatus
CertificateSigningRequestSpec
  request 1 bytes!, signerName 7 string!, expirationSeconds 8 int32?, usages 5 [string], username 2 string,
  uid 3 string, groups 4 [string], extra 6 {ExtraValue}
CertificateSigningRequestStatus
  conditions 1 [CertificateSigningRequestCondition] map(type), certificate 2 bytes
CertificateSigningRequestCondition
  type 1 string!, status 6 string!, reason 2 string, message 3 string, lastUpdateTime 4 Time,
  lastTransitionTime 5 Time
`,
}
