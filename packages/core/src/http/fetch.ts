/** What of `fetch` is used for reading. The global one will do; `@kube-authn/node` makes one with a CA of its own. */
export type GetFetch = (url: string, init: GetFetchInit) => Promise<GetResponse>

/** What a {@link GetFetch} is called with. */
export interface GetFetchInit {
  readonly method: 'GET'
  readonly headers: Readonly<Record<string, string>>
  /** A redirect is not followed. */
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}

/** What of a Fetch API `Response` is used. */
export interface GetResponse {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: {
    getReader(): {
      read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
      cancel(): Promise<void>
    }
  } | null
}
