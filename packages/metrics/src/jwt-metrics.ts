import type { Clock } from '@kube-authn/core'
import type { EventHandlers, Instruments } from './instruments.ts'
import { hashLabel } from './labels.ts'

/**
 * Metrics of the tokens and keys of issuers. Issuers and keys are identified by their hashes.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/oidc/metrics.go`.
 *
 * Deviation: there is no label `apiserver_id_hash` (`docs/deviations.md`, metrics).
 */
export function jwtMetrics(make: Instruments, clock: Clock): EventHandlers {
  const latency = make.histogram(
    'apiserver_authentication_jwt_authenticator_latency_seconds',
    'Latency of jwt authentication operations in seconds, for tokens of issuers that are configured.',
    [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    ['result', 'jwt_issuer_hash'],
  )
  const fetched = make.gauge(
    'apiserver_authentication_jwt_authenticator_jwks_fetch_last_timestamp_seconds',
    'When the keys of an issuer were fetched last, by result, in seconds since the epoch.',
    ['result', 'jwt_issuer_hash'],
  )
  const keySets = make.latestInfo(
    'apiserver_authentication_jwt_authenticator_jwks_fetch_last_key_set_info',
    'The hash of the keys of an issuer that were fetched last.',
    ['jwt_issuer_hash', 'hash'],
  )

  return {
    jwtAuthenticator: ({ result, issuer, durationSeconds }) =>
      latency.observe([result, hashLabel(issuer)], durationSeconds),
    jwksFetch({ issuer: url, error, jwks }) {
      const issuer = hashLabel(url)
      fetched.set([error === undefined ? 'success' : 'failure', issuer], clock.now() / 1000)
      if (jwks !== undefined) keySets.set(issuer, [issuer, hashLabel(jwks)])
    },
  }
}
