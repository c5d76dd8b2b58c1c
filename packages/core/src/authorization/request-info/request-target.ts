import type { AuthenticationRequest } from '../../request/request.ts'

/** The parts of a request that are read. */
export type RequestTarget = Pick<AuthenticationRequest, 'method' | 'path' | 'query'>

/** Path and query as sent. */
export function targetText(request: RequestTarget): string {
  return request.query === '' ? request.path : `${request.path}?${request.query}`
}
