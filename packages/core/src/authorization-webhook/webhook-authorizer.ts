import { LRUCache } from 'lru-cache'
import type { Attributes } from '../authorization/attributes.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import { type Decision, deny, noOpinion } from '../authorization/decision.ts'
import { AuthorizationError } from '../authorization/errors.ts'
import { type Clock, systemClock } from '../clock.ts'
import { keyedDigest } from '../digest/keyed-digest.ts'
import { ConfigurationError, type ConfigurationProblem } from '../errors.ts'
import { deadlineAfter } from './abort.ts'
import { reviewAnswer } from './answer.ts'
import { post, type WebhookFetch } from './post.ts'
import { withRetries } from './retry.ts'
import { reviewBody, reviewSpec, type ReviewVersion } from './review.ts'
import { systemRandom } from '../random.ts'

/** Options of {@link webhookAuthorizer}. The defaults are kube-apiserver's. */
export interface WebhookAuthorizerOptions {
  /** Where reviews are posted to, exactly. `https` only. */
  readonly url: string
  /** Makes the calls, with whatever credentials the webhook wants. Default: the runtime's `fetch`. */
  readonly fetch?: WebhookFetch
  /** What it is called in reasons and events. Default `webhook`. */
  readonly name?: string
  /** `--authorization-webhook-version`. Default `v1`. */
  readonly version?: ReviewVersion
  /** How long a yes is kept (`--authorization-webhook-cache-authorized-ttl`). Default 300; 0 keeps none. */
  readonly allowedTtlSeconds?: number
  /** How long anything else is kept (`--authorization-webhook-cache-unauthorized-ttl`). Default 30; 0 keeps none. */
  readonly deniedTtlSeconds?: number
  /** What is used least goes first beyond this. Default 8192. */
  readonly maxCacheEntries?: number
  /** The decision when there is no answer. Default `noOpinion`. */
  readonly failurePolicy?: 'noOpinion' | 'deny'
  /** For all calls of one decision together. Default 30. */
  readonly timeoutSeconds?: number
  /** How often one question is asked while the failure may pass. Default 5. */
  readonly maxAttempts?: number
  /** The wait before the second call; each wait is one and a half times the one before. Default 0.5. */
  readonly retryDelaySeconds?: number
  /** A longer answer is none. Default 1,048,576. */
  readonly maxResponseBytes?: number
  readonly clock?: Clock
  /** Between 0 and 1. Default: the random numbers of Web Crypto. */
  readonly random?: () => number
}

/**
 * Asks a service by SubjectAccessReview (`--authorization-mode=Webhook`), and remembers what it said.
 *
 * Errors are not remembered, and neither are questions that are longer than anything honest.
 *
 * Source: apiserver `plugin/pkg/authorizer/webhook/webhook.go`.
 *
 * Deviation: `https` only, no redirects, and the answer is bounded (`docs/deviations.md`, webhooks).
 *
 * @throws {ConfigurationError} when the options cannot work.
 * @example
 * const authorizer = webhookAuthorizer({ url: 'https://authz.example.com/authorize' })
 */
