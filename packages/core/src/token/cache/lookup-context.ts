import type { Context } from '../../authenticator/context.ts'
import type { AuthenticationError } from '../../authenticator/errors.ts'
import type { Observer } from '../../authenticator/events.ts'

/**
 * What surrounds a token while it is looked up for all callers: of the first caller's context only the audiences and the observer count. What
 * is said is kept for everyone who gets the answer.
 */
export class LookupContext implements Context {
  declare readonly audiences?: readonly string[]
  declare readonly observer?: Observer
  #warnings: string[] | undefined
  #annotations: Map<string, string> | undefined
  #certificates: string[] | undefined
  #abort: AbortController | undefined
  #reason: AuthenticationError | undefined

  constructor({ audiences, observer }: Context) {
    if (audiences !== undefined) this.audiences = audiences
    if (observer !== undefined) this.observer = observer
  }

  /** Made when it is first read, since most lookups are over at once. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.#reason !== undefined) this.#abort.abort(this.#reason)
    }
    return this.#abort.signal
  }

  readonly warn = (text: string): void => {
    this.#warnings ??= []
    this.#warnings.push(text)
  }

  readonly annotate = (key: string, value: string): void => {
    this.#annotations ??= new Map()
    this.#annotations.set(key, value)
  }

  /** Whose connection it is is looked at for each caller, when there is an answer. */
  readonly holdsCertificate = (thumbprint: string): boolean => {
    this.#certificates ??= []
    this.#certificates.push(thumbprint)
    return true
  }

  /** What was said on the way. */
  get said(): {
    readonly warnings: readonly string[] | undefined
    readonly annotations: ReadonlyMap<string, string> | undefined
    readonly certificates: readonly string[] | undefined
  } {
    return {
      warnings: this.#warnings,
      annotations: this.#annotations,
      certificates: this.#certificates,
    }
  }

  /** Aborts the lookup when its time is over. */
  end(reason: AuthenticationError): void {
    this.#reason = reason
    this.#abort?.abort(reason)
  }
}
