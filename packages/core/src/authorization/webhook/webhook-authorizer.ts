import type { Attributes } from '../attributes.ts'
import type { Authorizer } from '../authorizer.ts'
import { type Decision, deny, noOpinion } from '../decision.ts'
import { AuthorizationError } from '../errors.ts'
import { systemClock } from '../../internal/clock.ts'
import type { Context } from '../../authenticator/context.ts'
import { keyedDigest } from '../../internal/digest/keyed-digest.ts'
import type { Observer } from '../../authenticator/events.ts'
import { faultOf } from '../../internal/http/fault.ts'
import {
  aBoolean,
  aFunction,
  aString,
  atLeast,
  checkOptions,
  oneOf,
  type OptionsShape,
  wholeNumber,
} from '../../internal/options/index.ts'
import { unlessAborted } from '../../internal/shared-work.ts'
import { singleFlight } from '../../internal/single-flight.ts'
import { verdictCache } from '../../internal/verdict-cache.ts'
import { isTimeout } from '../../internal/webhook-call/call-report.ts'
import { contextCanceled } from '../../internal/webhook-call/deadline.ts'
import {
  MAX_TIMEOUT_SECONDS,
  type WebhookCallOptions,
  webhookCallShape,
} from '../../internal/webhook-call/options.ts'
import { webhookCall } from '../../internal/webhook-call/webhook-call.ts'
import { WebhookCallError } from '../../internal/webhook-call/webhook-call-error.ts'
import { reviewAnswer, TITLE } from './answer.ts'
import { callTelling } from './call-telling.ts'
import { reviewBody, reviewSpec, type ReviewVersion } from './review.ts'

/** Options of {@link webhookAuthorizer}. The defaults are kube-apiserver's. The URL is called exactly as it is. */
export interface WebhookAuthorizerOptions extends WebhookCallOptions {
  /** What it is called in reasons and events. Default `webhook`. */
  readonly name?: string
  /** `--authorization-webhook-version`. Default `v1`. */
  readonly version?: ReviewVersion
  /** How long a yes is kept (`--authorization-webhook-cache-authorized-ttl`). Default 300; 0 keeps none. */
  readonly allowedTtlSeconds?: number
  /** How long anything else is kept (`--authorization-webhook-cache-unauthorized-ttl`). Default 30; 0 keeps none. */
  readonly deniedTtlSeconds?: number
  /** How many yeses are kept, and how many other answers beside them; what was used longest ago goes first. Default 8192. */
  readonly maxCacheEntries?: number
  /** The decision when there is no answer. Default `noOpinion`. */
  readonly failurePolicy?: 'noOpinion' | 'deny'
  /**
   * It is the cluster that the whole authorization is left to, as an extension API server does, and its calls are counted as such
   * (`apiserver_delegated_authz_request_total`). Default `false`.
   */
  readonly delegated?: boolean
  /** What the calls carry as credentials of their own, so that it is struck out of what is told of a fault. Default: nothing. */
  readonly secrets?: () => readonly string[]
}

/** The checks of {@link WebhookAuthorizerOptions}, for packages whose options have more. */
export const webhookAuthorizerShape: OptionsShape<WebhookAuthorizerOptions> = {
  ...webhookCallShape,
  name: aString,
  version: oneOf('v1', 'v1beta1'),
  allowedTtlSeconds: atLeast(0),
  deniedTtlSeconds: atLeast(0),
  maxCacheEntries: wholeNumber(1),
  failurePolicy: oneOf('noOpinion', 'deny'),
  delegated: aBoolean,
  secrets: aFunction,
}

/**
 * Asks a service by SubjectAccessReview (`--authorization-mode=Webhook`), and remembers what it said.
 *
 * Errors are not remembered, and neither are questions that are longer than anything honest. Equal questions at the same time are one call.
 * Where too many are under way, the client is told to come again later: 503 with `Retry-After`.
 *
 * Source: apiserver `plugin/pkg/authorizer/webhook/webhook.go`.
 *
 * Deviation: `https` only, no redirects, and the answer is bounded (`docs/deviations.md`, webhooks). A question that is not Unicode is
 * not asked (`docs/deviations.md`, names that are not Unicode).
 *
 * @throws {ConfigurationError} when the options cannot work.
 * @example
 * const authorizer = webhookAuthorizer({ url: 'https://authz.example.com/authorize' })
 */
