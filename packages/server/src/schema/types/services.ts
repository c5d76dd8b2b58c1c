import type { Declarations } from '@kube-authn/api/internal'

/** Services. Source: api `core/v1` of Kubernetes 1.36. */
export const SERVICE_TYPES: Declarations = {
  in: 'io.k8s.api.core.v1',
  types: `
Service
  metadata 1 ObjectMeta, spec 2 ServiceSpec, status 3 ServiceStatus
ServiceSpec
  ports 1 [ServicePort] merge(port) map(port protocol), selector 2 {string} atomic, clusterIP 3 string,
  clusterIPs 18 [string], type 4 string, externalIPs 5 [string], sessionAffinity 7 string,
  loadBalancerIP 8 string, loadBalancerSourceRanges 9 [string], externalName 10 string,
  externalTrafficPolicy 11 string, healthCheckNodePort 12 int32, publishNotReadyAddresses 13 bool,
  sessionAffinityConfig 14 SessionAffinityConfig, ipFamilies 19 [string], ipFamilyPolicy 17 string?,
  allocateLoadBalancerNodePorts 20 bool?, loadBalancerClass 21 string?, internalTrafficPolicy 22 string?,
  trafficDistribution 23 string?
ServicePort
  name 1 string, protocol 2 string, appProtocol 6 string?, port 3 int32!, targetPort 4 IntOrString,
  nodePort 5 int32
SessionAffinityConfig
  clientIP 1 ClientIPConfig
ClientIPConfig
  timeoutSeconds 1 int32?
ServiceStatus
  loadBalancer 1 LoadBalancerStatus, conditions 2 [Condition] by(type)
LoadBalancerStatus
  ingress 1 [LoadBalancerIngress]
LoadBalancerIngress
  ip 1 string, hostname 2 string, ipMode 3 string?, ports 4 [PortStatus]
PortStatus
  port 1 int32!, protocol 2 string!, error 3 string?
`,
}