export function webhookAuthorizer(options: WebhookAuthorizerOptions): Authorizer {
  validate(options)
  const { version = 'v1', failurePolicy = 'noOpinion' } = options
  const clock = options.clock ?? systemClock
  const allowedTtlMs = (options.allowedTtlSeconds ?? 300) * 1000
  const deniedTtlMs = (options.deniedTtlSeconds ?? 30) * 1000
  const timeoutMs = (options.timeoutSeconds ?? 30) * 1000
  // Whether an entry is still good is decided here, by our clock: the ttl of lru-cache never ends on some runtimes.
  const entries = new LRUCache<string, Entry>({ max: options.maxCacheEntries ?? 8192 })
  const digest = keyedDigest()
  const posting = {
    url: options.url,
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    maxResponseBytes: options.maxResponseBytes ?? 1_048_576,
  } satisfies Parameters<typeof post>[1]
  const retrying = {
    clock,
    random: options.random ?? systemRandom,
    maxAttempts: options.maxAttempts ?? 5,
    initialDelayMs: (options.retryDelaySeconds ?? 0.5) * 1000,
  }

  const freshDecision = (key: string): Decision | undefined => {
    const entry = entries.get(key)
    if (entry === undefined || clock.now() < entry.expiresAtMs) return entry?.decision
    entries.delete(key)
    return undefined
  }

  const ask = async (body: string, signal: AbortSignal | undefined, key: string): Promise<Decision> => {
    const deadline = deadlineAfter(timeoutMs, clock, signal)
    try {
      const call = (): Promise<string> => deadline.race(post(body, posting, deadline.signal))
      const text = await withRetries(call, retrying, deadline.signal)
      const { decision, allowed } = reviewAnswer(text)
      const ttlMs = allowed ? allowedTtlMs : deniedTtlMs
      if (key !== '' && ttlMs > 0) entries.set(key, { decision, expiresAtMs: clock.now() + ttlMs })
      return decision
    } catch (thrown) {
      const error = thrown instanceof AuthorizationError ? thrown : failure(thrown)
      return failurePolicy === 'deny' ? deny('', error) : noOpinion('', error)
    } finally {
      deadline.end()
    }
  }

  return {
    name: options.name ?? 'webhook',
    authorize(attributes, context) {
      const spec = reviewSpec(attributes, version)
      const key = isTooLongToKeep(attributes) ? '' : digest(JSON.stringify(spec))
      const remembered = key === '' ? undefined : freshDecision(key)
      return remembered ?? ask(reviewBody(spec, version), context.signal, key)
    },
  }
}

interface Entry {
  readonly decision: Decision
  readonly expiresAtMs: number
}

function failure(cause: unknown): AuthorizationError {
  return new AuthorizationError('the authorization webhook could not be asked', { cause })
}

const MAX_KEPT_LENGTH = 10_000

/** Whoever makes up long questions wants to fill the memory. */
function isTooLongToKeep(attributes: Attributes): boolean {
  const { namespace, verb, apiGroup, apiVersion, resource, subresource, name, path } = attributes
  const parts = [namespace, verb, apiGroup, apiVersion, resource, subresource, name, path]
  return parts.reduce((length, part) => length + part.length, 0) >= MAX_KEPT_LENGTH
}

function validate(options: WebhookAuthorizerOptions): void {
  const problems: ConfigurationProblem[] = []
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined
  if (url?.protocol !== 'https:') problems.push({ path: 'url', message: 'must be an https URL' })
  else if (url.username !== '' || url.password !== '') {
    problems.push({ path: 'url', message: 'must not have credentials in it' })
  }
  if (options.version !== undefined && !['v1', 'v1beta1'].includes(options.version)) {
    problems.push({ path: 'version', message: "must be 'v1' or 'v1beta1'" })
  }
  if (options.failurePolicy !== undefined && !['noOpinion', 'deny'].includes(options.failurePolicy)) {
    problems.push({ path: 'failurePolicy', message: "must be 'noOpinion' or 'deny'" })
  }
  for (const path of ['allowedTtlSeconds', 'deniedTtlSeconds', 'retryDelaySeconds'] as const) {
    const seconds = options[path]
    if (seconds !== undefined && !(seconds >= 0)) problems.push({ path, message: 'must be 0 or more' })
  }
  const { timeoutSeconds } = options
  if (timeoutSeconds !== undefined && !(timeoutSeconds > 0 && timeoutSeconds <= 30)) {
    problems.push({ path: 'timeoutSeconds', message: 'must be above 0 and at most 30' })
  }
  for (const path of ['maxAttempts', 'maxCacheEntries', 'maxResponseBytes'] as const) {
    const count = options[path]
    if (count !== undefined && !(Number.isSafeInteger(count) && count > 0)) {
      problems.push({ path, message: 'must be a whole number above 0' })
    }
  }
  if (problems.length > 0) throw new ConfigurationError(problems)
}
