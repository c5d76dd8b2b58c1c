import { type Clock, ConfigurationError, type Context } from '@kube-authn/core'
import { webhookAuthenticator, type WebhookAuthenticatorOptions } from '@kube-authn/core/remote'
import type { WebhookFetch, WebhookFetchInit } from '@kube-authn/core/internal'
import { outcomeOf } from '../behaviour.ts'
import {
  DEVIATES_AS_DOCUMENTED,
  type Given,
  NotApplicable,
  NotUnderstood,
  type UnitRunner,
} from '../vector.ts'
import { ERROR, only, reading, USER } from '../reading.ts'

/** The behaviour of a webhook in a vector. */
interface Server {
  readonly status?: number
  readonly content_type?: string | null
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string
  readonly body_base64?: string
  readonly json?: unknown
  readonly location?: string
  readonly network?: string
}

/** What follows a redirect is never asked for: that is the deviation. */
const SERVER = 'status content_type headers body body_base64 json location network then'

/** Area H, but for kubeconfigs and delegation: requests to a token webhook, and the interpretation of its responses. */
export const webhook: Readonly<Record<string, UnitRunner>> = {
  webhook: reading(
    {
      given: [
        'version token requested_audiences implicit_audiences',
        { server_response: SERVER, backoff: 'steps' },
      ],
      expect: ['outcome audiences calls redirected', { user: USER, error: ERROR }],
    },
    async ({ given, expect }) => {
      const server = (given['server_response'] ?? {}) as Server
      if ('then' in server && given.deviation !== 'L.4') throw new NotUnderstood('given.server_response.then')
      const { calls, ...outcome } = await asked(given, answering(server))
      const isError = outcome['outcome'] === 'error'
      if (given.deviation === 'L.2' && isError) return DEVIATES_AS_DOCUMENTED
      if (given.deviation === 'L.4')
        return deviatingResult(outcome, calls, expect['redirected'] !== undefined)
      if (isError && calls !== expect['calls'] && asksForWait(server)) {
        throw new NotApplicable('waits are in the one layer of retries (docs/deviations.md, webhooks)')
      }
      if (String(outcome['error']).endsWith('it repeats a member')) {
        throw new NotApplicable('a repeated member is an error (docs/deviations.md, webhooks)')
      }
      return { ...outcome, calls }
    },
  ),

  'webhook.request': reading(
    {
      given: 'version token server_url requested_audiences implicit_audiences',
      expect: 'method path query content_type accept json_contains json_absent',
    },
    async ({ given, expect }) => {
      const sent: { url: string; init: WebhookFetchInit }[] = []
      const url = String(given['server_url'])
      await asked(
        given,
        (to, init) => {
          sent.push({ url: to, init })
          return Promise.resolve(Response.json({}))
        },
        { url },
      )
      const [{ url: to, init } = { url, init: undefined }] = sent
      const { pathname, search } = new URL(to)
      const review: unknown = JSON.parse(init?.body ?? 'null')
      const absent = (expect['json_absent'] ?? []) as readonly string[]
      return {
        method: init?.method,
        path: pathname,
        query: search.slice(1),
        content_type: init?.headers['content-type'],
        accept: init?.headers['accept'],
        json_contains: common(review, expect['json_contains']),
        json_absent: absent.filter((path) => at(review, path) === undefined),
      }
    },
  ),

  'webhook.config': reading({ given: 'version', expect: 'outcome text_contains' }, ({ given }) => {
    try {
      webhookAuthenticator({ url: URL_OF_NOBODY, version: given['version'] as 'v1' })
      return Promise.resolve({ outcome: 'loaded' })
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error
      return Promise.resolve({ outcome: 'load-error', text_contains: error.message })
    }
  }),

  'webhook.backoff': reading(
    {
      given: 'initial_ms factor jitter steps cancelled attempt_error retryable',
      expect: 'attempts waits_ms_ranges error error_contains',
    },
    async ({ given, expect }) => {
      only(given, 'factor', 1.5)
      only(given, 'jitter', 0.2)
      only(given, 'cancelled', 'before', 'during first attempt')
      const caller = new AbortController()
      if (given['cancelled'] === 'before') caller.abort()
      const clock = impatientClock()
      const status = given['retryable'] === false ? 400 : 500
      const fetch: WebhookFetch = () => {
        if (given['cancelled'] === 'during first attempt') caller.abort()
        return Promise.resolve(new Response(String(given['attempt_error']), { status }))
      }
      const { steps, initial_ms: initialMs } = given as { steps?: number; initial_ms?: number }
      const options = {
        clock,
        random: Math.random,
        ...(steps !== undefined && { maxAttempts: steps }),
        ...(initialMs !== undefined && { initialBackoffSeconds: initialMs / 1000 }),
      }
      if (steps !== undefined && steps <= 0) {
        refuses(
          () => webhookAuthenticator({ url: URL_OF_NOBODY, ...options }),
          'must be greater than 0, but is',
        )
        throw new NotApplicable('a webhook that is never to be called is refused when it is made')
      }
      const { calls, error } = await asked(given, fetch, options, { signal: caller.signal })
      const ranges = (expect['waits_ms_ranges'] ?? []) as readonly (readonly [number, number])[]
      const areWithin =
        clock.waits.length === ranges.length &&
        ranges.every(([least, most], index) => isBetween(clock.waits[index], least, most))
      return {
        attempts: calls,
        error,
        error_contains: error,
        waits_ms_ranges: areWithin ? ranges : clock.waits,
      }
    },
  ),
}

