import { generateRandomCodeVerifier, generateRandomNonce, generateRandomState } from 'oauth4webapi'
import type { Clock } from '@kube-authn/core'
import { base64urlOf } from '@kube-authn/core/internal/shared'
import { type CookieRules, readCookies, setCookie } from '../cookies.ts'
import type { SessionKeeper } from '../sessions/session-keeper.ts'
import type { Seal } from './seal.ts'
import { type Transaction, transactionOf } from './transaction.ts'

/** A transaction that has begun, and the `Set-Cookie` lines that keep it. */
export interface Begun {
  readonly transaction: Transaction
  readonly setCookies: readonly string[]
}

/** The transaction of a callback, and the lines that remove its cookie. */
export interface Finished {
  /** `undefined`: this browser did not begin it, it is over, or its state was used before. */
  readonly transaction: Transaction | undefined
  readonly setCookies: readonly string[]
}

/** The logins that browsers have begun. */
export interface Transactions {
  /** The beginning of the names of its cookies. */
  readonly cookiePrefix: string
  begin(cookieHeader: string, provider: string, returnTo: string): Promise<Begun>
  /**
   * The transaction with this state, once.
   *
   * @throws {AuthenticationError} `unavailable` if it is not known whether it was used; the cookie stays, and the callback can be opened again.
   */
  finish(cookieHeader: string, state: string): Promise<Finished>
}

/** How long a person may take to log in. */
const LIFETIME_SECONDS = 900
/** So that the header of a browser that never finishes does not grow: each cookie has about 600 bytes. */
const MAX_COOKIES = 5
/** Browsers have no more than a few, whatever a request says. */
const MAX_REMOVED = 20
const ID_LENGTH = 22
/** What is written back into a header is made of these characters only. */
const ID = /^[\w-]{22}$/

/**
 * Keeps the state of each attempt in a cookie of the browser that makes it, named by the digest of its state.
 *
 * @param sessions records which were used, so that a state counts once wherever that is known. The provider sees to it everywhere: a code is for one use (RFC 6749
 *   section 4.1.2).
 */
export function transactions(
  seal: Seal,
  { clock, sessions }: { readonly clock: Clock; readonly sessions: Pick<SessionKeeper, 'useOnce'> },
  rules: CookieRules,
): Transactions {
  const cookiePrefix = `${rules.prefix}kube-authn-login-`

  return {
    cookiePrefix,
    async begin(cookieHeader, provider, returnTo) {
      const endsAtMs = clock.now() + LIFETIME_SECONDS * 1000
      const transaction = {
        state: generateRandomState(),
        nonce: generateRandomNonce(),
        verifier: generateRandomCodeVerifier(),
        provider,
        returnTo,
        endsAtMs,
      }
      const name = cookiePrefix + (await idOf(transaction.state))
      const value = await seal.seal(transaction)
      const surplus = [...readCookies(cookieHeader).keys()]
        .filter((other) => other.startsWith(cookiePrefix) && ID.test(other.slice(cookiePrefix.length)))
        .slice(0, -(MAX_COOKIES - 1))
        .slice(0, MAX_REMOVED)
      return {
        transaction,
        setCookies: [
          ...surplus.map((other) => setCookie(other, '', 0, rules)),
          setCookie(name, value, LIFETIME_SECONDS, rules),
        ],
      }
    },
    async finish(cookieHeader, state) {
      const id = await idOf(state)
      const name = cookiePrefix + id
      const value = readCookies(cookieHeader).get(name)
      if (value === undefined) return { transaction: undefined, setCookies: [] }
      const setCookies = [setCookie(name, '', 0, rules)]
      const transaction = transactionOf((await seal.open(value)) ?? {})
      // The cookie of another attempt under this name does not count.
      const leftMs = transaction?.state === state ? transaction.endsAtMs - clock.now() : 0
      const counts = leftMs > 0 && (await sessions.useOnce(id, leftMs))
      return { transaction: counts ? transaction : undefined, setCookies }
    },
  }
}

/** The name of an attempt: its state itself is for the provider only. */
async function idOf(state: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(state))
  return base64urlOf(new Uint8Array(digest)).slice(0, ID_LENGTH)
}
