import { intersectAudiences } from '../../authenticator/audiences.ts'
import type { Authentication, TokenAuthenticator } from '../../authenticator/authenticator.ts'
import type { Context } from '../../authenticator/context.ts'
import {
  type AuthenticationError,
  type ConfigurationProblem,
  rejected,
  unavailable,
} from '../../authenticator/errors.ts'
import { notify } from '../../authenticator/notify.ts'
import {
  aBoolean,
  aFunction,
  aString,
  atLeast,
  checkOptions,
  nonEmptyListOf,
  type OptionsShape,
  problemOf,
  wholeNumber,
} from '../../internal/options/index.ts'
import { quoted } from '@kube-authn/internal/quote'
import { shownText } from '../../internal/shown-text.ts'
import { withFault } from '../../internal/http/fault.ts'
import { isObject } from '../../internal/objects.ts'
import { isTransientRefusal } from '../../internal/webhook-call/post.ts'
import { parsed } from '../../internal/webhook-call/read-review.ts'
import { type Refusal, WebhookCallError } from '../../internal/webhook-call/webhook-call-error.ts'
import { cached } from '../cache/cached.ts'
import type { CachedOptions } from '../cache/remembered-tokens.ts'
import { userInfo } from '../../authenticator/user.ts'
import {
  MAX_TIMEOUT_SECONDS,
  type WebhookCallOptions,
  webhookCallShape,
} from '../../internal/webhook-call/options.ts'
import { webhookCall, type WebhookCallContext } from '../../internal/webhook-call/webhook-call.ts'
import {
  readTokenReview,
  TITLE,
  tokenReviewBody,
  type TokenReviewStatus,
  type TokenReviewVersion,
} from './token-review.ts'

/** Options of {@link webhookAuthenticator}. */
export interface WebhookAuthenticatorOptions extends WebhookCallOptions {
  /** The name of the authenticator in events. Default `webhook`. */
  readonly name?: string
  /** The version of the TokenReview sent (`--authentication-token-webhook-version`, whose default is `v1beta1`). Default `v1`. */
  readonly version?: TokenReviewVersion
  /** The audiences of a token if the webhook returns none (`--api-audiences`). Default: none. */
  readonly implicitAudiences?: readonly string[]
  /** How long the user of a token is cached, or that the token is unknown (`--authentication-token-webhook-cache-ttl`). Default 120. */
  readonly ttlSeconds?: number
  /** How many users are cached, and separately how many unknown tokens; least recently used entries are evicted. Default 32,768. */
  readonly maxEntries?: number
  /** Whether authentication is delegated to the API server of a cluster, as in an extension API server; calls are then counted in `apiserver_delegated_authn_request_total`. Default `false`. */
  readonly delegated?: boolean
  /** Returns the credentials of the calls themselves, to be removed from messages of the webhook. Default: none. */
  readonly redact?: () => readonly string[]
}

/** The checks of {@link WebhookAuthenticatorOptions}, for packages that extend these options. */
export const webhookAuthenticatorShape: OptionsShape<WebhookAuthenticatorOptions> = {
  ...webhookCallShape,
  name: aString,
  version: reviewVersion,
  implicitAudiences: nonEmptyListOf(aString, '; leave it out for none'),
  ttlSeconds: atLeast(0),
  maxEntries: wholeNumber(1),
  delegated: aBoolean,
  redact: aFunction,
}

/**
 * Authenticates bearer tokens by sending a TokenReview to a service, and caches the results.
 *
 * A token that the service does not know results in no opinion; one that it refuses with an error is `rejected`. If the service does not
 * return a TokenReview, the error is `unavailable`; this is not cached, so that the next request tries again. Concurrent requests with the
 * same token share one review.
 *
 * The query of the URL is replaced by `timeout=`, as in client-go.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/webhook/webhook.go`, `pkg/util/webhook/webhook.go`.
 *
 * Deviation: `https` only, no redirects, bounded responses; one layer of retries; the username must not be empty (`docs/deviations.md`,
 * webhooks; empty user name).
 *
 * @throws {ConfigurationError} if an option is invalid.
 * @example
 * const tokens = webhookAuthenticator({ url: 'https://authn.example.com/authenticate' })
 */
export function webhookAuthenticator(options: WebhookAuthenticatorOptions): TokenAuthenticator {
  checkOptions(webhookAuthenticatorShape, options)
  const { version = 'v1', implicitAudiences = [] } = options
  const { timeoutSeconds = MAX_TIMEOUT_SECONDS } = options
  const url = withTimeout(options.url, timeoutSeconds)
  const call = webhookCall({ ...options, url }, { title: TITLE, isTransientStatus: isTransientRefusal })
  const secretsWith = (token: string): readonly string[] => [token, ...(options.redact?.() ?? [])]

  const ask = async (token: string, context: Context): Promise<TokenReviewStatus> => {
    try {
      const body = tokenReviewBody(token, context.audiences, version)
      return await readTokenReview(
        await call(body, callContext(context, options.delegated ?? false)),
        version,
      )
    } catch (thrown) {
      throw await failureOf(thrown, secretsWith(token), version)
    }
  }

  const webhook: TokenAuthenticator = {
    name: options.name ?? 'webhook',
    audienceAware: true,
    async authenticateToken(token, context) {
      // JSON cannot represent ill-formed strings, and no token is valid for an empty list of audiences.
      if (!token.isWellFormed() || context.audiences?.length === 0) return undefined
      const status = await ask(token, context)
      return evaluate(status, context.audiences, implicitAudiences, () => secretsWith(token))
    },
  }
  const cache = webhookCache(options)
  return cache === false ? webhook : cached(webhook, cache)
}

