/** Something that failed for a reason that no client sees. */
export interface Failure {
  /** What failed, without anything that a client sent. */
  readonly what: string
  readonly cause: unknown
  /** The kind of the notice. */
  readonly code: string
  /** `warn` if the client may be to blame: by default it is printed in development only. Default `error`. */
  readonly level?: 'warn' | 'error'
  /** If it was a request. */
  readonly request?: { readonly method: string; readonly path: string; readonly status: number }
}
