import type {
  Authentication,
  Authenticator,
  PasswordAuthenticator,
  TokenAuthenticator,
} from '../src/authenticator/authenticator.ts'
import type { Awaitable } from '../src/internal/awaitable.ts'
import type { Clock } from '../src/internal/clock.ts'
import type { Context } from '../src/authenticator/context.ts'
import type { AuthenticationEvent } from '../src/authenticator/events.ts'
import { exactHeaders } from '../src/request/headers/exact.ts'
import { fetchRequest } from '../src/request/fetch-request.ts'
import type { AuthenticationRequest } from '../src/request/request.ts'
import { userInfo, type UserInfo } from '../src/authenticator/user.ts'

/*
 * Fakes for the tests of core alone. `@kube-authn/testing` has better ones, and cannot be used here: it depends on core.
 */

/** An answer, or how to find one. */
export type Answer = () => Awaitable<Authentication | undefined>

export const jane: UserInfo = userInfo({ username: 'jane', uid: '1', groups: ['developers'] })
export const bob: UserInfo = userInfo({ username: 'bob', uid: '2' })

export const knows =
  (user: UserInfo, rest: Omit<Authentication, 'user'> = {}): Answer =>
  () => ({ user, ...rest })
export const noOpinion: Answer = () => undefined
export const fails =
  (error: unknown): Answer =>
  () => {
    throw error
  }
export const later =
  (answer: Answer): Answer =>
  async () => {
    await Promise.resolve()
    return answer()
  }

/** A request authenticator that keeps what it was asked. */
export function requests(
  answer: Authenticator['authenticate'],
  name = 'requests',
): Authenticator & { readonly calls: readonly AuthenticationRequest[] } {
  const calls: AuthenticationRequest[] = []
  const authenticate: Authenticator['authenticate'] = (asked, context) => {
    calls.push(asked)
    return answer(asked, context)
  }
  return { name, authenticate, calls }
}

/** A token authenticator that keeps what it was asked. */
export function tokens(
  answer: TokenAuthenticator['authenticateToken'],
  name = 'tokens',
): TokenAuthenticator & { readonly calls: readonly { readonly token: string; readonly context: Context }[] } {
  const calls: { readonly token: string; readonly context: Context }[] = []
  const authenticateToken: TokenAuthenticator['authenticateToken'] = (token, context) => {
    calls.push({ token, context })
    return answer(token, context)
  }
  return { name, authenticateToken, calls }
}

/** A password authenticator that keeps what it was asked. */
export function passwords(
  answer: PasswordAuthenticator['authenticatePassword'],
  name = 'passwords',
): PasswordAuthenticator & {
  readonly calls: readonly { readonly username: string; readonly password: string }[]
} {
  const calls: { readonly username: string; readonly password: string }[] = []
  const authenticatePassword: PasswordAuthenticator['authenticatePassword'] = (
    username,
    password,
    context,
  ) => {
    calls.push({ username, password })
    return answer(username, password, context)
  }
  return { name, authenticatePassword, calls }
}

export interface RequestInit {
  readonly url?: string
  readonly headers?: readonly (readonly [name: string, value: string])[]
  readonly httpVersionMajor?: number
  readonly peerCertificates?: () => readonly Uint8Array[]
}

/** A request with exact headers whose values are text. */
export function request(init: RequestInit = {}): AuthenticationRequest {
  const { url = '/', headers = [], ...extras } = init
  return fetchRequest(
    { method: 'GET', url, headers: new Headers() },
    { headers: exactHeaders(headers.flat(), (value) => value), ...extras },
  )
}

/** A request with this `Authorization`. */
export function authorized(authorization: string): AuthenticationRequest {
  return request({ headers: [['Authorization', authorization]] })
}

/** A clock that stands still. */
export function fixedClock(
  startMs = 1_000_000,
): Clock & { advance(milliseconds: number): void; endRequest(): void; readonly pending: number } {
  let now = startMs
  const timers = new Set<Timer>()
  return {
    now: () => now,
    after(milliseconds, callback) {
      const timer = { dueMs: now + milliseconds, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    get pending() {
      return timers.size
    },
    /** As on runtimes where timers end together with the request that they belong to. */
    endRequest: () => timers.clear(),
    advance(milliseconds) {
      now += milliseconds
      for (let timer = nextDue(timers, now); timer !== undefined; timer = nextDue(timers, now)) {
        timers.delete(timer)
        timer.callback()
      }
    },
  }
}

interface Timer {
  readonly dueMs: number
  readonly callback: () => void
}

function nextDue(timers: Iterable<Timer>, now: number): Timer | undefined {
  let next: Timer | undefined
  for (const timer of timers) {
    if (timer.dueMs <= now && (next === undefined || timer.dueMs < next.dueMs)) next = timer
  }
  return next
}

/** Keeps events. */
export function recorder(): {
  readonly observer: (event: AuthenticationEvent) => void
  readonly events: AuthenticationEvent[]
} {
  const events: AuthenticationEvent[] = []
  return { observer: (event) => void events.push(event), events }
}

/** Runs a step that may throw now or later, and gives what it threw. */
export async function thrownBy(step: () => unknown): Promise<unknown> {
  try {
    await step()
  } catch (thrown) {
    return thrown
  }
  throw new Error('nothing was thrown')
}

/** The promise's turn comes after everything that is settled already. */
export const settled = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 0))
