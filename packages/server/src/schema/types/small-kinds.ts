import type { Declarations } from '@kube-authn/api/internal'

/** Kinds with few fields. Source: api `core/v1` of Kubernetes 1.36. */
export const SMALL_KIND_TYPES: Declarations = {
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
`,
}
