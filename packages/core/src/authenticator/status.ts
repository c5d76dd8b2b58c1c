import { branded } from '../internal/brand.ts'

/** `v1` Status: what the Kubernetes API answers when it refuses something. */
export interface Status {
  readonly kind: 'Status'
  readonly apiVersion: 'v1'
  readonly metadata: Readonly<Record<string, never>>
  readonly status: 'Failure'
  readonly message: string
  readonly reason: string
  readonly details?: Readonly<Record<string, unknown>>
  readonly code: number
}

/** What a {@link StatusError} is made of. */
export interface StatusErrorInit {
  readonly status: number
  /** A machine-readable word, as in `Unauthorized`. */
  readonly reason: string
  /** For the client: never what really went wrong with a credential. */
  readonly message: string
  readonly details?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** What is sent in place of the JSON, as plain text: where kube-apiserver sends no Status either. */
  readonly text?: string
  /** For logs; never sent. */
  readonly cause?: unknown
}

/** A header of an answer: one value, or several that are sent as separate headers. */
export type ResponseHeaders = Readonly<Record<string, string | string[]>>

/** What is sent to a client, in whatever way a framework does that. A {@link StatusError} is one too. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: ResponseHeaders
  readonly content: string
}

/** An answer for runtimes with the Fetch API. */
export function responseOf({ status, headers, content }: HttpAnswer): Response {
  // Servers on Node write these as they are, and of `Headers` they make an object first.
  if (hasSingleValues(headers)) return new Response(content, { status, headers: { ...headers } })
  const sent = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    for (const each of typeof value === 'string' ? [value] : value) sent.append(name, each)
  }
  return new Response(content, { status, headers: sent })
}

/**
 * A request is refused. Express, Koa and Hono each find what they look for in an error, so any of them can render it when it
 * is thrown: `status`, `statusCode`, `expose`, `headers`, `getResponse()`. The client gets a {@link Status}, never the cause.
 *
 * Source: apimachinery `pkg/apis/meta/v1` Status; apiserver `pkg/endpoints/handlers/responsewriters`.
 *
 * Deviation: it is JSON in one line whatever the client accepts (`docs/deviations.md`, content of refusals; bytes of JSON).
 */
export class StatusError extends Error implements HttpAnswer {
  override readonly name = 'StatusError'
  readonly status: number
  readonly statusCode: number
  /** The message is fit for the client. */
  readonly expose = true
  /** With content type and cache control; `www-authenticate` on a 401. */
  readonly headers: ResponseHeaders
  /** Frozen: errors that say the same share it. */
  readonly body: Status
  readonly #content: string | undefined

  constructor(init: StatusErrorInit) {
    super(init.message, 'cause' in init ? { cause: init.cause } : undefined)
    this.status = init.status
    this.statusCode = init.status
    if (init.details === undefined) {
      const { body, json } = withoutDetails(init)
      this.body = body
      this.#content = init.text ?? json
    } else {
      this.body = bodyOf(init)
      this.#content = init.text
    }
    this.headers = {
      'content-type': init.text === undefined ? 'application/json' : 'text/plain; charset=utf-8',
      'cache-control': 'no-cache, private',
      ...copyOfHeaders(init.headers),
    }
  }

  /** What is sent: the {@link body} as JSON, but for the few answers that are plain text. */
  get content(): string {
    return this.#content ?? JSON.stringify(this.body)
  }

  /** The whole answer, for runtimes with the Fetch API. */
  getResponse(): Response {
    return responseOf(this)
  }
}

function bodyOf({ message, reason, details, status }: StatusErrorInit): Status {
  return Object.freeze({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: NO_METADATA,
    status: 'Failure',
    message,
    reason,
    ...(details !== undefined && { details }),
    code: status,
  })
}

const NO_METADATA = Object.freeze({})

let last = asJson({ status: 401, reason: 'Unauthorized', message: 'Unauthorized' })

/** Made once for refusals in a row that say the same, as most do: clients cause them at no cost. */
function withoutDetails(init: StatusErrorInit): { readonly body: Status; readonly json: string } {
  const { message, reason, code } = last.body
  if (message !== init.message || reason !== init.reason || code !== init.status) last = asJson(init)
  return last
}

function asJson(init: StatusErrorInit): { readonly body: Status; readonly json: string } {
  const body = bodyOf(init)
  return { body, json: JSON.stringify(body) }
}

/** Whether this is a {@link StatusError}, of this copy of the package or of another. */
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

function hasSingleValues(headers: ResponseHeaders): headers is Readonly<Record<string, string>> {
  for (const name of Object.keys(headers)) if (typeof headers[name] !== 'string') return false
  return true
}

/** The values of one name are a list of their own, which no other code can change. */
function copyOfHeaders(headers: StatusErrorInit['headers'] = {}): ResponseHeaders {
  const given = Object.values(headers)
  if (given.every(isText)) return { ...headers } as Record<string, string>
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  )
}

function isText(value: string | readonly string[]): boolean {
  return typeof value === 'string'
}
