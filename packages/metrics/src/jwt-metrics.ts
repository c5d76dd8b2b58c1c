import type { AuthenticationEvent, Clock } from '@kube-authn/core'
import { hashLabel } from './hash-label.ts'
import type { Instruments } from './instruments.ts'

/**
 * Metrics of the tokens and keys of issuers. Issuers and keys are identified by their hashes.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/oidc/metrics.go`.
 *
 * Deviation: there is no label `apiserver_id_hash` (`docs/deviations.md`, metrics).
 */
export function jwtMetrics(make: Instruments, clock: Clock): (event: AuthenticationEvent) => void {
  const latency = make.histogram(
    {
      name: 'apiserver_authentication_jwt_authenticator_latency_seconds',
      help: 'Latency of jwt authentication operations in seconds, for tokens of issuers that are configured.',
      label: ['result', 'jwt_issuer_hash'],
    },
    [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  )
  const fetched = make.gauge({
    name: 'apiserver_authentication_jwt_authenticator_jwks_fetch_last_timestamp_seconds',
    help: 'When the keys of an issuer were fetched last, by result, in seconds since the epoch.',
    label: ['result', 'jwt_issuer_hash'],
  })
  const keySets = make.latestInfo({
    name: 'apiserver_authentication_jwt_authenticator_jwks_fetch_last_key_set_info',
    help: 'The hash of the keys of an issuer that were fetched last.',
    label: ['jwt_issuer_hash', 'hash'],
  })

  return (event) => {
    if (event.type === 'jwtAuthenticator') {
      latency.observe([event.result, hashLabel(event.issuer)], event.durationSeconds)
    } else if (event.type === 'jwksFetch') {
      const issuer = hashLabel(event.issuer)
      fetched.set([event.error === undefined ? 'success' : 'failure', issuer], clock.now() / 1000)
      if (event.jwks !== undefined) keySets.set(issuer, [issuer, hashLabel(event.jwks)])
    }
  }
}
