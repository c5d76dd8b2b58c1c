import { cores } from '#password-platform'
import { canWorkInBackground } from '../../internal/runtime.ts'

/**
 * How many threads may compute at once: all cores but one, which is left for serving requests, and at least one. 0 if the runtime has no
 * threads.
 */
export function spareCores(): number {
  const available = canWorkInBackground() ? cores() : 0
  return available === 0 ? 0 : Math.max(1, available - 1)
}
