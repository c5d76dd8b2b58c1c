/** Something that failed for a reason of the server's, which no client sees. */
export interface Failure {
  /** What failed, without anything that a client sent. */
  readonly what: string
  readonly cause: unknown
  /** The kind of the notice. */
  readonly code: string
  /** If it was a request. */
  readonly request?: { readonly method: string; readonly path: string; readonly status: number }
}
