import type { Clock, Observer } from '@kube-authn/core'
import { auditMetrics } from './audit-metrics.ts'
import { authenticationMetrics } from './authentication-metrics.ts'
import { authorizationMetrics } from './authorization-metrics.ts'
import { authorizationWebhookMetrics } from './authorization-webhook-metrics.ts'
import {
  authenticationConfigurationMetrics,
  authorizationConfigurationMetrics,
} from './configuration-metrics.ts'
import { externalSignerMetrics } from './external-signer-metrics.ts'
import type { Instruments } from './instruments.ts'
import { jwtMetrics } from './jwt-metrics.ts'
import { leaderElectionMetrics } from './leader-election-metrics.ts'
import { serverCertificateMetrics } from './server-certificate-metrics.ts'

/** Creates all metrics, and returns an observer that updates them. */
export function eventMetrics(make: Instruments, clock: Clock): Observer {
  const groups = [
    authenticationMetrics(make),
    jwtMetrics(make, clock),
    authenticationConfigurationMetrics(make, clock),
    authorizationMetrics(make),
    authorizationWebhookMetrics(make),
    authorizationConfigurationMetrics(make, clock),
    serverCertificateMetrics(make),
    auditMetrics(make),
    externalSignerMetrics(make, clock),
    leaderElectionMetrics(make),
  ]
  return function countEvent(event) {
    for (const count of groups) count(event)
  }
}
