import { sha256 } from '#sha256'
import type { Clock } from '../clock.ts'
import type { AuthenticationEvent } from '../events.ts'
import { histogram, type LabelValues, type MetricDescription, series } from './series.ts'

/** Metrics of tokens from issuers, and of the configuration that names the issuers. */
export interface JwtMetrics {
  observe(event: AuthenticationEvent): void
  readonly metrics: readonly { render(): string }[]
}

/**
 * Counts what happens with the tokens and keys of issuers. Issuers, keys and configurations are told by their hashes.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/oidc/metrics.go`, `pkg/server/options/authenticationconfig/metrics`.
 *
 * Deviation: there is no label `apiserver_id_hash` (`docs/deviations.md`, metrics).
 */
export function jwtMetrics(clock: Clock): JwtMetrics {
  const latency = histogram(
    {
      name: 'apiserver_authentication_jwt_authenticator_latency_seconds',
      help: 'Latency of jwt authentication operations in seconds, for tokens of issuers that are configured.',
      label: ['result', 'jwt_issuer_hash'],
    },
    [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  )
  const fetched = series('gauge', {
    name: 'apiserver_authentication_jwt_authenticator_jwks_fetch_last_timestamp_seconds',
    help: 'When the keys of an issuer were fetched last, by result, in seconds since the epoch.',
    label: ['result', 'jwt_issuer_hash'],
  })
  const keySets = latestInfo({
    name: 'apiserver_authentication_jwt_authenticator_jwks_fetch_last_key_set_info',
    help: 'The hash of the keys of an issuer that were fetched last.',
    label: ['jwt_issuer_hash', 'hash'],
  })
  const reloads = series('counter', {
    name: 'apiserver_authentication_config_controller_automatic_reloads_total',
    help: 'Reloads of the authentication configuration by status.',
    label: 'status',
  })
  const reloadedAt = series('gauge', {
    name: 'apiserver_authentication_config_controller_automatic_reload_last_timestamp_seconds',
    help: 'When the authentication configuration was reloaded last, by status, in seconds since the epoch.',
    label: 'status',
  })
  const configurations = latestInfo({
    name: 'apiserver_authentication_config_controller_last_config_info',
    help: 'The hash of the authentication configuration that was loaded last.',
    label: 'hash',
  })

  return {
    observe(event) {
      const nowSeconds = clock.now() / 1000
      if (event.type === 'jwtAuthenticator') {
        latency.observe([event.result, hashOf(event.issuer)], event.durationSeconds)
      } else if (event.type === 'jwksFetch') {
        const issuer = hashOf(event.issuer)
        fetched.set([event.error === undefined ? 'success' : 'failure', issuer], nowSeconds)
        if (event.jwks !== undefined) keySets.set(issuer, [issuer, hashOf(event.jwks)])
      } else if (event.type === 'reload' && event.kind === 'authenticationConfiguration') {
        const status = event.outcome === 'loaded' ? 'success' : 'failure'
        reloads.add(status)
        reloadedAt.set(status, nowSeconds)
        if (status === 'success') configurations.set('', hashOf(event.content ?? ''))
      }
    },
    metrics: [latency, fetched, keySets, reloads, reloadedAt, configurations],
  }
}

/** Says what is the latest, with the value 1, and of each subject only that. */
interface LatestInfo {
  set(subject: string, labelValues: LabelValues): void
  render(): string
}

function latestInfo(metric: MetricDescription): LatestInfo {
  const latest = new Map<string, LabelValues>()
  return {
    set: (subject, labelValues) => void latest.set(subject, labelValues),
    render() {
      const gauge = series('gauge', metric)
      for (const labelValues of latest.values()) gauge.set(labelValues, 1)
      return gauge.render()
    },
  }
}

function hashOf(text: string): string {
  if (text === '') return ''
  const hex = Array.from(sha256(text), (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')
  return `sha256:${hex}`
}
