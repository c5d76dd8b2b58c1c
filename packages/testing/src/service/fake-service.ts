import type { Awaitable } from '@kube-authn/core'
import { type FakeFetch, fetchFrom } from './fetch-from.ts'
import { type Outage, outageSwitch } from './outage.ts'

/** A request that reached a service. */
export interface ReceivedRequest {
  readonly method: string
  /** The path with its query. */
  readonly path: string
  readonly headers: Headers
}

/** Something that would be elsewhere: it can be reached without a network, or be served for real. */
export interface FakeService {
  /** Where it is. */
  readonly url: string
  /** Reaches this service and nothing else, without a network: for unit tests, and on edge runtimes. */
  readonly fetch: FakeFetch
  /** What arrived, in order, also while it was stopped. */
  readonly requests: readonly ReceivedRequest[]
  /**
   * Answers a request by its path; the rest of its URL does not matter. With this it can be mounted in any server, at the path of
   * `url`. Rejects when the connection is to be lost.
   */
  readonly handle: (request: Request) => Promise<Response>
  /** It is elsewhere from now on: at the same path of another origin, such as `https://127.0.0.1:8443`. */
  moveTo(origin: string): void
  /** An outage begins. */
  stop(outage?: Outage): void
  /** The outage is over. */
  start(): void
}

/**
 * The part of a service that is the same for all.
 *
 * @param initialUrl where it is at first. Its text is kept as it is.
 * @param answer what it says to a request for that path or one below it.
 */
export function fakeService(
  initialUrl: string,
  answer: (request: Request, path: string) => Awaitable<Response>,
): FakeService {
  const requests: ReceivedRequest[] = []
  const outages = outageSwitch()
  let url = initialUrl
  const service: FakeService = {
    get url() {
      return url
    },
    fetch: (input, init) => fetchFrom(service)(input, init),
    requests,
    async handle(request) {
      const { method, headers, signal } = request
      const { pathname, search } = new URL(request.url)
      requests.push({ method, path: pathname + search, headers: new Headers(headers) })
      return (await outages.pass(signal)) ?? answer(request, pathname)
    },
    moveTo(origin) {
      url = new URL(origin).origin + url.slice(originOf(url).length)
    },
    stop: (outage = 'reset') => outages.stop(outage),
    start: () => outages.start(),
  }
  return service
}

/** As it is written, which is not always how a parser writes it. */
function originOf(url: string): string {
  return /^[^:]+:\/\/[^/?#]*/.exec(url)?.[0] ?? ''
}
