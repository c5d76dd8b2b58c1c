import { unavailable } from '../../authenticator/errors.ts'
import { discard } from '../../internal/http/discard.ts'
import { withFault } from '../../internal/http/fault.ts'
import type { HttpResponse } from '../../internal/http/response.ts'
import { textOf, TooLong } from '../../internal/http/response-text.ts'
import { unusable } from './json.ts'

/** What of `fetch` is used. `@kube-authn/node` makes one with a CA. */
export type KeystoneFetch = (url: string, init: KeystoneFetchInit) => Promise<HttpResponse>

/** What a {@link KeystoneFetch} is called with. */
export interface KeystoneFetchInit {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** A redirect is not followed: the credential goes where the operator said, and nowhere else. */
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}

/** What is asked, and how long an answer may be. */
export interface KeystoneCall {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: object
  /** What is in it that belongs into no error. */
  readonly secrets: readonly string[]
  readonly maxResponseBytes: number
}

/** What Keystone said. */
export interface KeystoneAnswer {
  readonly status: number
  /** Empty for a refusal. */
  readonly text: string
  header(name: string): string | undefined
}

/**
 * Calls Keystone once. The answer is a success (200, 201, 203) or a refusal (401, 403, 404); everything else says nothing about
 * a credential.
 *
 * @throws {AuthenticationError} `unavailable`, for everything else.
 */
export async function call(
  { url, method, headers, body, secrets, maxResponseBytes }: KeystoneCall,
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
        // Caches go by the URL, which is the same for all tokens.
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
    return { status, text: await readText(response, maxResponseBytes, secrets), header }
  }
  discard(response)
  if (REFUSALS.has(status) && isOfKeystone(header('content-type'))) return { status, text: '', header }
  throw unavailable(`Keystone answered with HTTP status ${status}`)
}

const SUCCESSES: ReadonlySet<number> = new Set([200, 201, 203])
const REFUSALS: ReadonlySet<number> = new Set([401, 403, 404])

/** Keystone refuses in JSON. A page in HTML is of a proxy before it, which knows nothing about the credential. */
function isOfKeystone(contentType: string | undefined): boolean {
  return contentType === undefined || /^application\/json\b/i.test(contentType)
}

async function readText(
  response: HttpResponse,
  maxBytes: number,
  secrets: readonly string[],
): Promise<string> {
  try {
    // Bytes that are not UTF-8 must not become the same replacement in two names.
    return await textOf(response, maxBytes, new TextDecoder('utf-8', { fatal: true }))
  } catch (cause) {
    if (cause instanceof TooLong) throw unusable(`it is ${cause.message}`)
    throw unusable(withFault('it broke off, or is not UTF-8', cause, secrets))
  }
}
