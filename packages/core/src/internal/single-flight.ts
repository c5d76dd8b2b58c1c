import type { Clock } from './clock.ts'
import { GRACE_MS, isDone } from './shared-work.ts'

/** Shares work in progress among all callers with the same key. */
export type SingleFlight<T> = (key: string, work: () => Promise<T>) => Promise<T>

/** Shares work, which must not reject and must end within the timeout. If it is silently lost, together with the request that started it, it is started again for another waiting request. */
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
