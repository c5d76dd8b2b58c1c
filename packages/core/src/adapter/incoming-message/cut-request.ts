import type { AuthenticationRequest } from '../../request/request.ts'
import { StatusError } from '../../authenticator/status.ts'
import type { NodeRequest } from './node-request.ts'
import { receivedTarget } from './received-target.ts'

/**
 * A request that Node left headers out of. The ones that are there are not told: who goes by them takes a deputy for the user.
 *
 * Source: RFC 6585 section 5; Node answers headers that are too large likewise.
 */
export class CutRequest implements AuthenticationRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly httpVersionMajor: number
  readonly refusal: StatusError = new StatusError({
    status: 431,
    reason: 'RequestHeaderFieldsTooLarge',
    message: 'The request has more header fields than this server reads',
  })

  constructor(message: NodeRequest, target: string | undefined) {
    this.method = message.method ?? 'GET'
    this.httpVersionMajor = message.httpVersionMajor
    const { path, query } = receivedTarget(target ?? message.url ?? '/')
    this.path = path
    this.query = query
  }

  get headers(): never {
    throw this.refusal
  }
}
