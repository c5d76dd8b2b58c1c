import { audit } from './audit.ts'
import { forbiddenMessage } from './forbidden-message.ts'
import { impersonation } from './impersonation.ts'
import { kubectlWire } from './kubectl-wire/index.ts'
import { kubernetesProtobuf } from './kubernetes-protobuf.ts'
import { pathAuthorizer } from './path-authorizer.ts'
import { rbac } from './rbac.ts'
import { rbacLoad } from './rbac-load.ts'
import { rbacRule } from './rbac-rule.ts'
import { requestinfo } from './requestinfo.ts'
import { reviewApi } from './review-api.ts'
import { sarWebhook } from './sar-webhook.ts'
import { union } from './union-authorizer.ts'
import type { AreaRunner } from './vector.ts'

/** The areas of `vectors/impersonation-rbac.json` about decisions, by name. */
export const areas: ReadonlyMap<string, AreaRunner> = new Map([
  ['audit', audit],
  ['forbidden-message', forbiddenMessage],
  ['impersonation-constrained', impersonation],
  ['impersonation-legacy', impersonation],
  ['kubectl-wire', kubectlWire],
  ['kubernetes-protobuf', kubernetesProtobuf],
  ['path-authorizer', pathAuthorizer],
  ['rbac', rbac],
  ['rbac-load', rbacLoad],
  ['rbac-rule', rbacRule],
  ['requestinfo', requestinfo],
  ['review-api', reviewApi],
  ['sar-webhook', sarWebhook],
  ['union-authorizer', union],
])
