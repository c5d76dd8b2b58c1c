import type { Outcome } from '../../authenticator/events.ts'
import type {
  AuthenticateRequestContext,
  AuthenticateRequestOptions,
} from '../../handler/authenticate-request-options.ts'
import type { UserInfo } from '../../authenticator/user.ts'

/** The outcome of one authenticator. */
export interface ExplainedStep {
  readonly authenticator: string
  readonly outcome: Outcome
  readonly durationSeconds: number
  readonly user?: UserInfo
  /** The error message of the authenticator. Never contains a credential. */
  readonly message?: string
  /** The outcomes of its delegates, in the order they were asked. */
  readonly steps: readonly ExplainedStep[]
}

/** The outcome of a request, and the steps that led to it. */
export interface Explanation extends ExplainedStep {
  /** The HTTP status of a refused request; absent if it passes. */
  readonly status?: number
  /** What to do next, in one or two sentences. Never contains a credential. */
  readonly advice: string
  /** The warnings that the client gets as `Warning` headers. */
  readonly warnings: readonly string[]
}

/** The options of the `authentication` middleware, to explain what it would do. */
export interface ExplainOptions
  extends
    Omit<AuthenticateRequestOptions, 'observer' | 'tracing'>,
    Pick<AuthenticateRequestContext, 'signal'> {
  /** Whether an `impersonation` middleware follows, which handles the `Impersonate-*` headers. Default `true`. */
  readonly impersonates?: boolean
}
