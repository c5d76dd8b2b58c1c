import type { NodeRequest } from './node-request.ts'

/** The peer address of a request; `undefined` if there is none, as on a Unix socket or a closed connection. */
export function remoteAddressOf({ socket }: NodeRequest): string | undefined {
  if (typeof socket !== 'object' || socket === null) return undefined
  // The socket of an HTTP/2 request is a proxy that throws after the real socket is gone.
  try {
    const address: unknown = Reflect.get(socket, 'remoteAddress')
    return typeof address === 'string' ? address : undefined
  } catch {
    return undefined
  }
}

/** The address of the client as a framework reports it in `ip`: Express on the request of Node, others on an object of their own. */
export function reportedAddressOf(shown: object): string | undefined {
  try {
    const address: unknown = Reflect.get(shown, 'ip')
    return typeof address === 'string' ? address : undefined
  } catch {
    return undefined
  }
}
