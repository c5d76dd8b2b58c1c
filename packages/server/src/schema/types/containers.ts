import type { Declarations } from '@kube-authn/api/internal'

/** What a container and an ephemeral one have in common. */
const CONTAINER_FIELDS = `  name 1 string!, image 2 string, command 3 [string], args 4 [string], workingDir 5 string,
  ports 6 [ContainerPort] by(containerPort protocol), envFrom 19 [EnvFromSource], env 7 [EnvVar] by(name),
  resources 8 ResourceRequirements, resizePolicy 23 [ContainerResizePolicy], restartPolicy 24 string?,
  restartPolicyRules 25 [ContainerRestartRule], volumeMounts 9 [VolumeMount] by(mountPath),
  volumeDevices 21 [VolumeDevice] by(devicePath), livenessProbe 10 Probe, readinessProbe 11 Probe,
  startupProbe 22 Probe, lifecycle 12 Lifecycle, terminationMessagePath 13 string,
  terminationMessagePolicy 20 string, imagePullPolicy 14 string, securityContext 15 SecurityContext,
  stdin 16 bool, stdinOnce 17 bool, tty 18 bool`

/** The containers of pods. Source: api `core/v1` of Kubernetes 1.36. */
export const CONTAINER_TYPES: Declarations = {
  in: 'io.k8s.api.core.v1',
  types: `
Container
${CONTAINER_FIELDS}
ContainerPort
  name 1 string, hostPort 2 int32, containerPort 3 int32!, protocol 4 string, hostIP 5 string
EnvFromSource
  prefix 1 string, configMapRef 2 ConfigMapEnvSource, secretRef 3 SecretEnvSource
ConfigMapEnvSource
  localObjectReference 1 LocalObjectReference inline, optional 2 bool?
SecretEnvSource
  localObjectReference 1 LocalObjectReference inline, optional 2 bool?
EnvVar
  name 1 string!, value 2 string, valueFrom 3 EnvVarSource
EnvVarSource
  fieldRef 1 ObjectFieldSelector, resourceFieldRef 2 ResourceFieldSelector,
  configMapKeyRef 3 ConfigMapKeySelector, secretKeyRef 4 SecretKeySelector, fileKeyRef 5 FileKeySelector
ConfigMapKeySelector atomic
  localObjectReference 1 LocalObjectReference inline, key 2 string!, optional 3 bool?
SecretKeySelector atomic
  localObjectReference 1 LocalObjectReference inline, key 2 string!, optional 3 bool?
FileKeySelector atomic
  volumeName 1 string!, path 2 string!, key 3 string!, optional 4 bool?
ResourceRequirements
  limits 1 {Quantity}, requests 2 {Quantity}, claims 3 [ResourceClaim] map(name)
ResourceClaim
  name 1 string!, request 2 string
ContainerResizePolicy
  resourceName 1 string!, restartPolicy 2 string!
ContainerRestartRule
  action 1 string!, exitCodes 2 ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes
  operator 1 string!, values 2 [int32] set
VolumeMount
  name 1 string!, readOnly 2 bool, recursiveReadOnly 7 string?, mountPath 3 string!, subPath 4 string,
  mountPropagation 5 string?, subPathExpr 6 string
VolumeDevice
  name 1 string!, devicePath 2 string!
Probe
  handler 1 ProbeHandler inline, initialDelaySeconds 2 int32, timeoutSeconds 3 int32, periodSeconds 4 int32,
  successThreshold 5 int32, failureThreshold 6 int32, terminationGracePeriodSeconds 7 int64?
ProbeHandler
  exec 1 ExecAction, httpGet 2 HTTPGetAction, tcpSocket 3 TCPSocketAction, grpc 4 GRPCAction
ExecAction
  command 1 [string]
HTTPGetAction
  path 1 string, port 2 IntOrString!, host 3 string, scheme 4 string, httpHeaders 5 [HTTPHeader]
HTTPHeader
  name 1 string!, value 2 string!
TCPSocketAction
  port 1 IntOrString!, host 2 string
GRPCAction
  port 1 int32!, service 2 string?
Lifecycle
  postStart 1 LifecycleHandler, preStop 2 LifecycleHandler, stopSignal 3 string?
LifecycleHandler
  exec 1 ExecAction, httpGet 2 HTTPGetAction, tcpSocket 3 TCPSocketAction, sleep 4 SleepAction
SleepAction
  seconds 1 int64!
SecurityContext
  capabilities 1 Capabilities, privileged 2 bool?, seLinuxOptions 3 SELinuxOptions,
  windowsOptions 10 WindowsSecurityContextOptions, runAsUser 4 int64?, runAsGroup 8 int64?,
  runAsNonRoot 5 bool?, readOnlyRootFilesystem 6 bool?, allowPrivilegeEscalation 7 bool?,
  procMount 9 string?, seccompProfile 11 SeccompProfile, appArmorProfile 12 AppArmorProfile
Capabilities
  add 1 [string], drop 2 [string]
SELinuxOptions
  user 1 string, role 2 string, type 3 string, level 4 string
WindowsSecurityContextOptions
  gmsaCredentialSpecName 1 string?, gmsaCredentialSpec 2 string?, runAsUserName 3 string?,
  hostProcess 4 bool?
SeccompProfile
  type 1 string!, localhostProfile 2 string?
AppArmorProfile
  type 1 string!, localhostProfile 2 string?
EphemeralContainer
  ephemeralContainerCommon 1 EphemeralContainerCommon inline, targetContainerName 2 string
EphemeralContainerCommon
${CONTAINER_FIELDS}
`,
}
