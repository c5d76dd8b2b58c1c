import type { Clock } from '@kube-authn/core'
import { learnDate, limitConcurrency, memberOf, type StoreTime } from '@kube-authn/core/internal'
import { EtcdFailure, refusal, unanswered } from './etcd-failure.ts'
import { jsonLines } from './json-lines.ts'
import { after, within } from './within.ts'

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
  /** One call, within the time limit. The members are asked in turn until one answers. @throws {EtcdFailure} */
  call(path: string, body: object, repeatable?: Repeatable): Promise<unknown>
  /** The messages of a watch, until it is aborted or fails. @throws {EtcdFailure} */
  watch(request: object, signal: AbortSignal): AsyncGenerator<unknown, void>
}

export interface EtcdClientOptions {
  readonly endpoints: readonly string[]
  readonly fetch: EtcdFetch
  /** For watches, which have no end. */
  readonly watchFetch: EtcdFetch
  readonly timeoutMs: number
  readonly credentials?: { readonly username: string; readonly password: string } | undefined
  readonly time: StoreTime
  /** For time limits and pauses. */
  readonly timers: Clock
  /** Milliseconds since some time in the past, which never go back. */
  readonly elapsedMs: () => number
}

/** That many calls are made at a time; the others wait for their turn. */
const MOST_CALLS = 64
/** How long all members are left alone after none of them could answer. */
const PAUSE_MS = 100

interface ClientState {
  readonly options: EtcdClientOptions
  /** A member that does not answer must leave time for the others. */
  readonly attemptMs: number
  /** The number of the member that is asked, counted on without an end. */
  chosen: number
  token: string | undefined
  signingIn: Promise<void> | undefined
}

/** It keeps to the member that answered last. */
export function etcdClient(options: EtcdClientOptions): EtcdClient {
  const { endpoints, timeoutMs, timers, elapsedMs } = options
  const state: ClientState = {
    options,
    attemptMs: timeoutMs / Math.min(endpoints.length, 3),
    chosen: 0,
    token: undefined,
    signingIn: undefined,
  }
  const inTurn = limitConcurrency({ maxConcurrent: MOST_CALLS, maxWaiting: Infinity, tooMany: '' })
  return {
    async call(path, body, repeatable = 'always') {
      const endsMs = elapsedMs() + timeoutMs
      const waiting = new AbortController()
      // What is begun has time to be done.
      const cancel = timers.after(timeoutMs / 2, () => waiting.abort())
      const work = (): Promise<unknown> => {
        cancel()
        return attempts(state, path, body, repeatable, endsMs)
      }
      return inTurn(work, waiting.signal).catch((thrown: unknown) => {
        throw waiting.signal.aborted
          ? new EtcdFailure('unreached', 'many calls wait for etcd', thrown)
          : thrown
      })
    },
    watch: (request, signal) => watch(state, request, signal),
  }
}

async function attempts(
  state: ClientState,
  path: string,
  body: object,
  repeatable: Repeatable,
  endsMs: number,
): Promise<unknown> {
  const { endpoints, timers, elapsedMs } = state.options
  for (let attempt = 1; ; attempt++) {
    const used = state.chosen
    const left = endsMs - elapsedMs()
    try {
      // What waited for its turn may have no time left.
      return await within(timers, Math.max(0, Math.min(left, state.attemptMs)), (signal) =>
        signedIn(state, () => reply(state, path, body, signal)),
      )
    } catch (thrown) {
      const failure = unanswered(thrown, endpoint(state))
      const isOver =
        failure.outcome === 'refused' || (failure.outcome === 'unknown' && repeatable === 'ifUnreached')
      if (failure.outcome !== 'refused') leave(state, used)
      const isRound = attempt % endpoints.length === 0
      if (isOver || endsMs - elapsedMs() <= (isRound ? PAUSE_MS : 0)) throw failure
      if (isRound) await after(timers, PAUSE_MS)
    }
  }
}

async function* watch(
  state: ClientState,
  request: object,
  signal: AbortSignal,
): AsyncGenerator<unknown, void> {
  const { timers, timeoutMs, watchFetch } = state.options
  const opening = new AbortController()
  const stop = (): void => opening.abort(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  const cancel = timers.after(timeoutMs, () => opening.abort(new Error('no answer')))
  const used = state.chosen
  try {
    if (signal.aborted) return
    const response = await signedIn(state, () =>
      send(state, watchFetch, 'watch', { create_request: request }, opening.signal),
    )
    cancel()
    if (!response.ok || response.body === null) throw refusal(response.status, await jsonOf(response))
    yield* jsonLines(response.body)
    throw new EtcdFailure('unknown', `${endpoint(state)}: the watch ended`)
  } catch (thrown) {
    if (signal.aborted) return
    leave(state, used)
    throw unanswered(thrown, endpoint(state))
  } finally {
    cancel()
    signal.removeEventListener('abort', stop)
    opening.abort()
  }
}

/** Asks another member, unless another call has left this one already. */
function leave(state: ClientState, used: number): void {
  if (state.chosen === used) state.chosen = (used + 1) % state.options.endpoints.length
}

function endpoint({ chosen, options: { endpoints } }: ClientState): string {
  return endpoints[chosen % endpoints.length] ?? ''
}

/** With a new token if there is none or it is over. */
async function signedIn<T>(state: ClientState, work: () => Promise<T>): Promise<T> {
  const { credentials } = state.options
  if (credentials !== undefined && state.token === undefined) await signInOnce(state)
  const used = state.token
  try {
    return await work()
  } catch (thrown) {
    if (!(thrown instanceof EtcdFailure) || thrown.reason !== 'token' || credentials === undefined)
      throw thrown
    if (state.token === used) await signInOnce(state)
    return work()
  }
}

/** Once for all calls that need a token: etcd takes some 80 ms of a processor to check a password. */
function signInOnce(state: ClientState): Promise<void> {
  const { options, attemptMs } = state
  state.signingIn ??= within(options.timers, attemptMs, (signal) => signIn(state, signal)).finally(
    () => (state.signingIn = undefined),
  )
  return state.signingIn.catch(unsent)
}

async function signIn(state: ClientState, signal: AbortSignal): Promise<void> {
  const { credentials } = state.options
  if (credentials === undefined) return
  const { username: name, password } = credentials
  const answer = await reply(state, 'auth/authenticate', { name, password }, signal)
  const given = memberOf(answer, 'token')
  if (typeof given !== 'string') throw new EtcdFailure('refused', 'etcd gave no token')
  state.token = given
}

async function reply(state: ClientState, path: string, body: object, signal: AbortSignal): Promise<unknown> {
  const response = await send(state, state.options.fetch, path, body, signal)
  const answer = await jsonOf(response)
  if (response.ok) return answer
  throw refusal(response.status, answer)
}

async function send(
  state: ClientState,
  fetch: EtcdFetch,
  path: string,
  body: object,
  signal: AbortSignal,
): Promise<Response> {
  const { time, elapsedMs } = state.options
  const base = endpoint(state)
  const sentMs = elapsedMs()
  try {
    const response = await fetch(`${base}/v3/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(state.token !== undefined && { authorization: state.token }),
      },
      body: JSON.stringify(body),
      signal,
      redirect: 'error',
    })
    learnDate(time, response.headers.get('date'), sentMs, elapsedMs())
    return response
  } catch (thrown) {
    throw unanswered(thrown, base)
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
