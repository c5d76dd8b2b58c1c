import type { Clock } from '@kube-authn/core'

/**
 * The time that lives are measured with. The runtime's clock can be set back or forward, so its own time, which only goes on, is taken instead; the time of a clock that
 * was given is what its giver wants it to be.
 */
export function elapsedTimeOf(given: Clock | undefined): () => number {
  return given === undefined ? () => performance.now() : () => given.now()
}
