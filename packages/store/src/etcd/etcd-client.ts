import type { Clock } from '@kube-authn/core'
import { learnDate, limitConcurrency, memberOf, type StoreTime } from '@kube-authn/core/internal'
import { EtcdFailure, refusal, unanswered } from './etcd-failure.ts'
import { firstAnswer } from './first-answer.ts'
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
  /**
   * One call, within the time limit. The members are asked in turn until one answers. If it can be repeated always, and a member is slow, the next one is asked too.
   *
   * @throws {EtcdFailure}
   */
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
/** A member is slow after this part of the time limit. */
const SLOW = 0.1
/** This part of all calls may ask a second member, and as many as are made at a time before that: an etcd that is overloaded gets no more. */
const SECOND_CALLS = 0.1

interface ClientState {
  readonly options: EtcdClientOptions
  /** The index of the member that is asked. */
  chosen: number
  /** How many calls may ask a second member now. */
  secondCalls: number
  token: string | undefined
  signingIn: Promise<void> | undefined
}

/** It keeps to the member that answered last. */
export function etcdClient(options: EtcdClientOptions): EtcdClient {
  const { timeoutMs, timers, elapsedMs } = options
  const state: ClientState = {
    options,
    chosen: 0,
    secondCalls: MOST_CALLS,
    token: undefined,
    signingIn: undefined,
  }
  const inTurn = limitConcurrency({ maxConcurrent: MOST_CALLS, maxWaiting: Infinity, tooMany: '' })
  return {
    async call(path, body, repeatable = 'always') {
      const endsMs = elapsedMs() + timeoutMs
      state.secondCalls = Math.min(MOST_CALLS, state.secondCalls + SECOND_CALLS)
      const waiting = new AbortController()
      // What is begun has time to be done.
      const cancel = timers.after(timeoutMs / 2, () => waiting.abort())
      const work = (): Promise<unknown> => {
        cancel()
        return attempts(state, path, body, repeatable, endsMs)
      }
      return inTurn(work, waiting.signal).catch((thrown: unknown) => {
        throw waiting.signal.aborted ? new EtcdFailure('unreached', MANY_WAIT, thrown) : thrown
      })
    },
    watch: (request, signal) => watch(state, request, signal),
  }
}

const MANY_WAIT = 'many calls wait for etcd'

async function attempts(
  state: ClientState,
  path: string,
  body: object,
  repeatable: Repeatable,
  endsMs: number,
): Promise<unknown> {
  const { endpoints, timers, elapsedMs } = state.options
  const leftMs = (): number => endsMs - elapsedMs()
  // What waited for its turn may have no time left.
  if (leftMs() <= 0) throw new EtcdFailure('unreached', MANY_WAIT)
  for (let attempt = 1; ; attempt++) {
    const used = state.chosen
    try {
      return await within(timers, Math.max(1, leftMs()), (signal) =>
        signedIn(state, () => reply(state, path, body, repeatable, signal)),
      )
    } catch (thrown) {
      const failure = unanswered(thrown, endpoint(state, used))
      const isOver =
        failure.outcome === 'refused' || (failure.outcome === 'unknown' && repeatable === 'ifUnreached')
      if (failure.outcome !== 'refused') leave(state, used)
      const isRound = attempt % endpoints.length === 0
      if (isOver || leftMs() <= (isRound ? PAUSE_MS : 0)) throw failure
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
      send(state, used, watchFetch, 'watch', { create_request: request }, opening.signal),
    )
    cancel()
    if (!response.ok || response.body === null) throw refusal(response.status, await jsonOf(response))
    yield* jsonLines(response.body)
    throw new EtcdFailure('unknown', `${endpoint(state, used)}: the watch ended`)
  } catch (thrown) {
    if (signal.aborted) return
    leave(state, used)
    throw unanswered(thrown, endpoint(state, used))
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

function endpoint({ options: { endpoints } }: ClientState, member: number): string {
  return endpoints[member] ?? ''
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
  const { timers, timeoutMs } = state.options
  state.signingIn ??= within(timers, timeoutMs, (signal) => signIn(state, signal)).finally(
    () => (state.signingIn = undefined),
  )
  return state.signingIn.catch(unsent)
}

async function signIn(state: ClientState, signal: AbortSignal): Promise<void> {
  const { credentials } = state.options
  if (credentials === undefined) return
  const { username: name, password } = credentials
  const answer = await reply(state, 'auth/authenticate', { name, password }, 'always', signal)
  const given = memberOf(answer, 'token')
  if (typeof given !== 'string') throw new EtcdFailure('refused', 'etcd gave no token')
  state.token = given
}

async function reply(
  state: ClientState,
  path: string,
  body: object,
  repeatable: Repeatable,
  signal: AbortSignal,
): Promise<unknown> {
  const { chosen: first, options } = state
  const { endpoints, timers, timeoutMs } = options
  const second = (first + 1) % endpoints.length
  const ask = async (member: number): Promise<unknown> => {
    const response = await send(state, member, options.fetch, path, body, signal)
    const answer = await jsonOf(response)
    if (!response.ok) throw refusal(response.status, answer)
    // The second one was faster.
    if (member !== first && !signal.aborted) leave(state, first)
    return answer
  }
  if (repeatable === 'ifUnreached' || second === first) return ask(first)
  const askSecond = (): Promise<unknown> | undefined => {
    if (signal.aborted || state.secondCalls < 1) return undefined
    state.secondCalls--
    return ask(second)
  }
  return firstAnswer({ timers, slowMs: SLOW * timeoutMs, askFirst: () => ask(first), askSecond })
}

async function send(
  state: ClientState,
  member: number,
  fetch: EtcdFetch,
  path: string,
  body: object,
  signal: AbortSignal,
): Promise<Response> {
  const { time, elapsedMs } = state.options
  const base = endpoint(state, member)
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
