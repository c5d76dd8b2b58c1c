import { type Clock, systemClock } from '../clock.ts'
import type { Observer, RequestEvent } from '../events.ts'
import { jwtMetrics } from './jwt-metrics.ts'
import { histogram, series } from './series.ts'
import { usernameLabel } from './username-label.ts'

/** Counts what happens. */
export interface Metrics {
  /** Give this to whatever takes an observer. */
  readonly observer: Observer
  /** How many requests came out this way (`authentication_attempts`). */
  attempts(result: RequestEvent['result']): number
  /** How many requests were of users with this label (`authenticated_user_requests`). */
  userRequests(label: string): number
  /** Everything, in the Prometheus text format (`text/plain; version=0.0.4`). */
  render(): string
}

/** Options of {@link metrics}. */
export interface MetricsOptions {
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

/**
 * An observer that counts, under kube-apiserver's metric names.
 *
 * Source: apiserver `pkg/endpoints/filters/metrics.go`, `pkg/authentication/token/cache/stats.go`,
 * `pkg/authentication/request/x509/x509.go`, `pkg/server/options/authentication.go`; kubernetes `pkg/serviceaccount/metrics.go`; and see
 * `jwt-metrics.ts`.
 *
 * @example
 * const { observer, render } = metrics()
 * app.use(authentication(authenticator, { observer }))
 * app.get('/metrics', (req, res) => res.type('text/plain').send(render()))
 */
export function metrics({ clock = systemClock }: MetricsOptions = {}): Metrics {
  const attempts = series('counter', {
    name: 'authentication_attempts',
    help: 'Counter of authenticated attempts.',
    label: 'result',
  })
  const userRequests = series('counter', {
    name: 'authenticated_user_requests',
    help: 'Counter of authenticated requests broken out by username.',
    label: 'username',
  })
  const duration = histogram(
    {
      name: 'authentication_duration_seconds',
      help: 'Authentication duration in seconds broken out by result.',
      label: 'result',
    },
    exponentialBuckets(0.001, 2, 15),
  )
  const cacheRequests = series('counter', {
    name: 'authentication_token_cache_request_total',
    help: 'Requests of the token cache by hit and miss.',
    label: 'status',
  })
  const cacheDuration = histogram(
    {
      name: 'authentication_token_cache_request_duration_seconds',
      help: 'Duration of token cache requests in seconds.',
      label: 'status',
    },
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  )
  const cacheFetches = series('counter', {
    name: 'authentication_token_cache_fetch_total',
    help: 'Lookups behind the token cache by outcome.',
    label: 'status',
  })
  const cacheActive = series('gauge', {
    name: 'authentication_token_cache_active_fetch_count',
    help: 'Lookups under way and callers who wait for one.',
    label: 'status',
  })
  const tokensByAge = {
    valid: series('counter', {
      name: 'serviceaccount_valid_tokens_total',
      help: 'Service account tokens of extended lifetime that were used before they had to be renewed.',
    }),
    stale: series('counter', {
      name: 'serviceaccount_stale_tokens_total',
      help: 'Service account tokens of extended lifetime that were used after they had to be renewed.',
    }),
  }
  const jwt = jwtMetrics(clock)
  const reviewCalls = series('counter', {
    name: 'apiserver_delegated_authn_request_total',
    help: 'Calls of a token webhook by HTTP status, or <error>.',
    label: 'code',
  })
  const reviewDuration = histogram(
    {
      name: 'apiserver_delegated_authn_request_duration_seconds',
      help: 'Duration of calls of a token webhook in seconds, by HTTP status or <error>.',
      label: 'code',
    },
    [0.25, 0.5, 0.7, 1, 1.5, 3, 5, 10],
  )
  const certificateExpiration = histogram(
    {
      name: 'apiserver_client_certificate_expiration_seconds',
      help: 'Distribution of the remaining lifetime of client certificates.',
    },
    CERTIFICATE_LIFETIMES,
  )

  return {
    observer(event) {
      switch (event.type) {
        case 'request':
          attempts.add(event.result)
          duration.observe(event.result, event.durationSeconds)
          if (event.user !== undefined) userRequests.add(usernameLabel(event.user.username))
          break
        case 'tokenCacheRequest':
          cacheRequests.add(event.status)
          cacheDuration.observe(event.status, event.durationSeconds)
          break
        case 'tokenCacheFetch':
          cacheFetches.add(event.status)
          break
        case 'tokenCacheActiveFetch':
          cacheActive.add(event.status === 'inFlight' ? 'in_flight' : event.status, event.change)
          break
        case 'serviceAccountToken':
          tokensByAge[event.status].add('')
          break
        case 'tokenReviewCall': {
          const code = event.status === undefined ? '<error>' : String(event.status)
          reviewCalls.add(code)
          reviewDuration.observe(code, event.durationSeconds)
          break
        }
        case 'clientCertificateExpiration':
          certificateExpiration.observe('', event.seconds)
          break
        default:
          jwt.observe(event)
      }
    },
    attempts: attempts.get,
    userRequests: userRequests.get,
    render: () =>
      [
        attempts,
        userRequests,
        duration,
        cacheRequests,
        cacheDuration,
        cacheFetches,
        cacheActive,
        tokensByAge.valid,
        tokensByAge.stale,
        reviewCalls,
        reviewDuration,
        certificateExpiration,
        ...jwt.metrics,
      ]
        .map((metric) => metric.render())
        .join(''),
  }
}

/** From nothing over half an hour up to a year, in seconds. */
const CERTIFICATE_LIFETIMES: readonly number[] = [
  0, 1800, 3600, 7200, 21_600, 43_200, 86_400, 172_800, 345_600, 604_800, 2_592_000, 7_776_000, 15_552_000,
  31_104_000,
]

function exponentialBuckets(start: number, factor: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => start * factor ** index)
}
