import type { Attributes } from '../attributes.ts'
import type { Authorizer } from '../authorizer.ts'
import { type Decision, deny, noOpinion } from '../decision.ts'
import { AuthorizationError } from '../errors.ts'
import { systemClock } from '../../internal/clock.ts'
import type { Context } from '../../authenticator/context.ts'
import { keyedDigest } from '../../internal/digest/keyed-digest.ts'
import { sha256 } from '#sha256'
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
import { unlessAborted } from '../../internal/unless-aborted.ts'
import { singleFlight } from '../../internal/single-flight.ts'
import { verdictCache } from '../../internal/verdict-cache.ts'
import { notify } from '../../authenticator/notify.ts'
import { isTransientRefusal } from '../../internal/webhook-call/post.ts'
import { type CallReport, isTimeout, webhookCall } from '../../internal/webhook-call/webhook-call.ts'
import { contextCanceled } from '../../internal/webhook-call/deadline.ts'
import {
  MAX_TIMEOUT_SECONDS,
  type WebhookCallOptions,
  webhookCallShape,
} from '../../internal/webhook-call/options.ts'
import { WebhookCallError } from '../../internal/webhook-call/webhook-call-error.ts'
import { reviewAnswer, reviewBody, reviewSpec, type ReviewVersion, TITLE } from './review.ts'

/** Options of {@link webhookAuthorizer}. The defaults are kube-apiserver's. The URL is used unchanged. */
export interface WebhookAuthorizerOptions extends WebhookCallOptions {
  /** The name in reasons and events. Default `webhook`. */
  readonly name?: string
  /** `--authorization-webhook-version`. Default `v1`. */
  readonly version?: ReviewVersion
  /** How long allowed decisions are cached (`--authorization-webhook-cache-authorized-ttl`). Default 300; 0 caches none. */
  readonly allowedTtlSeconds?: number
  /** How long all other decisions are cached (`--authorization-webhook-cache-unauthorized-ttl`). Default 30; 0 caches none. */
  readonly deniedTtlSeconds?: number
  /** The maximum number of cached allowed decisions, and of other decisions; least recently used ones are evicted. Default 8192. */
  readonly maxEntries?: number
  /** The decision if the webhook does not answer. Default `noOpinion`. */
  readonly failurePolicy?: 'noOpinion' | 'deny'
  /** Whether all authorization is delegated to a cluster, as in an extension API server. The calls are then counted in `apiserver_delegated_authz_request_total`. Default `false`. */
  readonly delegated?: boolean
  /** Returns the credentials that the calls carry, so that they are redacted from errors. Default: none. */
  readonly redact?: () => readonly string[]
}

export const webhookAuthorizerShape: OptionsShape<WebhookAuthorizerOptions> = {
  ...webhookCallShape,
  name: aString,
  version: oneOf('v1', 'v1beta1'),
  allowedTtlSeconds: atLeast(0),
  deniedTtlSeconds: atLeast(0),
  maxEntries: wholeNumber(1),
  failurePolicy: oneOf('noOpinion', 'deny'),
  delegated: aBoolean,
  redact: aFunction,
}

/**
 * Sends SubjectAccessReviews to a service (`--authorization-mode=Webhook`), and caches its answers.
 *
 * Errors are not cached, nor are reviews whose attributes have 10,000 characters or more. Equal concurrent reviews share one call. If too
 * many calls are in flight, the client gets a 503 with `Retry-After`.
 *
 * Source: apiserver `plugin/pkg/authorizer/webhook/webhook.go`.
 *
 * Deviation: `https` only, no redirects, and the answer size is limited (`docs/deviations.md`, webhooks). A review that is not valid
 * Unicode is not sent (`docs/deviations.md`, names that are not Unicode).
 *
 * @throws {ConfigurationError} when an option is invalid.
 * @example
 * const authorizer = webhookAuthorizer({ url: 'https://authz.example.com/authorize' })
 */