/** Area G-webhook of the tokens: the interpretation of a response once more. */
export const tokenWebhook: UnitRunner = reading(
  {
    given: ['token reviewStatus httpStatus requestAudiences apiAudiences', {}],
    expect: ['outcome audiences message messageContains errorKind', { user: USER }],
  },
  async ({ given, expect }) => {
    const { reviewStatus, httpStatus = 200, requestAudiences, apiAudiences } = given
    const { outcome, error, ...rest } = await asked(
      { token: given['token'], requested_audiences: requestAudiences, implicit_audiences: apiAudiences },
      answering({
        status: Number(httpStatus),
        json: reviewStatus === null ? null : { status: reviewStatus },
      }),
    )
    return {
      ...rest,
      outcome: outcome === 'no-opinion' ? 'no_opinion' : outcome,
      message: error,
      messageContains: error,
      ...(outcome === 'error' && { errorKind: expect['errorKind'] }),
    }
  },
)

const URL_OF_NOBODY = 'https://authn.example.com/authenticate'

/** Authenticates the token of a vector. */
async function asked(
  given: Given,
  server: WebhookFetch,
  options: Partial<WebhookAuthenticatorOptions> = {},
  context: Context = {},
): Promise<Record<string, unknown> & { readonly calls: number }> {
  let calls = 0
  const { requested_audiences: requested, implicit_audiences: implicit } = given as {
    requested_audiences?: readonly string[] | null
    implicit_audiences?: readonly string[] | null
  }
  const { steps = 5 } = (given['backoff'] ?? {}) as { steps?: number }
  const authenticator = webhookAuthenticator({
    url: URL_OF_NOBODY,
    version: (given['version'] ?? 'v1') as 'v1' | 'v1beta1',
    ttlSeconds: 0,
    maxAttempts: steps,
    clock: impatientClock(),
    random: () => 0,
    ...(implicit && implicit.length > 0 && { implicitAudiences: implicit }),
    ...options,
    fetch(url, init) {
      calls++
      return server(url, init)
    },
  })
  const outcome = await outcomeOf(() =>
    authenticator.authenticateToken(typeof given['token'] === 'string' ? given['token'] : 'tok', {
      ...context,
      ...(requested && { audiences: requested }),
    }),
  )
  return { ...outcome, calls }
}

/** A server with a fixed response. */
function answering(server: Server): WebhookFetch {
  return () => {
    if (server.network !== undefined) return Promise.reject(networkError(server.network))
    const { status = 200, content_type: type = 'application/json', headers = [], json, location } = server
    const text = json === undefined ? (server.body ?? '') : JSON.stringify(json)
    const body = server.body_base64 === undefined ? text : Buffer.from(server.body_base64, 'base64')
    const response = new Response([204, 205, 304].includes(status) ? null : body, { status })
    response.headers.delete('content-type')
    if (type !== null) response.headers.set('content-type', type)
    if (location !== undefined) response.headers.set('location', location)
    for (const [name, value] of headers) response.headers.append(name, value)
    return Promise.resolve(response)
  }
}

function asksForWait({ headers = [] }: Server): boolean {
  return headers.some(([name]) => name.toLowerCase() === 'retry-after')
}

/** The error of a runtime's `fetch`. */
function networkError(network: string): Error {
  const codes: readonly (readonly [RegExp, string])[] = [
    [/reset/i, 'ECONNRESET'],
    [/http.?2/i, 'ERR_HTTP2_GOAWAY_SESSION'],
    [/refused/i, 'ECONNREFUSED'],
    [/trust|certificate|tls/i, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    [/host|dns|resolve/i, 'ENOTFOUND'],
    [/eof|closed/i, ''],
    [/time.?out/i, 'ETIMEDOUT'],
  ]
  const [, code] = codes.find(([pattern]) => pattern.test(network)) ?? []
  if (code === undefined) throw new NotUnderstood(`given.server_response.network ${JSON.stringify(network)}`)
  return new TypeError('fetch failed', { cause: Object.assign(new Error(network), code !== '' && { code }) })
}

/** A deviation of section L.4: redirects are refused, and transient failures are retried. */
function deviatingResult(
  outcome: Record<string, unknown>,
  calls: number,
  isRedirect: boolean,
): Readonly<Record<string, unknown>> {
  const isError = outcome['outcome'] === 'error'
  return isError && (isRedirect ? calls === 1 : calls > 1) ? DEVIATES_AS_DOCUMENTED : { ...outcome, calls }
}

/** Short waits end at once; the timeout of a review does not. */
function impatientClock(): Clock & { readonly waits: readonly number[] } {
  const waits: number[] = []
  return {
    waits,
    now: () => 1,
    after(milliseconds, callback) {
      if (milliseconds > 0 && milliseconds < 30_000) waits.push(milliseconds)
      if (milliseconds < 30_000) setTimeout(callback, 0)
      return () => undefined
    },
  }
}

function refuses(make: () => unknown, why: string): void {
  try {
    make()
  } catch (error) {
    if (error instanceof ConfigurationError && error.message.includes(why)) return
  }
  throw new Error('it was not refused')
}

function isBetween(value: number | undefined, least: number, most: number): boolean {
  return value !== undefined && value >= least && value <= most
}

/** The part of a value that has the shape of another one. */
function common(value: unknown, shape: unknown): unknown {
  if (!isRecord(shape) || !isRecord(value)) return value
  return Object.fromEntries(Object.keys(shape).map((key) => [key, common(value[key], shape[key])]))
}

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce((each, key) => (isRecord(each) ? each[key] : undefined), value)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
