import type { Clock } from '@kube-authn/core'
import type { EventHandlers, Instruments } from './instruments.ts'
import { hashLabel } from './labels.ts'

/**
 * Metrics of reloads of the AuthenticationConfiguration.
 *
 * Source: apiserver `pkg/server/options/authenticationconfig/metrics/metrics.go`.
 */
export function authenticationConfigurationMetrics(make: Instruments, clock: Clock): EventHandlers {
  const reloads = reloadMetrics(make, clock, 'authentication')
  return {
    reload({ kind, outcome, content = '' }) {
      if (kind !== 'authenticationConfiguration') return
      reloads.count(outcome)
      if (outcome === 'loaded') reloads.setHash(content)
    },
  }
}

/**
 * Metrics of reloads of the AuthorizationConfiguration. The first version sets the hash, but does not count as a reload.
 *
 * Source: apiserver `pkg/server/options/authorizationconfig/metrics/metrics.go`; kubernetes `pkg/kubeapiserver/authorizer/reload.go`.
 */
export function authorizationConfigurationMetrics(make: Instruments, clock: Clock): EventHandlers {
  const reloads = reloadMetrics(make, clock, 'authorization')
  return {
    authorizationConfigReload({ outcome, content = '' }) {
      if (outcome !== 'initial') reloads.count(outcome)
      if (outcome !== 'failed') reloads.setHash(content)
    },
  }
}

/** Deviation: there is no label `apiserver_id_hash` (`docs/deviations.md`, metrics). */
function reloadMetrics(make: Instruments, clock: Clock, what: 'authentication' | 'authorization') {
  const prefix = `apiserver_${what}_config_controller`
  const reloads = make.counter(
    `${prefix}_automatic_reloads_total`,
    `Reloads of the ${what} configuration by status.`,
    'status',
  )
  const reloadedAt = make.gauge(
    `${prefix}_automatic_reload_last_timestamp_seconds`,
    `When the ${what} configuration was reloaded last, by status, in seconds since the epoch.`,
    'status',
  )
  const configurations = make.latestInfo(
    `${prefix}_last_config_info`,
    `The hash of the ${what} configuration that was loaded last.`,
    'hash',
  )
  return {
    count(outcome: 'loaded' | 'failed'): void {
      const status = outcome === 'loaded' ? 'success' : 'failure'
      reloads.add(status)
      reloadedAt.set(status, clock.now() / 1000)
    },
    setHash: (content: string) => configurations.set('', hashLabel(content)),
  }
}
