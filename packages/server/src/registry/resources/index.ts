import type { Resource } from '../resource.ts'
import { certificateSigningRequests } from './certificates/certificate-signing-requests.ts'
import { configMaps } from './config-maps.ts'
import { credentialRevocations } from './credential-revocations.ts'
import { events } from './events.ts'
import { leases } from './leases.ts'
import { namespaces } from './namespaces.ts'
import { nodes, pods } from './plain.ts'
import { rbacResources } from './rbac.ts'
import { secrets } from './secrets.ts'
import { serviceAccounts } from './service-accounts.ts'
import { services } from './services.ts'

/** Every resource that can be served. */
export const allResources: readonly Resource[] = [
  namespaces,
  serviceAccounts,
  secrets,
  configMaps,
  nodes,
  pods,
  services,
  events,
  leases,
  ...rbacResources,
  certificateSigningRequests,
  credentialRevocations,
]
