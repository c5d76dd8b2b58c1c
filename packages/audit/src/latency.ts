import { printedSeconds } from '@kube-authn/core/internal'

/** How long the steps of a request took, in seconds. */
export class Latency {
  authentication: number = 0
  impersonation: number = 0
  authorization: number = 0

  /**
   * Adds the annotations of a slow request; none if the total is short.
   *
   * Source: apiserver `pkg/endpoints/filters/audit.go` (`writeLatencyToAnnotation`), `pkg/endpoints/request/webhook_duration.go`.
   */
  addTo(annotations: Record<string, string>, totalSeconds: number): void {
    if (!(totalSeconds > THRESHOLD_SECONDS)) return
    const { authentication, impersonation, authorization } = this
    const steps = { authentication, authorization, impersonation, total: totalSeconds }
    for (const [step, seconds] of Object.entries(steps)) {
      if (seconds > 0) annotations[`apiserver.latency.k8s.io/${step}`] = printedSeconds(seconds)
    }
  }
}

const THRESHOLD_SECONDS = 0.5
