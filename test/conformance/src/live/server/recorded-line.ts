/** A recorded request and what kube-apiserver answered. `live/README.md` describes the form. */
export interface RecordedLine {
  readonly id: string
  readonly sequence: string
  readonly label?: string
  readonly as: string
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | { readonly base64: string }
  readonly watch?: { readonly ms: number }
  readonly thenWaitMs?: number
  readonly only?: string
  readonly varies?: readonly string[]
  readonly real: ServerAnswer
}

/** An answer in the form of the recordings, with everything masked that changes from run to run. */
export interface ServerAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Of a JSON answer. */
  readonly body?: unknown
  /** How the JSON is written: `line` ends with a newline, `compact` does not. */
  readonly layout?: 'line' | 'compact' | 'indented' | 'other'
  /** Of any other answer. */
  readonly text?: string
  /** Of a watch. */
  readonly events?: readonly unknown[]
  /** Why there is no body. */
  readonly omitted?: string
  /** Why the answer did not end. */
  readonly error?: string
}

/** The part of an id before the colon, without variants: it names the namespaces that are needed. */
export function family({ id }: RecordedLine): string {
  return /^[a-z]+/.exec(id)?.[0] ?? ''
}
