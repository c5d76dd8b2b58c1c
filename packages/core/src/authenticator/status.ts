import { branded } from '@kube-authn/internal/brand'
import { KubeAuthnError } from './kube-authn-error.ts'

/** `v1` Status: the body of a refusal by the Kubernetes API. */
export interface Status {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  /** Of a list that is too old, how to go on in the present one; otherwise empty. */
  readonly metadata: { readonly continue?: string }
  readonly status: 'Failure'
  readonly message: string
  /** Absent where kube-apiserver has none either. */
  readonly reason?: string
  readonly details?: Readonly<Record<string, unknown>>
  readonly code: number
}

/** The parts of a {@link StatusError}. */
export interface StatusErrorInit {
  readonly status: number
  /** A machine-readable word, as in `Unauthorized`. */
  readonly reason?: string
  /** Sent to the client: never reveals what was wrong with a credential. */
  readonly message: string
  readonly details?: Readonly<Record<string, unknown>>
  /** Default: empty. */
  readonly metadata?: { readonly continue?: string }
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** Sent instead of the JSON, as plain text, where kube-apiserver does not send a Status either. */
  readonly text?: string
  /** For logs; never sent. */
  readonly cause?: unknown
}

/** Response headers: one value, or several that are sent as separate headers. */
export type ResponseHeaders = Readonly<Record<string, string | string[]>>

/** A response, independent of any framework. A {@link StatusError} is one too. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: ResponseHeaders
  readonly content: string
}

/** The response as a Fetch API `Response`. */
export function responseOf({ status, headers, content }: HttpAnswer): Response {
  // Servers on Node write a plain object directly, but must convert `Headers` first.
  if (hasSingleValues(headers)) return new Response(content, { status, headers: { ...headers } })
  const sent = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    for (const each of typeof value === 'string' ? [value] : value) sent.append(name, each)
  }
  return new Response(content, { status, headers: sent })
}

/**
 * A refused request. It has the members that Express, Koa and Hono look for in an error, so each of them can render it when it is
 * thrown: `status`, `statusCode`, `expose`, `headers`, `getResponse()`. The client gets a {@link Status}, never the cause.
 *
 * Source: apimachinery `pkg/apis/meta/v1` Status; apiserver `pkg/endpoints/handlers/responsewriters`.
 *
 * Deviation: always JSON on one line, whatever the client accepts (`docs/deviations.md`, content of refusals; bytes of JSON).
 */
export class StatusError extends KubeAuthnError implements HttpAnswer {
  override readonly name = 'StatusError'
  readonly code = 'refusedRequest'
  readonly status: number
  readonly statusCode: number
  /** The message may be sent to the client. */
  readonly expose = true
  /** Include the content type, the cache control, and on a 401 `www-authenticate`. */
  readonly headers: ResponseHeaders
  readonly body: Status
  readonly #text: string | undefined

  constructor(init: StatusErrorInit) {
    super(init.message, 'cause' in init ? { cause: init.cause } : undefined)
    this.status = init.status
    this.statusCode = init.status
    this.body = bodyOf(init)
    this.#text = init.text
    this.headers = headersOf(init)
  }

  /** The response body: {@link body} as JSON, except for the few responses in plain text. */
  get content(): string {
    return this.#text ?? JSON.stringify(this.body)
  }

  /** The whole response, for runtimes with the Fetch API. */
  getResponse(): Response {
    return responseOf(this)
  }
}

/** The response of a {@link StatusError} with these parts, without the error. */
export function statusAnswer(init: StatusErrorInit): HttpAnswer {
  return {
    status: init.status,
    headers: headersOf(init),
    content: init.text ?? JSON.stringify(bodyOf(init)),
  }
}

function bodyOf({ message, reason, details, status, metadata = NO_METADATA }: StatusErrorInit): Status {
  return Object.freeze({
    kind: 'Status',
    apiVersion: 'v1',
    metadata,
    status: 'Failure',
    message,
    ...(reason !== undefined && { reason }),
    ...(details !== undefined && { details }),
    code: status,
  })
}

const NO_METADATA = Object.freeze({})

/** Whether this is a {@link StatusError}, of this or another copy of the package. */
export const isStatusError: (value: unknown) => value is StatusError = branded(
  StatusError,
  'StatusError',
  ({ status, message, headers, body }) =>
    typeof status === 'number' &&
    typeof message === 'string' &&
    typeof headers === 'object' &&
    headers !== null &&
    typeof body === 'object' &&
    body !== null,
)

function hasSingleValues(
  headers: Readonly<Record<string, string | readonly string[]>>,
): headers is Readonly<Record<string, string>> {
  for (const name of Object.keys(headers)) if (typeof headers[name] !== 'string') return false
  return true
}

/** A copy of the headers, since servers may add to them, with those of every error. */
function headersOf({ headers = {}, text }: StatusErrorInit): ResponseHeaders {
  const copied = Object.entries(headers).map(
    ([name, value]) => [name, typeof value === 'string' ? value : [...value]] as const,
  )
  return {
    'content-type': text === undefined ? 'application/json' : 'text/plain; charset=utf-8',
    'cache-control': 'no-cache, private',
    ...Object.fromEntries(copied),
  }
}
