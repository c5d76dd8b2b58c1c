import { generateRandomCodeVerifier, generateRandomNonce, generateRandomState } from 'oauth4webapi'
import type { Clock } from '@kube-authn/core'
import { base64urlOf, isObject } from '@kube-authn/core/internal'
import { ATTEMPTS_BYTES, bytesInHeader, readCookies, setCookie } from './cookies.ts'
import type { LoginSecrets } from './provider/authorization-url.ts'
import { sealer } from './sessions/seal.ts'
import type { SessionKeeper } from './sessions/session-keeper.ts'
import { sessionKeyBytes } from './sessions/session-keys.ts'

/** One attempt to log in, which the browser keeps in a sealed cookie of its own, so that two tabs do not disturb each other. */
export interface Transaction extends LoginSecrets {
  readonly provider: string
  /** Where to go on, checked before: path, query and fragment of this origin. */
  readonly returnTo: string
  /** In milliseconds since the epoch. */
  readonly endsAtMs: number
}

/** The logins that browsers have begun. */
export interface Transactions {
  /** The beginning of the names of its cookies. */
  readonly cookiePrefix: string
  /** The oldest attempts end if there are too many, or too long ones. @returns also the `Set-Cookie` lines that keep it. */
  begin(
    cookieHeader: string,
    provider: string,
    returnTo: string,
  ): Promise<{ readonly transaction: Transaction; readonly setCookies: readonly string[] }>
  /**
   * The transaction with this state, once, and the lines that remove its cookie. It is `undefined` if this browser did not begin it, it is over, or its state was used before.
   *
   * @throws {AuthenticationError} `unavailable` if it is not known whether it was used; the cookie stays, and the callback can be opened again.
   */
  finish(
    cookieHeader: string,
    state: string,
  ): Promise<{ readonly transaction: Transaction | undefined; readonly setCookies: readonly string[] }>
}

export interface TransactionsOptions {
  /** The first key seals, all of them unseal. */
  readonly keys: readonly string[]
  /** The origin of the app: another app with the same keys cannot use its transactions. */
  readonly origin: string
  readonly clock: Clock
  /**
   * Records used states, so that a state counts once wherever that is known. The provider enforces it everywhere: a code is for one use (RFC 6749 section
   * 4.1.2).
   */
  readonly sessions: Pick<SessionKeeper, 'useOnce'>
}

/** The format of a sealed transaction. */
const VERSION = 1
/** Longer values are not ours. */
const MAX_SEALED = 4096
/** How long a person may take to log in. */
const LIFETIME_SECONDS = 900
const MAX_COOKIES = 4
/** Browsers have no more than a few, whatever a request says. */
const MAX_REMOVED = 20
const ID_LENGTH = 22
/** Only these characters are written back into a header. */
const ID = /^[\w-]{22}$/

/** Keeps the state of each attempt in a cookie of the browser that makes it, named by the digest of its state. */
export function transactions({ keys, origin, clock, sessions }: TransactionsOptions): Transactions {
  // Browsers differ in what they accept as secure from `http://localhost`.
  const isSecure = new URL(origin).protocol === 'https:'
  const { seal, unseal } = sealer(keys.map(sessionKeyBytes), ['login transaction', VERSION, origin])
  const cookiePrefix = `${isSecure ? '__Host-' : ''}kube-authn-login-`

  /** The lines that remove the oldest attempts: a browser sends the newest last (RFC 6265 section 5.4). */
  const removed = (cookieHeader: string, count: number, room: number, except?: string): readonly string[] => {
    const attempts = [...readCookies(cookieHeader)].filter(
      ([name]) =>
        name !== except && name.startsWith(cookiePrefix) && ID.test(name.slice(cookiePrefix.length)),
    )
    let left = room
    const kept = attempts.toReversed().findIndex(([name, value], index) => {
      left -= bytesInHeader(name, value)
      return index >= count || left < 0
    })
    const surplus = kept === -1 ? [] : attempts.slice(0, attempts.length - kept)
    return surplus.slice(0, MAX_REMOVED).map(([name]) => setCookie(name, '', 0, isSecure))
  }

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
      const name = cookiePrefix + (await cookieId(transaction.state))
      const value = await seal(JSON.stringify(transaction))
      const room = ATTEMPTS_BYTES - bytesInHeader(name, value)
      return {
        transaction,
        setCookies: [
          ...removed(cookieHeader, MAX_COOKIES - 1, room),
          setCookie(name, value, LIFETIME_SECONDS, isSecure),
        ],
      }
    },
    async finish(cookieHeader, state) {
      const id = await cookieId(state)
      const name = cookiePrefix + id
      const value = readCookies(cookieHeader).get(name)
      if (value === undefined) return { transaction: undefined, setCookies: [] }
      // Tabs that were opened at once did not know of each other when they began.
      const setCookies = [
        setCookie(name, '', 0, isSecure),
        ...removed(cookieHeader, MAX_COOKIES, ATTEMPTS_BYTES, name),
      ]
      const text = value.length > MAX_SEALED ? undefined : await unseal(value)
      const transaction = text === undefined ? undefined : parseTransaction(text)
      // The cookie of another attempt under this name does not count.
      const leftMs = transaction?.state === state ? transaction.endsAtMs - clock.now() : 0
      const counts = leftMs > 0 && (await sessions.useOnce(id, leftMs))
      return { transaction: counts ? transaction : undefined, setCookies }
    },
  }
}

/** The name of an attempt: its state itself is for the provider only. */
async function cookieId(state: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(state))
  return base64urlOf(new Uint8Array(digest)).slice(0, ID_LENGTH)
}

/** The transaction in what was unsealed; `undefined` if it is none. */
function parseTransaction(text: string): Transaction | undefined {
  const value: unknown = JSON.parse(text)
  const found: Partial<Record<keyof Transaction, unknown>> = isObject(value) ? value : {}
  const { state, nonce, verifier, provider, returnTo, endsAtMs } = found
  const isWhole =
    typeof state === 'string' &&
    typeof nonce === 'string' &&
    typeof verifier === 'string' &&
    typeof provider === 'string' &&
    typeof returnTo === 'string' &&
    typeof endsAtMs === 'number'
  return isWhole ? { state, nonce, verifier, provider, returnTo, endsAtMs } : undefined
}
