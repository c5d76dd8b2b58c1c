import type { Declarations } from '@kube-authn/api/internal'

/** Pods. Source: api `core/v1` of Kubernetes 1.36. */
export const POD_TYPES: Declarations = {
  in: 'io.k8s.api.core.v1',
  types: `
Pod
  metadata 1 ObjectMeta, spec 2 PodSpec, status 3 PodStatus
PodSpec
  volumes 1 [Volume] by(name) retainKeys, initContainers 20 [Container] by(name),
  containers 2 [Container]! by(name), ephemeralContainers 34 [EphemeralContainer] by(name),
  restartPolicy 3 string, terminationGracePeriodSeconds 4 int64?, activeDeadlineSeconds 5 int64?,
  dnsPolicy 6 string, nodeSelector 7 {string} atomic, serviceAccountName 8 string, serviceAccount 9 string,
  automountServiceAccountToken 21 bool?, nodeName 10 string, hostNetwork 11 bool, hostPID 12 bool,
  hostIPC 13 bool, shareProcessNamespace 27 bool?, securityContext 14 PodSecurityContext,
  imagePullSecrets 15 [LocalObjectReference] by(name), hostname 16 string, subdomain 17 string,
  affinity 18 Affinity, schedulerName 19 string, tolerations 22 [Toleration],
  hostAliases 23 [HostAlias] by(ip), priorityClassName 24 string, priority 25 int32?,
  dnsConfig 26 PodDNSConfig, readinessGates 28 [PodReadinessGate], runtimeClassName 29 string?,
  enableServiceLinks 30 bool?, preemptionPolicy 31 string?, overhead 32 {Quantity},
  topologySpreadConstraints 33 [TopologySpreadConstraint] by(topologyKey whenUnsatisfiable),
  setHostnameAsFQDN 35 bool?, os 36 PodOS, hostUsers 37 bool?,
  schedulingGates 38 [PodSchedulingGate] by(name), resourceClaims 39 [PodResourceClaim] by(name) retainKeys,
  resources 40 ResourceRequirements, hostnameOverride 41 string?, schedulingGroup 43 PodSchedulingGroup
PodSecurityContext
  seLinuxOptions 1 SELinuxOptions, windowsOptions 8 WindowsSecurityContextOptions, runAsUser 2 int64?,
  runAsGroup 6 int64?, runAsNonRoot 3 bool?, supplementalGroups 4 [int64],
  supplementalGroupsPolicy 12 string?, fsGroup 5 int64?, sysctls 7 [Sysctl], fsGroupChangePolicy 9 string?,
  seccompProfile 10 SeccompProfile, appArmorProfile 11 AppArmorProfile, seLinuxChangePolicy 13 string?
Sysctl
  name 1 string!, value 2 string!
Affinity
  nodeAffinity 1 NodeAffinity, podAffinity 2 PodAffinity, podAntiAffinity 3 PodAntiAffinity
NodeAffinity
  requiredDuringSchedulingIgnoredDuringExecution 1 NodeSelector,
  preferredDuringSchedulingIgnoredDuringExecution 2 [PreferredSchedulingTerm]
NodeSelector atomic
  nodeSelectorTerms 1 [NodeSelectorTerm]!
NodeSelectorTerm atomic
  matchExpressions 1 [NodeSelectorRequirement], matchFields 2 [NodeSelectorRequirement]
NodeSelectorRequirement
  key 1 string!, operator 2 string!, values 3 [string]
PreferredSchedulingTerm
  weight 1 int32!, preference 2 NodeSelectorTerm!
PodAffinity
  requiredDuringSchedulingIgnoredDuringExecution 1 [PodAffinityTerm],
  preferredDuringSchedulingIgnoredDuringExecution 2 [WeightedPodAffinityTerm]
PodAffinityTerm
  labelSelector 1 LabelSelector, namespaces 2 [string], topologyKey 3 string!,
  namespaceSelector 4 LabelSelector, matchLabelKeys 5 [string], mismatchLabelKeys 6 [string]
WeightedPodAffinityTerm
  weight 1 int32!, podAffinityTerm 2 PodAffinityTerm!
PodAntiAffinity
  requiredDuringSchedulingIgnoredDuringExecution 1 [PodAffinityTerm],
  preferredDuringSchedulingIgnoredDuringExecution 2 [WeightedPodAffinityTerm]
Toleration
  key 1 string, operator 2 string, value 3 string, effect 4 string, tolerationSeconds 5 int64?
HostAlias
  ip 1 string!, hostnames 2 [string]
PodDNSConfig
  nameservers 1 [string], searches 2 [string], options 3 [PodDNSConfigOption]
PodDNSConfigOption
  name 1 string, value 2 string?
PodReadinessGate
  conditionType 1 string!
TopologySpreadConstraint
  maxSkew 1 int32!, topologyKey 2 string!, whenUnsatisfiable 3 string!, labelSelector 4 LabelSelector,
  minDomains 5 int32?, nodeAffinityPolicy 6 string?, nodeTaintsPolicy 7 string?, matchLabelKeys 8 [string]
PodOS
  name 1 string!
PodSchedulingGate
  name 1 string!
PodResourceClaim
  name 1 string!, resourceClaimName 3 string?, resourceClaimTemplateName 4 string?
PodSchedulingGroup
  podGroupName 1 string?
PodStatus
  observedGeneration 17 int64, phase 1 string, conditions 2 [PodCondition] by(type), message 3 string,
  reason 4 string, nominatedNodeName 11 string, hostIP 5 string, hostIPs 16 [HostIP] merge(ip),
  podIP 6 string, podIPs 12 [PodIP] by(ip), startTime 7 Time, initContainerStatuses 10 [ContainerStatus],
  containerStatuses 8 [ContainerStatus], qosClass 9 string, ephemeralContainerStatuses 13 [ContainerStatus],
  resize 14 string, resourceClaimStatuses 15 [PodResourceClaimStatus] by(name) retainKeys,
  extendedResourceClaimStatus 18 PodExtendedResourceClaimStatus, allocatedResources 19 {Quantity},
  resources 20 ResourceRequirements,
  nodeAllocatableResourceClaimStatuses 21 [NodeAllocatableResourceClaimStatus]
PodCondition
  type 1 string!, observedGeneration 7 int64, status 2 string!, lastProbeTime 3 Time,
  lastTransitionTime 4 Time, reason 5 string, message 6 string
HostIP
  ip 1 string!
PodIP
  ip 1 string!
ContainerStatus
  name 1 string!, state 2 ContainerState, lastState 3 ContainerState, ready 4 bool!, restartCount 5 int32!,
  image 6 string!, imageID 7 string!, containerID 8 string, started 9 bool?,
  allocatedResources 10 {Quantity}, resources 11 ResourceRequirements,
  volumeMounts 12 [VolumeMountStatus] by(mountPath), user 13 ContainerUser,
  allocatedResourcesStatus 14 [ResourceStatus] by(name), stopSignal 15 string?
ContainerState
  waiting 1 ContainerStateWaiting, running 2 ContainerStateRunning, terminated 3 ContainerStateTerminated
ContainerStateWaiting
  reason 1 string, message 2 string
ContainerStateRunning
  startedAt 1 Time
ContainerStateTerminated
  exitCode 1 int32!, signal 2 int32, reason 3 string, message 4 string, startedAt 5 Time, finishedAt 6 Time,
  containerID 7 string
VolumeMountStatus
  name 1 string!, mountPath 2 string!, readOnly 3 bool, recursiveReadOnly 4 string?,
  volumeStatus 5 VolumeStatus
VolumeStatus
  image 1 ImageVolumeStatus
ImageVolumeStatus
  imageRef 1 string!
ContainerUser
  linux 1 LinuxContainerUser
LinuxContainerUser
  uid 1 int64!, gid 2 int64!, supplementalGroups 3 [int64]
ResourceStatus
  name 1 string!, resources 2 [ResourceHealth] map(resourceID)
ResourceHealth
  resourceID 1 string!, health 2 string, message 6 string?
PodResourceClaimStatus
  name 1 string!, resourceClaimName 2 string?
PodExtendedResourceClaimStatus
  requestMappings 1 [ContainerExtendedResourceRequest]!, resourceClaimName 2 string!
ContainerExtendedResourceRequest
  containerName 1 string!, resourceName 2 string!, requestName 3 string!
NodeAllocatableResourceClaimStatus
  resourceClaimName 1 string!, containers 2 [string] set, resources 3 {Quantity}!
`,
}
