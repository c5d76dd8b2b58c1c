import type { LiveArea } from '../live-area.ts'
import { accessReviews } from './access-reviews.ts'
import { aggregations } from './aggregations.ts'
import { auditPolicies } from './audit-policies.ts'
import { authorizationWebhooks } from './authorization-webhooks.ts'
import { commandLines } from './command-lines.ts'
import { impersonations } from './impersonation.ts'
import { manifests } from './manifests.ts'
import { ownReviews } from './own-reviews.ts'
import { requests } from './requests.ts'
import { reviews } from './reviews.ts'
import { serverRequests } from './server-requests.ts'

export const authzAreas: readonly LiveArea[] = [
  accessReviews,
  ownReviews,
  manifests,
  aggregations,
  requests,
  serverRequests,
  reviews,
  ...impersonations,
  authorizationWebhooks,
  auditPolicies,
  commandLines,
]
