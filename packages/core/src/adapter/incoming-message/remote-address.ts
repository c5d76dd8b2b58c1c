import type { NodeRequest } from './node-request.ts'

/** The address of the peer of a request; `undefined` where there is none, as on a Unix socket, or not any more. */
export function remoteAddressOf({ socket }: NodeRequest): string | undefined {
  if (typeof socket !== 'object' || socket === null) return undefined
  // The socket of an HTTP/2 request is a proxy that throws when there is no socket behind it any more.
  try {
    const address: unknown = Reflect.get(socket, 'remoteAddress')
    return typeof address === 'string' ? address : undefined
  } catch {
    return undefined
  }
}
