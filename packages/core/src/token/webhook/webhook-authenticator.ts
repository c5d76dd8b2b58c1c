import { intersectAudiences } from '../../authenticator/audiences.ts'
import type { Authentication, TokenAuthenticator } from '../../authenticator/authenticator.ts'
import type { Context } from '../../authenticator/context.ts'
import { type ConfigurationProblem, rejected, unavailable } from '../../authenticator/errors.ts'
import { notify, type Observer } from '../../authenticator/events.ts'
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
import { quoted } from '../../internal/quote.ts'
import { shownText } from '../../internal/shown-text.ts'
import { cached, type CachedOptions } from '../cache/cached.ts'
import { userInfo } from '../../authenticator/user.ts'
import {
  MAX_TIMEOUT_SECONDS,
  type WebhookCallOptions,
  webhookCallShape,
} from '../../internal/webhook-call/options.ts'
import { webhookCall, type WebhookCallContext } from '../../internal/webhook-call/webhook-call.ts'
import { failureOf } from './failure.ts'
import {
  readTokenReview,
  TITLE,
  tokenReviewBody,
  type TokenReviewStatus,
  type TokenReviewVersion,
} from './token-review.ts'

/** Options of {@link webhookAuthenticator}. */
export interface WebhookAuthenticatorOptions extends WebhookCallOptions {
  /** What it is called in events. Default `webhook`. */
  readonly name?: string
  /** What is asked in (`--authentication-token-webhook-version`, which is `v1beta1` by default). Default `v1`. */
  readonly version?: TokenReviewVersion
  /** What a token is valid for when the webhook says nothing about audiences (`--api-audiences`). Default: nothing. */
  readonly implicitAudiences?: readonly string[]
  /** How long it is kept who a token belongs to, or that it is nobody's (`--authentication-token-webhook-cache-ttl`). Default 120. */
  readonly cacheTtlSeconds?: number
  /** How many users are kept, and how many refusals beside them; what was used longest ago goes first. Default 32,768. */
  readonly maxCacheEntries?: number
  /**
   * It is the cluster that the whole authentication is left to, as an extension API server does, and its calls are counted as such
   * (`apiserver_delegated_authn_request_total`). Default `false`.
   */
  readonly delegated?: boolean
  /** What the calls carry as credentials of their own, so that it is struck out of what the webhook says. Default: nothing. */
  readonly secrets?: () => readonly string[]
}

/** The checks of {@link WebhookAuthenticatorOptions}, for packages whose options have more. */
export const webhookAuthenticatorShape: OptionsShape<WebhookAuthenticatorOptions> = {
  ...webhookCallShape,
  name: aString,
  version: reviewVersion,
  implicitAudiences: nonEmptyListOf(aString, '; leave it out for none'),
  cacheTtlSeconds: atLeast(0),
  maxCacheEntries: wholeNumber(1),
  delegated: aBoolean,
  secrets: aFunction,
}

/**
 * Asks a service by TokenReview who a bearer token belongs to, and remembers what it said.
 *
 * A token that the service does not know is no opinion. One that it refuses with a reason is an error, `rejected`. A service that
 * does not answer, or with anything but a TokenReview, decides nothing: that is `unavailable`, is not remembered, and is over as
 * soon as the service is back. Whoever asks about a token that is being asked about waits for that answer.
 *
 * The query of the URL is replaced by `timeout=`, as client-go does.
 *
 * Source: apiserver `plugin/pkg/authenticator/token/webhook/webhook.go`, `pkg/util/webhook/webhook.go`.
 *
 * Deviation: `https` only, no redirects, a bounded answer; one layer of retries; a user has a name (`docs/deviations.md`, webhooks;
 * token webhooks; empty user name).
 *
 * @throws {ConfigurationError} when the options cannot work.
 * @example
 * const tokens = webhookAuthenticator({ url: 'https://authn.example.com/authenticate' })
 */
export function webhookAuthenticator(options: WebhookAuthenticatorOptions): TokenAuthenticator {
  checkOptions(webhookAuthenticatorShape, options)
  const { version = 'v1', implicitAudiences = [] } = options
  const { timeoutSeconds = MAX_TIMEOUT_SECONDS } = options
  const call = webhookCall({ ...options, url: withTimeout(options.url, timeoutSeconds) }, WEBHOOK)
  const secretsWith = (token: string): readonly string[] => [token, ...(options.secrets?.() ?? [])]

  const ask = async (token: string, context: Context): Promise<TokenReviewStatus> => {
    try {
      const body = tokenReviewBody(token, context.audiences, version)
      return await readTokenReview(await call(body, callContext(context, options.delegated ?? false)))
    } catch (thrown) {
      throw await failureOf(thrown, secretsWith(token))
    }
  }

  const webhook: TokenAuthenticator = {
    name: options.name ?? 'webhook',
    audienceAware: true,
    async authenticateToken(token, context) {
      // No JSON can say it, and nothing is valid for nobody.
      if (!token.isWellFormed() || context.audiences?.length === 0) return undefined
      const status = await ask(token, context)
      return evaluate(status, context.audiences, implicitAudiences, () => secretsWith(token))
    },
  }
  const cache = webhookCache(options)
  return cache === false ? webhook : cached(webhook, cache)
}

/** How a {@link webhookAuthenticator} with these options remembers what the webhook said; `false`: not at all. */
export function webhookCache({
  cacheTtlSeconds = 120,
  timeoutSeconds = MAX_TIMEOUT_SECONDS,
  maxCacheEntries,
  clock,
}: Pick<WebhookAuthenticatorOptions, 'cacheTtlSeconds' | 'timeoutSeconds' | 'maxCacheEntries' | 'clock'>):
  | CachedOptions
  | false {
  if (cacheTtlSeconds === 0) return false
  return {
    successTtlSeconds: cacheTtlSeconds,
    failureTtlSeconds: cacheTtlSeconds,
    // The webhook's own limit comes first, and says what went wrong.
    lookupTimeoutSeconds: timeoutSeconds + 5,
    ...(maxCacheEntries !== undefined && { maxEntries: maxCacheEntries }),
    ...(clock !== undefined && { clock }),
  }
}

const WEBHOOK = {
  title: TITLE,
  // Deviation: 503 without a wait, which kube-apiserver takes for final (`docs/deviations.md`, token webhooks).
  isTransientStatus: (status: number) => status === 429 || status >= 500,
}

/** In this order: that a token is for somebody else hides why it is refused. */
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
  if (user.username === '') throw unavailable(`${TITLE} knows the token, and does not say whose it is`)
  return { user: userInfo(user), ...(audiences !== undefined && { audiences }) }
}

function callContext({ signal, observer }: Context, delegated: boolean): WebhookCallContext {
  return { signal, ...(observer !== undefined && { onCall: reportTo(observer, delegated) }) }
}

function reportTo(observer: Observer, delegated: boolean): NonNullable<WebhookCallContext['onCall']> {
  return ({ status, durationSeconds, certificateProblem: problem }) => {
    notify(observer, {
      type: 'tokenReviewCall',
      durationSeconds,
      ...(status !== undefined && { status }),
      ...(delegated && { delegated }),
    })
    if (problem !== undefined && !delegated) notify(observer, { type: 'serverCertificate', problem })
  }
}

/** Tells the server how long the answer is waited for. */
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