export function webhookAuthorizer(options: WebhookAuthorizerOptions): Authorizer {
  checkOptions(webhookAuthorizerShape, options)
  const { version = 'v1', failurePolicy = 'noOpinion' } = options
  const clock = options.clock ?? systemClock
  const allowedTtlMs = (options.allowedTtlSeconds ?? 300) * 1000
  const deniedTtlMs = (options.deniedTtlSeconds ?? 30) * 1000
  const decisions = verdictCache<Decision>(clock, options.maxCacheEntries ?? 8192)
  const digest = keyedDigest()
  const call = webhookCall(options, { title: TITLE, isTransientStatus })
  const share = singleFlight<Answer>(clock, (options.timeoutSeconds ?? MAX_TIMEOUT_SECONDS) * 1000)

  const undecided = (error: AuthorizationError): Decision =>
    failurePolicy === 'deny' ? deny('', error) : noOpinion('', error)

  const failed = (thrown: unknown): Decision => undecided(failureOf(thrown, options.secrets?.() ?? []))
  const tellFor = callTelling({ name: options.name ?? 'webhook', delegated: options.delegated ?? false })

  const ask = async (
    body: string,
    key: string,
    isKept: boolean,
    observer: Observer | undefined,
  ): Promise<Answer> => {
    const telling = observer && tellFor(observer)
    try {
      const text = await call(body, telling === undefined ? {} : { onCall: telling.onCall })
      const { decision, allowed } = await reviewAnswer(text)
      telling?.onUsable()
      const ttlMs = allowed ? allowedTtlMs : deniedTtlMs
      if (isKept && ttlMs > 0) {
        const kind = decision.verdict === 'allow' ? 'accepted' : 'refused'
        decisions.remember(key, decision, kind, clock.now() + ttlMs)
      }
      return { decision }
    } catch (thrown) {
      telling?.onUnusable()
      return { decision: failed(thrown), failure: isTimeout(thrown) ? 'timeout' : 'error' }
    }
  }

  /** A caller that gives up does not end the call, for which others may wait. */
  const shared = async (
    body: string,
    key: string,
    isKept: boolean,
    { signal, observer }: Context,
  ): Promise<Decision> => {
    if (signal?.aborted === true) return failed(contextCanceled())
    try {
      const { decision, failure } = await unlessAborted(
        share(key, () => ask(body, key, isKept, observer)),
        signal,
      )
      if (failure !== undefined && failurePolicy === 'noOpinion' && observer !== undefined) {
        tellFor(observer).onFailOpen(failure)
      }
      return decision
    } catch {
      return failed(contextCanceled())
    }
  }

  return {
    name: options.name ?? 'webhook',
    authorize(attributes, context) {
      const spec = reviewSpec(attributes, version)
      const key = digest(JSON.stringify(spec))
      const remembered = decisions.get(key)
      if (remembered !== undefined) return remembered
      const body = reviewBody(spec, version)
      if (LONE_SURROGATE.test(body))
        return undecided(new AuthorizationError(`${TITLE} cannot be asked: ${NOT_UNICODE}`))
      return shared(body, key, !isTooLongToKeep(attributes), context)
    },
  }
}

/** What came of a question, and how it failed where no decision did. */
interface Answer {
  readonly decision: Decision
  readonly failure?: 'error' | 'timeout'
}

/** Every fault of a server but 503, as client-go has it: that one is final unless a wait is asked for. */
function isTransientStatus(status: number): boolean {
  return status === 429 || (status >= 500 && status !== 503)
}

/** The message is sent to the client; why it came to that is for logs, without what `fetch` was given. */
function failureOf(thrown: unknown, secrets: readonly string[]): AuthorizationError {
  const isKnown = thrown instanceof WebhookCallError
  const message = isKnown ? thrown.message : `${TITLE} could not be asked`
  if (isKnown && thrown.busySeconds !== undefined) {
    return new AuthorizationError(message, { retryAfterSeconds: thrown.busySeconds })
  }
  const fault = faultOf(isKnown ? thrown.cause : thrown, secrets)
  return new AuthorizationError(message, fault === '' ? {} : { cause: new Error(fault) })
}

const NOT_UNICODE = 'the user or what is asked for has a name that is not Unicode'

/**
 * How `JSON.stringify` writes what is not Unicode, and nothing else. The webhook would read another name.
 *
 * Source: ECMA-262, QuoteJSONString.
 */
const LONE_SURROGATE = /(?<!\\)(?:\\\\)*\\ud[89a-f]/

const MAX_KEPT_LENGTH = 10_000

/** Whoever makes up long questions wants to fill the memory. */
function isTooLongToKeep(attributes: Attributes): boolean {
  const { namespace, verb, apiGroup, apiVersion, resource, subresource, name, path } = attributes
  const parts = [namespace, verb, apiGroup, apiVersion, resource, subresource, name, path]
  return parts.reduce((length, part) => length + part.length, 0) >= MAX_KEPT_LENGTH
}
