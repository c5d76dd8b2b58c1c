import { unavailable } from '@kube-authn/core'
import { BodyTooLongError, discard, type HttpResponse, textOf, withFault } from '@kube-authn/core/internal'
import { unusable } from './json.ts'

/** The part of `fetch` that is used. `createFetch` of `@kube-authn/node` returns one with a CA. */
export type KeystoneFetch = (url: string, init: KeystoneFetchInit) => Promise<HttpResponse>

/** The request that a {@link KeystoneFetch} makes. */
export interface KeystoneFetchInit {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** Redirects are not followed: the credential is only sent to the configured URL. */
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}

export interface KeystoneCall {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: object
  /** Credentials in the request, which must not appear in errors. */
  readonly secrets: readonly string[]
  readonly maxBytes: number
}

export interface KeystoneAnswer {
  readonly status: number
  /** The body; empty for a refusal. */
  readonly text: string
  header(name: string): string | undefined
}

/**
 * Calls Keystone once. Returns a success (200, 201, 203) or a refusal (401, 403, 404).
 *
 * @throws {AuthenticationError} `unavailable` for any other outcome, which says nothing about the credential.
 */
export async function call(
  { url, method, headers, body, secrets, maxBytes }: KeystoneCall,
  fetch: KeystoneFetch,
  signal: AbortSignal,
): Promise<KeystoneAnswer> {
  let response: HttpResponse
  try {
    response = await fetch(url, {
      method,
      headers: {
        ...headers,
        accept: 'application/json',
        // HTTP caches are keyed by URL, which is the same for all tokens.
        'cache-control': 'no-store',
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      redirect: 'manual',
      signal,
    })
  } catch (cause) {
    throw unavailable(withFault('Keystone could not be reached', cause, secrets))
  }
  const { status } = response
  const header = (name: string): string | undefined => response.headers.get(name) ?? undefined
  if (SUCCESSES.has(status)) {
    return { status, text: await readText(response, maxBytes, secrets), header }
  }
  discard(response)
  // Keystone's own refusals are JSON. An HTML page comes from a proxy in front of it, which has not checked the credential.
  const isOfKeystone = (): boolean =>
    /^application\/json\b/i.test(header('content-type') ?? 'application/json')
  if (REFUSALS.has(status) && isOfKeystone()) return { status, text: '', header }
  throw unavailable(`Keystone answered with HTTP status ${status}`)
}

const SUCCESSES: ReadonlySet<number> = new Set([200, 201, 203])
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 404])

async function readText(
  response: HttpResponse,
  maxBytes: number,
  secrets: readonly string[],
): Promise<string> {
  try {
    // Lenient decoding could turn two different names into the same one.
    return await textOf(response, maxBytes, new TextDecoder('utf-8', { fatal: true }))
  } catch (cause) {
    if (cause instanceof BodyTooLongError) throw unusable(`it is ${cause.message}`)
    throw unusable(withFault('it was cut off or is not UTF-8', cause, secrets))
  }
}
