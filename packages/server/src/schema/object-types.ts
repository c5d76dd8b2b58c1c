import { type Declarations, type ObjectType, parseTypes } from '@kube-authn/api/internal'
import { POD_TYPES } from './types/pods.ts'

let types: ReadonlyMap<string, ObjectType> | undefined

/** All types, by name. They are read when they are first needed. */
function allTypes(): ReadonlyMap<string, ObjectType> {
  types ??= parseTypes([...KIND_TYPES, POD_TYPES])
  return types
}

/** The type of this name; a kind is the name of its type. `undefined` if there is none. */
export function objectTypeOf(name: string): ObjectType | undefined {
  return allTypes().get(name)
}

/** Metadata, options, and the kinds but pods. Source: apimachinery and api of Kubernetes 1.36; it has no revocations of credentials, which are of our own group. */
const KIND_TYPES: readonly Declarations[] = [
  {
    in: 'io.k8s.apimachinery.pkg.apis.meta.v1',
    types: `
ObjectMeta: name 1 string, generateName 2 string, namespace 3 string, selfLink 4 string, uid 5 string,
  resourceVersion 6 string, generation 7 int64, creationTimestamp 8 Time, deletionTimestamp 9 Time,
  deletionGracePeriodSeconds 10 int64?, labels 11 {string}, annotations 12 {string},
  ownerReferences 13 [OwnerReference] by(uid), finalizers 14 [string] merge set,
  managedFields 17 [ManagedFieldsEntry]
OwnerReference atomic: apiVersion 5 string!, kind 1 string!, name 3 string!, uid 4 string!,
  controller 6 bool?, blockOwnerDeletion 7 bool?
ManagedFieldsEntry: manager 1 string, operation 2 string, apiVersion 3 string, time 4 Time,
  fieldsType 6 string, fieldsV1 7 FieldsV1, subresource 8 string
LabelSelector atomic: matchLabels 1 {string}, matchExpressions 2 [LabelSelectorRequirement]
LabelSelectorRequirement: key 1 string!, operator 2 string!, values 3 [string]
Condition: type 1 string!, status 2 string!, observedGeneration 3 int64, lastTransitionTime 4 Time!,
  reason 5 string!, message 6 string!
DeleteOptions: gracePeriodSeconds 1 int64?, preconditions 2 Preconditions, orphanDependents 3 bool?,
  propagationPolicy 4 string?, dryRun 5 [string], ignoreStoreReadErrorWithClusterBreakingPotential 6 bool?
Preconditions: uid 1 string?, resourceVersion 2 string?
`,
  },
  {
    in: 'io.k8s.api.core.v1',
    types: `
Namespace: metadata 1 ObjectMeta, spec 2 NamespaceSpec, status 3 NamespaceStatus
NamespaceSpec: finalizers 1 [string]
NamespaceStatus: phase 1 string, conditions 2 [NamespaceCondition] by(type)
NamespaceCondition: type 1 string!, status 2 string!, lastTransitionTime 4 Time, reason 5 string,
  message 6 string
ServiceAccount: metadata 1 ObjectMeta, secrets 2 [ObjectReference] by(name),
  imagePullSecrets 3 [LocalObjectReference], automountServiceAccountToken 4 bool?
ObjectReference atomic: kind 1 string, namespace 2 string, name 3 string, uid 4 string, apiVersion 5 string,
  resourceVersion 6 string, fieldPath 7 string
LocalObjectReference atomic: name 1 string
Secret: metadata 1 ObjectMeta, immutable 5 bool?, data 2 {bytes}, stringData 4 {string}, type 3 string
ConfigMap: metadata 1 ObjectMeta, immutable 4 bool?, data 2 {string}, binaryData 3 {bytes}
Event: metadata 1 ObjectMeta!, involvedObject 2 ObjectReference!, reason 3 string, message 4 string,
  source 5 EventSource, firstTimestamp 6 Time, lastTimestamp 7 Time, count 8 int32, type 9 string,
  eventTime 10 MicroTime, series 11 EventSeries, action 12 string, related 13 ObjectReference,
  reportingComponent 14 string, reportingInstance 15 string
EventSource: component 1 string, host 2 string
EventSeries: count 1 int32, lastObservedTime 2 MicroTime
Node: metadata 1 ObjectMeta, spec 2 NodeSpec, status 3 NodeStatus
NodeSpec: podCIDR 1 string, podCIDRs 7 [string] merge set, providerID 3 string, unschedulable 4 bool,
  taints 5 [Taint], configSource 6 NodeConfigSource, externalID 2 string
Taint: key 1 string!, value 2 string, effect 3 string!, timeAdded 4 Time
NodeConfigSource: configMap 2 ConfigMapNodeConfigSource
ConfigMapNodeConfigSource: namespace 1 string!, name 2 string!, uid 3 string, resourceVersion 4 string,
  kubeletConfigKey 5 string!
NodeStatus: capacity 1 {Quantity}, allocatable 2 {Quantity}, phase 3 string,
  conditions 4 [NodeCondition] by(type), addresses 5 [NodeAddress] by(type),
  daemonEndpoints 6 NodeDaemonEndpoints, nodeInfo 7 NodeSystemInfo, images 8 [ContainerImage],
  volumesInUse 9 [string], volumesAttached 10 [AttachedVolume], config 11 NodeConfigStatus,
  runtimeHandlers 12 [NodeRuntimeHandler], features 13 NodeFeatures, declaredFeatures 14 [string]
NodeCondition: type 1 string!, status 2 string!, lastHeartbeatTime 3 Time, lastTransitionTime 4 Time,
  reason 5 string, message 6 string
NodeAddress: type 1 string!, address 2 string!
NodeDaemonEndpoints: kubeletEndpoint 1 DaemonEndpoint
DaemonEndpoint: Port 1 int32!
NodeSystemInfo: machineID 1 string!, systemUUID 2 string!, bootID 3 string!, kernelVersion 4 string!,
  osImage 5 string!, containerRuntimeVersion 6 string!, kubeletVersion 7 string!, kubeProxyVersion 8 string!,
  operatingSystem 9 string!, architecture 10 string!, swap 11 NodeSwapStatus
NodeSwapStatus: capacity 1 int64?
ContainerImage: names 1 [string], sizeBytes 2 int64
AttachedVolume: name 1 string!, devicePath 2 string!
NodeConfigStatus: assigned 1 NodeConfigSource, active 2 NodeConfigSource, lastKnownGood 3 NodeConfigSource,
  error 4 string
NodeRuntimeHandler: name 1 string?, features 2 NodeRuntimeHandlerFeatures
NodeRuntimeHandlerFeatures: recursiveReadOnlyMounts 1 bool?, userNamespaces 2 bool?
NodeFeatures: supplementalGroupsPolicy 1 bool?
Service: metadata 1 ObjectMeta, spec 2 ServiceSpec, status 3 ServiceStatus
ServiceSpec: ports 1 [ServicePort] merge(port) map(port protocol), selector 2 {string} atomic,
  clusterIP 3 string, clusterIPs 18 [string], type 4 string, externalIPs 5 [string], sessionAffinity 7 string,
  loadBalancerIP 8 string, loadBalancerSourceRanges 9 [string], externalName 10 string,
  externalTrafficPolicy 11 string, healthCheckNodePort 12 int32, publishNotReadyAddresses 13 bool,
  sessionAffinityConfig 14 SessionAffinityConfig, ipFamilies 19 [string], ipFamilyPolicy 17 string?,
  allocateLoadBalancerNodePorts 20 bool?, loadBalancerClass 21 string?, internalTrafficPolicy 22 string?,
  trafficDistribution 23 string?
ServicePort: name 1 string, protocol 2 string, appProtocol 6 string?, port 3 int32!, targetPort 4 IntOrString,
  nodePort 5 int32
SessionAffinityConfig: clientIP 1 ClientIPConfig
ClientIPConfig: timeoutSeconds 1 int32?
ServiceStatus: loadBalancer 1 LoadBalancerStatus, conditions 2 [Condition] by(type)
LoadBalancerStatus: ingress 1 [LoadBalancerIngress]
LoadBalancerIngress: ip 1 string, hostname 2 string, ipMode 3 string?, ports 4 [PortStatus]
PortStatus: port 1 int32!, protocol 2 string!, error 3 string?
`,
  },
  {
    in: 'io.k8s.api.coordination.v1',
    types: `
Lease: metadata 1 ObjectMeta, spec 2 LeaseSpec
LeaseSpec: holderIdentity 1 string?, leaseDurationSeconds 2 int32?, acquireTime 3 MicroTime,
  renewTime 4 MicroTime, leaseTransitions 5 int32?, strategy 6 string?, preferredHolder 7 string?
`,
  },
  {
    in: 'io.k8s.api.policy.v1',
    types: `
Eviction: metadata 1 ObjectMeta, deleteOptions 2 DeleteOptions
`,
  },
  {
    in: 'io.k8s.api.rbac.v1',
    types: `
Role: metadata 1 ObjectMeta, rules 2 [PolicyRule]
PolicyRule: verbs 1 [string]!, apiGroups 2 [string], resources 3 [string], resourceNames 4 [string],
  nonResourceURLs 5 [string]
ClusterRole: metadata 1 ObjectMeta, rules 2 [PolicyRule], aggregationRule 3 AggregationRule?
AggregationRule: clusterRoleSelectors 1 [LabelSelector]
RoleBinding: metadata 1 ObjectMeta, subjects 2 [Subject], roleRef 3 RoleRef!
Subject atomic: kind 1 string!, apiGroup 2 string, name 3 string!, namespace 4 string
RoleRef atomic: apiGroup 1 string, kind 2 string!, name 3 string!
ClusterRoleBinding: metadata 1 ObjectMeta, subjects 2 [Subject], roleRef 3 RoleRef!
`,
  },
  {
    in: 'io.k8s.api.certificates.v1',
    types: `
CertificateSigningRequest: metadata 1 ObjectMeta, spec 2 CertificateSigningRequestSpec!,
  status 3 CertificateSigningRequestStatus
CertificateSigningRequestSpec: request 1 bytes!, signerName 7 string!, expirationSeconds 8 int32?,
  usages 5 [string], username 2 string, uid 3 string, groups 4 [string], extra 6 {ExtraValue}
CertificateSigningRequestStatus: conditions 1 [CertificateSigningRequestCondition] map(type),
  certificate 2 bytes
CertificateSigningRequestCondition: type 1 string!, status 6 string!, reason 2 string, message 3 string,
  lastUpdateTime 4 Time, lastTransitionTime 5 Time
`,
  },
  {
    in: 'dev.kube-authn.api.authentication.v1',
    types: `
CredentialRevocation: metadata 1 ObjectMeta, spec 2 CredentialRevocationSpec!
CredentialRevocationSpec: credentialID 1 string, tokenSHA256 2 string, user 3 string, issuedBefore 4 Time,
  attribute 5 RevokedAttribute, expirationTime 6 Time, reason 7 string, revokedBy 8 string
RevokedAttribute atomic: key 1 string!, value 2 string!
`,
  },
]
