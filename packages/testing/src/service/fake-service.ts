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

/** A fake remote service: reachable without a network, or served by a real server. */
export interface FakeService {
  /** Its URL. */
  readonly url: string
  /** A `fetch` that only reaches this service, without a network: for unit tests, and on edge runtimes. */
  readonly fetch: FakeFetch
  /** The requests received, in order, including those during an outage. */
  readonly requests: readonly ReceivedRequest[]
  /**
   * Responds to a request by its path; the rest of its URL is ignored. It can be mounted in any server, at the path of `url`. Rejects if the
   * connection should be closed.
   */
  readonly handle: (request: Request) => Promise<Response>
  /** Moves it to the same path of another origin, such as `https://127.0.0.1:8443`. */
  moveTo(origin: string): void
  /** Starts an outage. */
  stop(outage?: Outage): void
  /** Ends the outage. */
  start(): void
}

/**
 * Creates a fake service: the common part of all of them.
 *
 * @param initialUrl its initial URL, kept as written.
 * @param answer its response to a request for that path or one below it.
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

/** The origin as written, which may differ from that of a parser. */
function originOf(url: string): string {
  return /^[^:]+:\/\/[^/?#]*/.exec(url)?.[0] ?? ''
}
