import type { Awaitable } from '@kube-authn/core'
import { connectionFailure, type Outage, outageSwitch } from './outage.ts'

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

/** A `fetch` that only reaches given services. It has the parameters of the runtime's. */
export type FakeFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/** A service that responds to requests below its URL. */
export interface ReachableService {
  readonly url: string
  readonly handle: (request: Request) => Promise<Response>
}

/**
 * A `fetch` that only reaches these services, without a network: all other hosts are unknown. Services with different paths may share an origin: the
 * longest matching path wins.
 *
 * @example
 * const fetch = fetchFrom(issuer, anotherIssuer, webhook)
 */
export function fetchFrom(...services: readonly ReachableService[]): FakeFetch {
  return async (input, init) => {
    const request = new Request(input, init)
    request.signal.throwIfAborted()
    const { origin, hostname, pathname } = new URL(request.url)
    const there = services.filter(({ url }) => new URL(url).origin === origin)
    if (there.length === 0) throw connectionFailure('ENOTFOUND', `getaddrinfo ENOTFOUND ${hostname}`)
    const [service] = there
      .filter(({ url }) => isBelow(pathname, new URL(url).pathname))
      .toSorted((one, other) => other.url.length - one.url.length)
    if (service === undefined) return new Response(null, { status: 404 })
    return untilAborted(service.handle(request), request.signal)
  }
}

/** Whether a path equals `folder` or is below it. */
function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`)
}

/** Rejects with the abort reason. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as unknown)
    signal.addEventListener('abort', abort)
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
