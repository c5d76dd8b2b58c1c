import type { Authentication, TokenAuthenticator } from '../../authenticator/authenticator.ts'
import { type Awaitable, firstOf, isPromiseLike, promiseOf } from '../../internal/awaitable.ts'
import { requireCertificate } from '../../authenticator/bound-certificate.ts'
import { requireKey } from '../../authenticator/bound-key.ts'
import type { Clock } from '../../internal/clock.ts'
import { askToken, attempt, type Opinion } from '../../authenticator/consult.ts'
import type { Context } from '../../authenticator/context.ts'
import { type AuthenticationError, unavailable } from '../../authenticator/errors.ts'
import { notify } from '../../authenticator/notify.ts'
import type { Observer } from '../../authenticator/events.ts'
import { GRACE_MS, isDone } from '../../internal/shared-work.ts'
import { unlessAborted } from '../../internal/unless-aborted.ts'

/** The outcome of a lookup, and what its context recorded. */
export interface LookupResult {
  readonly authentication: Authentication | undefined
  readonly error: AuthenticationError | undefined
  readonly warnings: readonly string[] | undefined
  readonly annotations: ReadonlyMap<string, string> | undefined
  /** Refuse the token to a caller that does not have what it is bound to: a certificate, or a key; `undefined` if it is not bound. */
  readonly bindings: readonly Binding[] | undefined
}

type Binding = (caller: Context) => Awaitable<void>

/**
 * Returns or throws the outcome of a lookup for one caller. Warnings and annotations are passed on only with a user. A token that is bound to a
 * certificate or a key is accepted only from a caller that has it.
 */
export function answer(result: LookupResult, context: Context): Awaitable<Authentication | undefined> {
  if (result.error !== undefined) throw result.error
  if (result.authentication === undefined) return undefined
  if (result.bindings === undefined) return told(result, context)
  return firstOf<Binding, void, Authentication | undefined>(
    result.bindings,
    (isMet) => isMet(context),
    () => undefined,
    () => told(result, context),
  )
}

function told(
  { authentication, warnings, annotations }: LookupResult,
  context: Context,
): Authentication | undefined {
  if (warnings !== undefined) for (const text of warnings) context.warn?.(text)
  if (annotations !== undefined) for (const [key, value] of annotations) context.annotate?.(key, value)
  return authentication
}

export interface Lookup {
  /** Never rejects: errors are results. */
  readonly result: Promise<LookupResult>
  /** The answer for one caller, which may give up; {@link GONE} if the lookup ended with the request that started it. */
  join(context: Context): Promise<Authentication | undefined | typeof GONE>
}

/** The lookup will never finish. */
export const GONE: unique symbol = Symbol('gone')

/**
 * Looks up a token for all callers; it continues if a caller gives up. The observer of the first caller receives the events of the lookup.
 *
 * @returns the outcome, if it is known at once, or the pending lookup.
 */
export function lookUpToken(
  delegate: TokenAuthenticator,
  token: string,
  caller: Context,
  limits: { readonly clock: Clock; readonly timeoutMs: number },
): LookupResult | Lookup {
  const context = new LookupContext(caller)
  const { observer } = context
  notify(observer, { type: 'tokenCacheActiveFetch', status: 'inFlight', change: 1 })
  const found = attempt(askToken, delegate, token, context)
  return isPromiseLike(found)
    ? waitFor(promiseOf(found), context, limits)
    : endedAtOnce(observer, resultOf(context, found))
}

function resultOf(context: LookupContext, { answer: found, error }: Opinion): LookupResult {
  // Frozen, since all callers share it.
  return { authentication: found && Object.freeze({ ...found }), error, ...context.said }
}

function ended(observer: Observer | undefined, result: LookupResult): LookupResult {
  notify(observer, { type: 'tokenCacheActiveFetch', status: 'inFlight', change: -1 })
  notify(observer, { type: 'tokenCacheFetch', status: result.error === undefined ? 'ok' : 'error' })
  return result
}

/** Reports its one caller as blocked, like the callers of a pending lookup. */
function endedAtOnce(observer: Observer | undefined, result: LookupResult): LookupResult {
  notify(observer, { type: 'tokenCacheActiveFetch', status: 'blocked', change: 1 })
  ended(observer, result)
  notify(observer, { type: 'tokenCacheActiveFetch', status: 'blocked', change: -1 })
  return result
}

function waitFor(
  found: Promise<Opinion>,
  context: LookupContext,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): Lookup {
  const endsAtMs = clock.now() + timeoutMs + GRACE_MS
  const decided = new Promise<LookupResult>((resolve) => {
    const cancelTimeout = clock.after(timeoutMs, () => {
      const error = unavailable('the token could not be looked up in time')
      context.end(error)
      resolve(resultOf(context, { error }))
    })
    void found.then((opinion) => {
      cancelTimeout()
      resolve(resultOf(context, opinion))
    })
  })
  const result = decided.then((outcome) => ended(context.observer, outcome))

  return {
    result,
    async join(caller) {
      notify(caller.observer, { type: 'tokenCacheActiveFetch', status: 'blocked', change: 1 })
      try {
        const isThere = isDone(result, endsAtMs - clock.now(), clock)
        return (await unlessAborted(isThere, caller.signal)) ? await answer(await result, caller) : GONE
      } finally {
        notify(caller.observer, { type: 'tokenCacheActiveFetch', status: 'blocked', change: -1 })
      }
    },
  }
}

/** The context of a lookup that several callers share. It uses only the audiences and the observer of the first caller, and records warnings and annotations for all callers. */
class LookupContext implements Context {
  declare readonly audiences?: readonly string[]
  declare readonly observer?: Observer
  #warnings: string[] | undefined
  #annotations: Map<string, string> | undefined
  #bindings: Binding[] | undefined
  #abort: AbortController | undefined
  #reason: AuthenticationError | undefined

  constructor({ audiences, observer }: Context) {
    if (audiences !== undefined) this.audiences = audiences
    if (observer !== undefined) this.observer = observer
  }

  /** Created on first use, since most lookups finish at once. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.#reason !== undefined) this.#abort.abort(this.#reason)
    }
    return this.#abort.signal
  }

  readonly warn = (text: string): void => {
    this.#warnings ??= []
    this.#warnings.push(text)
  }

  readonly annotate = (key: string, value: string): void => {
    this.#annotations ??= new Map()
    this.#annotations.set(key, value)
  }

  /** Records the certificate; it is checked against the connection of each caller later. */
  readonly holdsCertificate = (thumbprint: string): boolean =>
    this.#bind((caller) => requireCertificate(caller, thumbprint))

  /** Records the key; it is checked against the proof of each caller later. */
  readonly provesKey = (thumbprint: string): boolean => this.#bind((caller) => requireKey(caller, thumbprint))

  #bind(binding: Binding): true {
    this.#bindings ??= []
    this.#bindings.push(binding)
    return true
  }

  get said(): Pick<LookupResult, 'warnings' | 'annotations' | 'bindings'> {
    return { warnings: this.#warnings, annotations: this.#annotations, bindings: this.#bindings }
  }

  /** Aborts the lookup, after its timeout. */
  end(reason: AuthenticationError): void {
    this.#reason = reason
    this.#abort?.abort(reason)
  }
}
