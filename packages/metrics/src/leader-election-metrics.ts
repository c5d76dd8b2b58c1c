import type { AuthenticationEvent } from '@kube-authn/core'
import type { Instruments } from './instruments.ts'

/**
 * Says for each lease whether this process has it.
 *
 * Source: component-base `metrics/prometheus/clientgo/leaderelection/metrics.go`.
 */
export function leaderElectionMetrics(make: Instruments): (event: AuthenticationEvent) => void {
  const status = make.gauge({
    name: 'leader_election_master_status',
    help: 'Whether this process has the lease of this name: 1, or 0 if it stands by.',
    label: 'name',
  })
  return (event) => {
    if (event.type === 'leaderElection') status.set(event.name, event.status === 'leading' ? 1 : 0)
  }
}
