import type { Clock } from './clock.ts'
import { GRACE_MS, isDone } from './shared-work.ts'

/** Does work once for all who ask for the same while it is under way. */
export type SingleFlight<T> = (key: string, work: () => Promise<T>) => Promise<T>

/**
 * Shares work that must not reject, and that ends by itself within a time. Where it ends without a word, together with the request that
 * began it, it is begun again for another request that waits for it.
 */
export function singleFlight<T>(clock: Clock, timeoutMs: number): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>()

  const forget = (key: string, flight: Flight<T>): void => {
    if (flights.get(key) === flight) flights.delete(key)
  }

  const begin = (key: string, work: () => Promise<T>): Promise<T> => {
    const flight = { result: work(), endsAtMs: clock.now() + timeoutMs + GRACE_MS }
    flights.set(key, flight)
    return flight.result.finally(() => forget(key, flight))
  }

  return async function share(key, work) {
    const flight = flights.get(key)
    if (flight === undefined) return begin(key, work)
    if (await isDone(flight.result, flight.endsAtMs - clock.now(), clock)) return flight.result
    forget(key, flight)
    return share(key, work)
  }
}

interface Flight<T> {
  readonly result: Promise<T>
  readonly endsAtMs: number
}
