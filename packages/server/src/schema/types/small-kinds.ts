import type { Declarations } from '@kube-authn/api/internal'

/** The kinds with few fields. Source: api of Kubernetes 1.36; it has no revocations of credentials, which are of our own group. */
export const SMALL_KIND_TYPES: readonly Declarations[] = [
  {
    in: 'io.k8s.api.core.v1',
    types: `
Namespace
  metadata 1 ObjectMeta, spec 2 NamespaceSpec, status 3 NamespaceStatus
NamespaceSpec
  finalizers 1 [string]
NamespaceStatus
  phase 1 string, conditions 2 [NamespaceCondition] by(type)
NamespaceCondition
  type 1 string!, status 2 string!, lastTransitionTime 4 Time, reason 5 string, message 6 string
ServiceAccount
  metadata 1 ObjectMeta, secrets 2 [ObjectReference] by(name), imagePullSecrets 3 [LocalObjectReference],
  automountServiceAccountToken 4 bool?
ObjectReference atomic
  kind 1 string, namespace 2 string, name 3 string, uid 4 string, apiVersion 5 string,
  resourceVersion 6 string, fieldPath 7 string
LocalObjectReference atomic
  name 1 string
Secret
  metadata 1 ObjectMeta, immutable 5 bool?, data 2 {bytes}, stringData 4 {string}, type 3 string
ConfigMap
  metadata 1 ObjectMeta, immutable 4 bool?, data 2 {string}, binaryData 3 {bytes}
Event
  metadata 1 ObjectMeta!, involvedObject 2 ObjectReference!, reason 3 string, message 4 string,
  source 5 EventSource, firstTimestamp 6 Time, lastTimestamp 7 Time, count 8 int32, type 9 string,
  eventTime 10 MicroTime, series 11 EventSeries, action 12 string, related 13 ObjectReference,
  reportingComponent 14 string, reportingInstance 15 string
EventSource
  component 1 string, host 2 string
EventSeries
  count 1 int32, lastObservedTime 2 MicroTime
`,
  },
  {
    in: 'io.k8s.api.coordination.v1',
    types: `
Lease
  metadata 1 ObjectMeta, spec 2 LeaseSpec
LeaseSpec
  holderIdentity 1 string?, leaseDurationSeconds 2 int32?, acquireTime 3 MicroTime, renewTime 4 MicroTime,
  leaseTransitions 5 int32?, strategy 6 string?, preferredHolder 7 string?
`,
  },
  {
    in: 'io.k8s.api.policy.v1',
    types: `
Eviction
  metadata 1 ObjectMeta, deleteOptions 2 DeleteOptions
`,
  },
  {
    in: 'io.k8s.api.rbac.v1',
    types: `
Role
  metadata 1 ObjectMeta, rules 2 [PolicyRule]
PolicyRule
  verbs 1 [string]!, apiGroups 2 [string], resources 3 [string], resourceNames 4 [string],
  nonResourceURLs 5 [string]
ClusterRole
  metadata 1 ObjectMeta, rules 2 [PolicyRule], aggregationRule 3 AggregationRule?
AggregationRule
  clusterRoleSelectors 1 [LabelSelector]
RoleBinding
  metadata 1 ObjectMeta, subjects 2 [Subject], roleRef 3 RoleRef!
Subject atomic
  kind 1 string!, apiGroup 2 string, name 3 string!, namespace 4 string
RoleRef atomic
  apiGroup 1 string, kind 2 string!, name 3 string!
ClusterRoleBinding
  metadata 1 ObjectMeta, subjects 2 [Subject], roleRef 3 RoleRef!
`,
  },
  {
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
  },
  {
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
  },
]
