import type { Authentication, Authenticator, HeaderChanges } from '../authenticator.ts'
import { intersectAudiences } from '../audiences.ts'
import { type Awaitable, settle } from '../awaitable.ts'
import { consult } from '../consult.ts'
import type { Context } from '../context.ts'
import { asAuthenticationError, type AuthenticationError, ConfigurationError, rejected } from '../errors.ts'
import { notify, type Observer } from '../events.ts'
import { accumulateHeaderChanges } from '../headers/changes.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import { StatusError } from '../status.ts'
import { isImmutableUser, isUnauthenticated, userInfo } from '../user.ts'
import { challengesFor } from './challenges.ts'

/** How requests are authenticated, beyond the authenticator itself. The same in every adapter. */
export interface AuthenticateRequestOptions {
  /** What credentials must be valid for (`--api-audiences`). Default: no restriction. Must not be empty. */
  readonly audiences?: readonly string[]
  /** `auto` (default) challenges with every scheme the chain accepts; `none` is kube-apiserver's own behaviour. */
  readonly challenges?: 'auto' | 'none'
  /** The realm of the challenges. Default `kubernetes-master`, as kube-apiserver had it. */
  readonly realm?: string
  /** The status when a credential could not be checked. Default 401, as in Kubernetes. */
  readonly unavailableStatus?: 401 | 503
  /** Told of every request and of what every authenticator thought of it. */
  readonly observer?: Observer
}

/** The request is somebody's. */
export interface AuthenticatedRequest {
  readonly authentication: Authentication
  /** What to do to the headers before the application sees them. */
  readonly headerChanges: HeaderChanges
  readonly warnings: readonly string[]
  /** HTTP/2 only: close the connection after this answer, so that a nobody cannot keep one open at no cost. */
  readonly closesConnection: boolean
}

/** The request is refused. */
export interface RefusedRequest {
  readonly failure: StatusError
  readonly warnings: readonly string[]
  readonly closesConnection: boolean
}

/** What became of a request. */
export type RequestOutcome = AuthenticatedRequest | RefusedRequest

/** Decides one request. It never throws and never rejects. */
export type AuthenticateRequest = (request: AuthenticationRequest) => Awaitable<RequestOutcome>

/**
 * What happens to a request, in one place for all adapters.
 *
 * 1. The authenticator is asked, for the configured audiences.
 * 2. An error or no opinion is a 401 with a fixed text, whatever the reason.
 * 3. A user whose credential is valid for other audiences only, or who has no name, is refused likewise.
 * 4. On success the headers that carried the credential go, and so do all front-proxy headers, whoever authenticated.
 *
 * Source: apiserver `pkg/endpoints/filters/authentication.go`.
 *
 * @throws {ConfigurationError} when the options cannot work.
 * @example
 * const authenticate = authenticateRequest(chain, { audiences: ['https://api.example.com'] })
 * const outcome = await authenticate(fetchRequest(request))
 * if ('failure' in outcome) return outcome.failure.getResponse()
 */
export function authenticateRequest(
  authenticator: Authenticator,
  options: AuthenticateRequestOptions = {},
): AuthenticateRequest {
  validate(authenticator, options)
  const { audiences, observer } = options
  const challenges =
    options.challenges === 'none'
      ? () => []
      : challengesFor(authenticator.credentials?.schemes ?? [], options.realm ?? 'kubernetes-master')

  const headerChangesFor = accumulateHeaderChanges(
    ALWAYS_REMOVED,
    authenticator.credentials?.identityHeaders ?? [],
  )

  const succeed = (
    request: AuthenticationRequest,
    context: RequestContext,
    answer: Authentication | undefined,
  ): RequestOutcome => {
    if (answer === undefined) return refuse(request, context, undefined)
    let authentication: Authentication
    let headerChanges: HeaderChanges
    try {
      const problem = problemWith(answer, audiences)
      if (problem !== undefined) return refuse(request, context, rejected(problem))
      authentication = withImmutableUser(answer)
      headerChanges = headerChangesFor(authentication.consumed)
    } catch (thrown) {
      // An authenticator in plain JavaScript may answer with anything.
      return refuse(request, context, asAuthenticationError(thrown))
    }
    if (observer !== undefined) context.report(request, { result: 'success', user: authentication.user })
    return {
      authentication,
      headerChanges,
      warnings: context.warnings,
      closesConnection: request.httpVersionMajor === 2 && isUnauthenticated(authentication.user),
    }
  }

  const refuse = (
    request: AuthenticationRequest,
    context: RequestContext,
    error: AuthenticationError | undefined,
  ): RequestOutcome => {
    if (observer !== undefined) {
      context.report(request, error === undefined ? { result: 'failure' } : { result: 'error', error })
    }
    return {
      failure: refusal(error, challenges(request, error), options.unavailableStatus ?? 401),
      warnings: context.warnings,
      closesConnection: request.httpVersionMajor === 2,
    }
  }

  return function authenticateOne(request) {
    const context = new RequestContext(audiences, observer)
    return settle<Authentication | undefined, RequestOutcome>(
      () => consult(authenticator, request, context),
      (answer) => succeed(request, context, answer),
      (thrown) => refuse(request, context, asAuthenticationError(thrown)),
    )
  }
}

