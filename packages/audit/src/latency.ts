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
      if (seconds > 0) annotations[`apiserver.latency.k8s.io/${step}`] = goDuration(seconds)
    }
  }
}

const THRESHOLD_SECONDS = 0.5

/**
 * A duration as Go prints it: `1.5s`, `2m0.25s`, `317ns`.
 *
 * Source: Go `time.Duration.String`.
 */
export function goDuration(seconds: number): string {
  const nanoseconds = Math.round(seconds * 1e9)
  if (nanoseconds < 1e3) return nanoseconds === 0 ? '0s' : `${nanoseconds}ns`
  if (nanoseconds < 1e6) return `${decimal(nanoseconds, 1e3)}µs`
  if (nanoseconds < 1e9) return `${decimal(nanoseconds, 1e6)}ms`
  const minutes = Math.floor(nanoseconds / 60e9)
  const rest = `${decimal(nanoseconds - minutes * 60e9, 1e9)}s`
  if (minutes === 0) return rest
  const hours = Math.floor(minutes / 60)
  return `${hours === 0 ? '' : `${hours}h`}${minutes % 60}m${rest}`
}

/** Exact, unlike a floating-point division. */
function decimal(nanoseconds: number, unit: number): string {
  const whole = Math.floor(nanoseconds / unit)
  const digits = String(nanoseconds - whole * unit)
    .padStart(Math.log10(unit), '0')
    .replace(/0+$/, '')
  return digits === '' ? String(whole) : `${whole}.${digits}`
}
