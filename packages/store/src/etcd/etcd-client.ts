import type { Clock } from '@kube-authn/core'
import { memberOf } from '@kube-authn/core/internal'
import { after } from './after.ts'
import { EtcdFailure, refusal, unanswered } from './etcd-failure.ts'
import type { EtcdTime } from './etcd-time.ts'
import { jsonLines } from './json-lines.ts'
import { within } from './within.ts'

/** The part of `fetch` that the store uses. */
export type EtcdFetch = (
  url: string,
  init: {
    readonly method: 'POST'
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
    readonly signal: AbortSignal
    readonly redirect: 'error'
  },
) => Promise<Response>

/** How a call may be repeated. */
export type Repeatable = 'always' | 'ifUnreached'

/** The JSON gateway of the members of one etcd. */
export interface EtcdClient {
  /**
   * One call, within the time limit. The members are asked in turn until one answers.
   *
   * @throws {EtcdFailure}
   */
  call(path: string, body: object, repeatable?: Repeatable): Promise<unknown>
  /** The messages of a watch, until it is aborted or fails. @throws {EtcdFailure} */
  watch(request: object, signal: AbortSignal): AsyncGenerator<unknown, void>
}

/** Options of {@link etcdClient}. */
export interface EtcdClientOptions {
  readonly endpoints: readonly string[]
  readonly fetch: EtcdFetch
  /** For watches, which have no end. */
  readonly watchFetch: EtcdFetch
  readonly timeoutMs: number
  readonly credentials?: { readonly username: string; readonly password: string } | undefined
  readonly time: EtcdTime
  /** For time limits and pauses. */
  readonly timers: Clock
  /** Milliseconds since some time in the past, which never go back. */
  readonly elapsedMs: () => number
}

/** That many calls are made at a time; the others wait for their turn. */
const MOST_CALLS = 64
/** How long all members are left alone after none of them could answer. */
const PAUSE_MS = 100