/** What kube-apiserver's handler removes whether or not a front proxy is configured. */
const ALWAYS_REMOVED: HeaderChanges = {
  remove: ['authorization', 'x-remote-user', 'x-remote-uid', 'x-remote-group'],
  removePrefixes: ['x-remote-extra-'],
}

const NO_WARNINGS: readonly string[] = Object.freeze([])

/** The context of one request: it collects what authenticators have to say. */
class RequestContext implements Context {
  readonly audiences?: readonly string[]
  readonly observer?: Observer
  readonly #startedAt: number
  #warnings: string[] | undefined
  #annotations: Record<string, string> | undefined

  constructor(audiences: readonly string[] | undefined, observer: Observer | undefined) {
    if (audiences !== undefined) this.audiences = audiences
    if (observer !== undefined) this.observer = observer
    this.#startedAt = observer === undefined ? 0 : performance.now()
  }

  get warnings(): readonly string[] {
    return this.#warnings ?? NO_WARNINGS
  }

  warn(text: string): void {
    this.#warnings ??= []
    if (!this.#warnings.includes(text)) this.#warnings.push(text)
  }

  annotate(key: string, value: string): void {
    this.#annotations ??= Object.create(null) as Record<string, string>
    this.#annotations[key] = value
  }

  report(
    request: AuthenticationRequest,
    outcome:
      | { readonly result: 'success'; readonly user: Authentication['user'] }
      | { readonly result: 'error'; readonly error: AuthenticationError }
      | { readonly result: 'failure' },
  ): void {
    notify(this.observer, {
      type: 'request',
      request,
      durationSeconds: (performance.now() - this.#startedAt) / 1000,
      warnings: this.warnings,
      annotations: this.#annotations ?? {},
      ...outcome,
    })
  }
}

function problemWith(answer: Authentication, audiences: readonly string[] | undefined): string | undefined {
  const { username } = answer.user
  // Deviation: kube-apiserver lets a user without a name pass (`docs/deviations.md`, empty user name).
  if (typeof username !== 'string' || username === '') return 'the user has no name'
  const valid = answer.audiences
  if (audiences === undefined || valid === undefined || valid.length === 0) return undefined
  if (intersectAudiences(audiences, valid).length > 0) return undefined
  return 'the credential is not valid for the audiences of this server'
}

/** The same, with a user that nobody can change: a copy, unless it is one already. */
function withImmutableUser(answer: Authentication): Authentication {
  const { user } = answer
  if (isImmutableUser(user)) return answer
  if (!isWellFormed(user)) throw new TypeError('an authenticator answered with a malformed user')
  return { ...answer, user: userInfo(user) }
}

/** Whether everything in it has the type it should have; parts may be missing. */
function isWellFormed({ uid, groups, extra }: Partial<Authentication['user']>): boolean {
  return (
    (uid === undefined || typeof uid === 'string') &&
    (groups === undefined || isListOfTexts(groups)) &&
    (extra === undefined || Object.values(extra).every(isListOfTexts))
  )
}

function isListOfTexts(values: unknown): boolean {
  return Array.isArray(values) && values.every((value) => typeof value === 'string')
}

function refusal(
  error: AuthenticationError | undefined,
  challenges: readonly string[],
  unavailableStatus: 401 | 503,
): StatusError {
  const cause = error === undefined ? {} : { cause: error }
  if (error?.code === 'unavailable' && unavailableStatus === 503) {
    return new StatusError({
      status: 503,
      reason: 'ServiceUnavailable',
      message: 'Authentication is temporarily unavailable',
      ...cause,
    })
  }
  const [only] = challenges
  return new StatusError({
    status: 401,
    reason: 'Unauthorized',
    message: 'Unauthorized',
    ...(only !== undefined && {
      headers: { 'www-authenticate': challenges.length === 1 ? only : challenges },
    }),
    ...cause,
  })
}

function validate(authenticator: Authenticator, options: AuthenticateRequestOptions): void {
  const problems = []
  // Deviation: kube-apiserver without an authenticator lets everybody pass (`docs/deviations.md`, no authenticator).
  if (typeof (authenticator as Partial<Authenticator> | undefined)?.authenticate !== 'function') {
    problems.push({ path: 'authenticator', message: 'must be an authenticator of requests' })
  }
  if (options.audiences?.length === 0) {
    problems.push({ path: 'audiences', message: 'must not be empty; leave it out for no restriction' })
  }
  if (options.unavailableStatus !== undefined && ![401, 503].includes(options.unavailableStatus)) {
    problems.push({ path: 'unavailableStatus', message: 'must be 401 or 503' })
  }
  if (options.challenges !== undefined && !['auto', 'none'].includes(options.challenges)) {
    problems.push({ path: 'challenges', message: "must be 'auto' or 'none'" })
  }
  if (options.realm !== undefined && /[^\x20-\x7e]/.test(options.realm)) {
    problems.push({ path: 'realm', message: 'must be printable ASCII' })
  }
  if (problems.length > 0) throw new ConfigurationError(problems)
}
