import type { COMPLETE_FIELDS } from './complete-fields.ts'

/** The members of Node's `http.IncomingMessage` and `http2.Http2ServerRequest` that are used. */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly rawHeaders: string[]
  readonly headers: Record<string, string | string[] | undefined>
  /** HTTP/1 only. */
  readonly headersDistinct?: Record<string, string[] | undefined>
  readonly httpVersionMajor: number
  /** A TLS socket provides the certificates of its peer. */
  readonly socket?: unknown
  /** HTTP/2 only: leads to the session, whose socket is the connection's. */
  readonly stream?: unknown
  /** HTTP/2 only: no header can have been lost silently. */
  readonly [COMPLETE_FIELDS]?: boolean
}
