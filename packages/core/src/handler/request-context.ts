import type { Awaitable } from '../internal/awaitable.ts'
import { presentsCertificate } from '../authenticator/bound-certificate.ts'
import type { Context } from '../authenticator/context.ts'
import type { AuthenticationError } from '../authenticator/errors.ts'
import { notify } from '../authenticator/notify.ts'
import type { Observer } from '../authenticator/events.ts'
import type { AuthenticationRequest } from '../request/request.ts'
import type { UserInfo } from '../authenticator/user.ts'

interface ContextRules {
  readonly audiences: readonly string[] | undefined
  readonly trustedOrigins: readonly string[] | undefined
  readonly observer: Observer | undefined
}

/** The context of one request: it collects the warnings and annotations of authenticators. */
export class RequestContext implements Context {
  readonly audiences?: readonly string[]
  readonly trustedOrigins?: readonly string[]
  readonly observer?: Observer
  /** Distinct, in the order they were given. */
  warnings: readonly string[] = []
  readonly #request: AuthenticationRequest
  readonly #given: Pick<Context, 'signal' | 'isDryRun'> | undefined
  readonly #startedAt: number
  #annotations: Record<string, string> | undefined

  constructor(
    request: AuthenticationRequest,
    given: Pick<Context, 'signal' | 'isDryRun'> | undefined,
    { audiences, trustedOrigins, observer }: ContextRules,
  ) {
    this.#request = request
    this.#given = given
    if (audiences !== undefined) this.audiences = audiences
    if (trustedOrigins !== undefined) this.trustedOrigins = trustedOrigins
    if (observer !== undefined) this.observer = observer
    this.#startedAt = observer === undefined ? 0 : performance.now()
  }

  /** Read on access only: most requests are decided synchronously, and their adapters need not create a signal. */
  get signal(): AbortSignal | undefined {
    return this.#given?.signal
  }

  get isDryRun(): boolean | undefined {
    return this.#given?.isDryRun
  }

  /** Read on access only, which happens if a check is expensive. */
  get remoteAddress(): string | undefined {
    return this.#request.remoteAddress?.()
  }

  warn(text: string): void {
    if (!this.warnings.includes(text)) this.warnings = [...this.warnings, text]
  }

  annotate(key: string, value: string): void {
    this.#annotations ??= Object.create(null) as Record<string, string>
    this.#annotations[key] = value
  }

  holdsCertificate(thumbprint: string): Awaitable<boolean> {
    return presentsCertificate(this.#request, thumbprint)
  }

  /** Tells the observer of the outcome. */
  report(
    outcome:
      | { readonly result: 'success'; readonly user: UserInfo }
      | {
          readonly result: 'error'
          readonly error: AuthenticationError
          readonly credentialHeaders?: readonly string[]
        }
      | { readonly result: 'failure'; readonly credentialHeaders?: readonly string[] },
  ): void {
    if (this.observer === undefined) return
    notify(this.observer, {
      type: 'request',
      request: this.#request,
      durationSeconds: (performance.now() - this.#startedAt) / 1000,
      warnings: this.warnings,
      annotations: this.#annotations ?? {},
      ...outcome,
    })
  }
}