/** It keeps to the member that answered last. */
export function etcdClient(options: EtcdClientOptions): EtcdClient {
  const { endpoints, timeoutMs, credentials, time, timers, elapsedMs } = options
  /** A member that does not answer must leave time for the others. */
  const attemptMs = timeoutMs / Math.min(endpoints.length, 3)

  let chosen = 0
  let token: string | undefined
  let signingIn: Promise<void> | undefined

  const endpoint = (): string => endpoints[chosen % endpoints.length] ?? ''

  const send = async (
    fetch: EtcdFetch,
    path: string,
    body: object,
    signal: AbortSignal,
  ): Promise<Response> => {
    const base = endpoint()
    const sentMs = elapsedMs()
    try {
      const response = await fetch(`${base}/v3/${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token !== undefined && { authorization: token }),
        },
        body: JSON.stringify(body),
        signal,
        redirect: 'error',
      })
      time.learn(response.headers.get('date'), sentMs, elapsedMs())
      return response
    } catch (thrown) {
      throw unanswered(thrown, base)
    }
  }

  const reply = async (path: string, body: object, signal: AbortSignal): Promise<unknown> => {
    const response = await send(options.fetch, path, body, signal)
    const answer = await jsonOf(response)
    if (response.ok) return answer
    throw refusal(response.status, answer)
  }

  const signIn = async (signal: AbortSignal): Promise<void> => {
    if (credentials === undefined) return
    const { username: name, password } = credentials
    const answer = await reply('auth/authenticate', { name, password }, signal)
    const given = memberOf(answer, 'token')
    if (typeof given !== 'string') throw new EtcdFailure('refused', 'etcd gave no token')
    token = given
  }

  /** Once for all calls that need a token: etcd takes some 80 ms of a processor to check a password. */
  const signInOnce = (): Promise<void> => {
    signingIn ??= within(timers, attemptMs, signIn).finally(() => (signingIn = undefined))
    return signingIn.catch(unsent)
  }

  /** With a new token if there is none or it is over. */
  const signedIn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (credentials !== undefined && token === undefined) await signInOnce()
    const used = token
    try {
      return await work()
    } catch (thrown) {
      if (!(thrown instanceof EtcdFailure) || thrown.reason !== 'token' || credentials === undefined)
        throw thrown
      if (token === used) await signInOnce()
      return work()
    }
  }

  const inTurn = turnsOf(timers, MOST_CALLS)

  const call = (path: string, body: object, repeatable: Repeatable = 'always'): Promise<unknown> => {
    const endsMs = elapsedMs() + timeoutMs
    // What is begun has time to be done.
    return inTurn(timeoutMs / 2, () => attempts(path, body, repeatable, endsMs))
  }

  const attempts = async (
    path: string,
    body: object,
    repeatable: Repeatable,
    endsMs: number,
  ): Promise<unknown> => {
    for (let attempt = 1; ; attempt++) {
      const used = chosen
      const left = endsMs - elapsedMs()
      try {
        // What waited for its turn may have no time left.
        return await within(timers, Math.max(0, Math.min(left, attemptMs)), (signal) =>
          signedIn(() => reply(path, body, signal)),
        )
      } catch (thrown) {
        const failure = unanswered(thrown, endpoint())
        const isOver =
          failure.outcome === 'refused' || (failure.outcome === 'unknown' && repeatable === 'ifUnreached')
        if (failure.outcome !== 'refused' && chosen === used) chosen = (used + 1) % endpoints.length
        const isRound = attempt % endpoints.length === 0
        if (isOver || endsMs - elapsedMs() <= (isRound ? PAUSE_MS : 0)) throw failure
        if (isRound) await after(timers, PAUSE_MS)
      }
    }
  }

  return {
    call,
    async *watch(request, signal) {
      const opening = new AbortController()
      const stop = (): void => opening.abort(signal.reason)
      signal.addEventListener('abort', stop, { once: true })
      const cancel = timers.after(timeoutMs, () => opening.abort(new Error('no answer')))
      const used = chosen
      try {
        if (signal.aborted) return
        const response = await signedIn(() =>
          send(options.watchFetch, 'watch', { create_request: request }, opening.signal),
        )
        cancel()
        if (!response.ok || response.body === null) throw refusal(response.status, await jsonOf(response))
        yield* jsonLines(response.body)
        throw new EtcdFailure('unknown', `${endpoint()}: the watch ended`)
      } catch (thrown) {
        if (signal.aborted) return
        if (chosen === used) chosen = (used + 1) % endpoints.length
        throw unanswered(thrown, endpoint())
      } finally {
        cancel()
        signal.removeEventListener('abort', stop)
        opening.abort()
      }
    },
  }
}

/** Does so much work at a time. What waits for its turn longer than it may was not begun. */
function turnsOf(timers: Clock, most: number): <T>(longestMs: number, work: () => Promise<T>) => Promise<T> {
  let free = most
  const waiting = new Set<() => void>()

  const turn = (longestMs: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const cancel = timers.after(longestMs, () => {
        waiting.delete(start)
        reject(new EtcdFailure('unreached', `${waiting.size} calls wait for etcd`))
      })
      const start = (): void => {
        cancel()
        waiting.delete(start)
        resolve()
      }
      waiting.add(start)
    })

  return async (longestMs, work) => {
    if (free > 0) free--
    else await turn(longestMs)
    try {
      return await work()
    } finally {
      const [next] = waiting
      if (next === undefined) free++
      else next()
    }
  }
}

/** The failure of a sign-in is not one of what was to be done: nothing was sent of it. */
function unsent(thrown: unknown): never {
  if (!(thrown instanceof EtcdFailure) || thrown.outcome === 'refused') throw thrown
  throw new EtcdFailure('unreached', thrown.message, thrown)
}

async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text()
  try {
    return JSON.parse(text)
  } catch {
    // The message of the parser would have a part of the answer.
    throw new EtcdFailure('unknown', `the answer of etcd with the status ${response.status} is not JSON`)
  }
}
