import type { RawRequest } from './http-client.ts'

type Header = readonly [string, string]

/** A request of a user of the front proxy. */
export interface RecordedRequest {
  readonly method: string
  readonly target: string
  readonly user: string
  readonly groups?: readonly string[]
  /** Headers with extra fields of the user. */
  readonly extra?: readonly Header[]
  readonly headers?: readonly Header[]
  readonly body?: string | { readonly base64: string }
}

/** The request as forwarded by the front proxy. */
export function proxied({
  method,
  target,
  user,
  groups = [],
  extra = [],
  headers = [],
  body,
}: RecordedRequest): RawRequest {
  return {
    method,
    target,
    headers: [
      ['X-Remote-User', user],
      ...groups.map((group): Header => ['X-Remote-Group', group]),
      ...extra,
      ...headers,
    ],
    ...(body !== undefined && { body: typeof body === 'string' ? body : Buffer.from(body.base64, 'base64') }),
  }
}
