import type { Authentication, TokenAuthenticator } from '../authenticator.ts'
import { type Awaitable, settle } from '../awaitable.ts'
import { requireCertificate } from '../bound-certificate.ts'
import type { Clock } from '../clock.ts'
import { consultToken } from '../consult.ts'
import type { Context } from '../context.ts'
import { asAuthenticationError, type AuthenticationError, unavailable } from '../errors.ts'
import { notify } from '../events.ts'
import { GRACE_MS, isDone, unlessAborted } from '../shared-work.ts'

/** What came of a lookup, and what was said on the way. */
export interface LookupResult {
  readonly authentication?: Authentication
  readonly error?: AuthenticationError
  readonly warnings: readonly string[]
  readonly annotations: ReadonlyMap<string, string>
  /** Thumbprints of the certificates that the token is bound to; absent where it is bound to none. */
  readonly certificates?: readonly string[]
}

/**
 * Gives a caller what a lookup brought. What was said on the way belongs to users only. A token that is bound to a certificate counts for
 * those callers only who hold it.
 */
export function answer(result: LookupResult, context: Context): Awaitable<Authentication | undefined> {
  if (result.error !== undefined) throw result.error
  if (result.authentication === undefined) return undefined
  return result.certificates === undefined
    ? told(result, context)
    : toHolder(result, result.certificates, context)
}

async function toHolder(
  result: LookupResult,
  certificates: readonly string[],
  context: Context,
): Promise<Authentication | undefined> {
  for (const thumbprint of certificates) await requireCertificate(context, thumbprint)
  return told(result, context)
}

function told(result: LookupResult, context: Context): Authentication | undefined {
  for (const text of result.warnings) context.warn?.(text)
  for (const [key, value] of result.annotations) context.annotate?.(key, value)
  return result.authentication
}

/** A lookup under way. */
export interface Lookup {
  /** Never rejects: errors are results. */
  readonly result: Promise<LookupResult>
  /** The answer for one caller, who may give up on it; {@link GONE} where the lookup ended together with the request that began it. */
  join(context: Context): Promise<Authentication | undefined | typeof GONE>
}

/** There is no answer, and there will be none. */
export const GONE: unique symbol = Symbol('gone')

/**
 * Starts asking for a token on nobody's behalf: of the caller's context only the audiences count, and who gives up does not
 * end it. An observer of the first caller sees what happens inside.
 */
export function startLookup(
  delegate: TokenAuthenticator,
  token: string,
  { audiences, observer }: Context,
  { clock, timeoutMs }: { readonly clock: Clock; readonly timeoutMs: number },
): Lookup {
  const abort = new AbortController()
  const warnings: string[] = []
  const annotations = new Map<string, string>()
  let certificates: string[] | undefined
  const context: Context = {
    ...(audiences !== undefined && { audiences }),
    ...(observer !== undefined && { observer }),
    signal: abort.signal,
    warn: (text) => warnings.push(text),
    annotate: (key, value) => annotations.set(key, value),
    // Whose connection it is is looked at for each caller, when there is an answer.
    holdsCertificate(thumbprint) {
      certificates ??= []
      certificates.push(thumbprint)
      return true
    },
  }

  notify(observer, { type: 'tokenCacheActiveFetch', status: 'inFlight', change: 1 })
  const endsAtMs = clock.now() + timeoutMs + GRACE_MS
  const result = new Promise<LookupResult>((resolve) => {
    const finish = (outcome: Pick<LookupResult, 'authentication' | 'error'>): void => {
      cancelTimeout()
      resolve({ ...outcome, warnings, annotations, ...(certificates !== undefined && { certificates }) })
    }
    const cancelTimeout = clock.after(timeoutMs, () => {
      const error = unavailable('the token could not be looked up in time')
      abort.abort(error)
      finish({ error })
    })
    void settle<Authentication | undefined, void>(
      () => consultToken(delegate, token, context),
      (authentication) => finish(authentication === undefined ? {} : { authentication }),
      (thrown) => finish({ error: asAuthenticationError(thrown) }),
    )
  })
  void result.then(({ error }) => {
    notify(observer, { type: 'tokenCacheActiveFetch', status: 'inFlight', change: -1 })
    notify(observer, { type: 'tokenCacheFetch', status: error === undefined ? 'ok' : 'error' })
  })

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
