import { connectionFailure } from './outage.ts'

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