export function webhookAuthorizer(options: WebhookAuthorizerOptions): Authorizer {
  checkOptions(webhookAuthorizerShape, options)
  const { name = 'webhook', delegated = false, version = 'v1', failurePolicy = 'noOpinion' } = options
  const { clock = systemClock } = options
  const origin = { authorizer: name, ...(delegated && { delegated }) }
  const allowedTtlMs = (options.allowedTtlSeconds ?? 300) * 1000
  const deniedTtlMs = (options.deniedTtlSeconds ?? 30) * 1000
  const decisions = verdictCache<Decision>(clock, options.maxEntries ?? 8192)
  const digest = keyedDigest(sha256)
  const call = webhookCall(options, { title: TITLE, isTransientStatus: isTransientRefusal })
  const share = singleFlight<Answer>(clock, (options.timeoutSeconds ?? MAX_TIMEOUT_SECONDS) * 1000)

  const undecided = (error: AuthorizationError): Decision =>
    failurePolicy === 'deny' ? deny('', error) : noOpinion('', error)
  const failed = (thrown: unknown): Decision => undecided(failureOf(thrown, options.redact?.() ?? []))

  const ask = async (
    body: string,
    key: string,
    isKept: boolean,
    observer: Observer | undefined,
  ): Promise<Answer> => {
    const telling = observer && callTelling(origin, observer)
    try {
      const text = await call(body, telling === undefined ? {} : { onCall: telling.onCall })
      const { decision, allowed } = await reviewAnswer(text, version)
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

  /** An aborted caller does not end the call, since others may share it. */
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
        notify(observer, { type: 'accessReviewFailOpen', ...origin, result: failure })
      }
      return decision
    } catch {
      return failed(contextCanceled())
    }
  }

  return {
    name,
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

/** The decision on a review, and how the call failed if it did. */
interface Answer {
  readonly decision: Decision
  readonly failure?: 'error' | 'timeout'
}

/** The authorizer that reports. */
interface Origin {
  readonly authorizer: string
  readonly delegated?: true
}

/** Reports the calls of one review to an observer: a successful one once it is known whether its answer is valid. */
function callTelling(origin: Origin, observer: Observer) {
  let succeeded: CallReport | undefined
  const tellOf = ({ certificateProblem: problem, ...report }: CallReport): void => {
    notify(observer, { type: 'accessReviewCall', ...origin, ...report })
    if (problem !== undefined && origin.delegated === undefined) {
      notify(observer, { type: 'serverCertificate', problem })
    }
  }
  return {
    onCall: (report: CallReport): void => {
      if (report.result === 'success') succeeded = report
      else tellOf(report)
    },
    onUsable(): void {
      if (succeeded !== undefined) tellOf(succeeded)
    },
    /** The last answer is invalid, or there was none. */
    onUnusable(): void {
      if (succeeded !== undefined) tellOf({ ...succeeded, result: 'error' })
    },
  }
}

/** The message is sent to the client. The cause is for logs, without the secrets passed to `fetch`. */
function failureOf(thrown: unknown, secrets: readonly string[]): AuthorizationError {
  const isKnown = thrown instanceof WebhookCallError
  const message = isKnown ? thrown.message : `${TITLE} could not be asked`
  if (isKnown && thrown.busySeconds !== undefined) {
    return new AuthorizationError(message, { retryAfterSeconds: thrown.busySeconds })
  }
  const fault = faultOf(isKnown ? thrown.cause : thrown, secrets)
  return new AuthorizationError(message, fault === '' ? {} : { cause: new Error(fault) })
}

const NOT_UNICODE = 'a name of the user or the request is not Unicode'

/**
 * Matches the escape of an unpaired surrogate in the output of `JSON.stringify`. The webhook would decode it to a different name.
 *
 * Source: ECMA-262, QuoteJSONString.
 */
const LONE_SURROGATE = /(?<!\\)(?:\\\\)*\\ud[89a-f]/

const MAX_KEPT_LENGTH = 10_000

/** Long reviews are not cached: a client could fill the memory with them. */
function isTooLongToKeep(attributes: Attributes): boolean {
  const { namespace, verb, apiGroup, apiVersion, resource, subresource, name, path } = attributes
  const parts = [namespace, verb, apiGroup, apiVersion, resource, subresource, name, path]
  return parts.reduce((length, part) => length + part.length, 0) >= MAX_KEPT_LENGTH
}