/** The cache options of a {@link webhookAuthenticator} with these options; `false` if it does not cache. */
export function webhookCache({
  ttlSeconds = 120,
  timeoutSeconds = MAX_TIMEOUT_SECONDS,
  maxEntries,
  clock,
}: Pick<WebhookAuthenticatorOptions, 'ttlSeconds' | 'timeoutSeconds' | 'maxEntries' | 'clock'>):
  | CachedOptions
  | false {
  if (ttlSeconds === 0) return false
  return {
    successTtlSeconds: ttlSeconds,
    failureTtlSeconds: ttlSeconds,
    // Longer than the timeout of the call, whose error is more specific.
    timeoutSeconds: timeoutSeconds + 5,
    ...(maxEntries !== undefined && { maxEntries }),
    ...(clock !== undefined && { clock }),
  }
}

/** Audiences first: the error is not disclosed for a token of other audiences. */
function evaluate(
  status: TokenReviewStatus,
  requested: readonly string[] | undefined,
  implicit: readonly string[],
  secrets: () => readonly string[],
): Authentication | undefined {
  const { authenticated, user, error } = status
  const candidates = status.audiences.length > 0 ? status.audiences : implicit
  const audiences = requested && intersectAudiences(requested, candidates)
  if (audiences?.length === 0) return undefined
  if (!authenticated) {
    if (error === '') return undefined
    throw rejected(shownText(error, secrets()) || `${TITLE} refused the token`)
  }
  if (user.username === '') throw unavailable(`${TITLE} authenticated the token without a username`)
  return { user: userInfo(user), ...(audiences !== undefined && { audiences }) }
}

function callContext({ signal, observer }: Context, delegated: boolean): WebhookCallContext {
  if (observer === undefined) return { signal }
  return {
    signal,
    onCall({ status, durationSeconds, certificateProblem: problem }) {
      notify(observer, {
        type: 'tokenReviewCall',
        durationSeconds,
        ...(status !== undefined && { status }),
        ...(delegated && { delegated }),
      })
      if (problem !== undefined && !delegated) notify(observer, { type: 'serverCertificate', problem })
    },
  }
}

/** Sends the timeout to the server. */
function withTimeout(url: string, seconds: number): string {
  const result = new URL(url)
  result.hash = ''
  result.search = Number.isInteger(seconds)
    ? `?timeout=${seconds}s`
    : `?timeout=${Math.ceil(seconds * 1000)}ms`
  return result.href
}

function reviewVersion(value: unknown, path: string): readonly ConfigurationProblem[] {
  if (value === 'v1' || value === 'v1beta1') return []
  const given = typeof value === 'string' ? quoted(value) : typeof value
  return problemOf(
    value,
    path,
    `unsupported authentication webhook version ${given}, supported versions are "v1", "v1beta1"`,
  )
}

/**
 * Converts a failed call to an authentication error. It is usually an outage. A 401 or 403 with a TokenReview that does not authenticate
 * the token is a refusal of the token.
 *
 * The message is that of the webhook, if it sent one, as in kube-apiserver. There is no `cause`: an error of `fetch` may contain the request.
 *
 * Deviation: kube-apiserver treats every error status as an outage (`docs/deviations.md`, token webhooks).
 *
 * @param secrets strings to remove from the message.
 */
async function failureOf(
  thrown: unknown,
  secrets: readonly string[],
  version: TokenReviewVersion,
): Promise<AuthenticationError> {
  if (!(thrown instanceof WebhookCallError)) return unavailable(`${TITLE} could not be called`)
  const { message, refusal, cause, busySeconds } = thrown
  if (busySeconds !== undefined) return unavailable(message, { retryAfterSeconds: busySeconds })
  if (refusal === undefined) {
    return unavailable(cause === undefined ? message : withFault(message, cause, secrets))
  }
  const refusalOfToken = await refusedToken(refusal, version)
  const whatIsMeant = refusal.status === 401 ? `${message}: ${ASKS_FOR_CREDENTIALS}` : message
  if (refusalOfToken !== undefined) return rejected(shownText(refusalOfToken, secrets) || whatIsMeant)
  return unavailable(shownText(textOf(refusal), secrets) || whatIsMeant)
}

/** Source: apimachinery `pkg/api/errors/errors.go` NewGenericServerResponse. */
const ASKS_FOR_CREDENTIALS = 'the server has asked for the client to provide credentials'

/** The error in a TokenReview that refuses the token, from an error response; `undefined` if there is no such review. */
async function refusedToken(
  { status, text }: Refusal,
  version: TokenReviewVersion,
): Promise<string | undefined> {
  if (status !== 401 && status !== 403) return undefined
  const review = await parsed(text)
  if (!isObject(review) || review['kind'] !== 'TokenReview' || !isObject(review['status'])) return undefined
  try {
    const { authenticated, error } = await readTokenReview(text, version)
    return authenticated ? undefined : error
  } catch {
    return undefined
  }
}

/**
 * The message of a `Status`, or a plain text body.
 *
 * Source: client-go `rest/request.go` Result.Error, newUnstructuredResponseError.
 */
function textOf({ contentType, text, explanation }: Refusal): string {
  const isPlain = contentType === '' || /^text\/plain\b/i.test(contentType)
  return explanation ?? (isPlain ? text : '')
}
