import type { AuthorizationServer } from 'oauth4webapi'
import type { Clock } from '@kube-authn/core'
import { singleFlight } from '@kube-authn/core/internal'

/** How long metadata is fresh. */
const FRESH_MS = 3_600_000
/** How long after a failure stale metadata is used without another attempt. */
const RETRY_MS = 30_000

/** Reads metadata when it is first needed and again every hour. Concurrent callers share one request. If a later request fails, the old metadata stays. */
export function discovery(
  clock: Clock,
  timeoutSeconds: number,
  load: () => Promise<AuthorizationServer>,
): () => Promise<AuthorizationServer> {
  let known: AuthorizationServer | undefined
  let freshUntilMs = -Infinity
  const share = singleFlight<{ readonly failure?: unknown }>(clock, timeoutSeconds * 1000)

  const refresh = async (): Promise<{ readonly failure?: unknown }> => {
    try {
      known = await load()
      freshUntilMs = clock.now() + FRESH_MS
      return {}
    } catch (failure) {
      freshUntilMs = known === undefined ? -Infinity : clock.now() + RETRY_MS
      return { failure }
    }
  }

  return async () => {
    if (known !== undefined && clock.now() < freshUntilMs) return known
    const { failure } = await share('metadata', refresh)
    if (known === undefined) throw failure
    return known
  }
}
