import type { Context } from '../../authenticator/context.ts'
import type { AuthenticationError } from '../../authenticator/errors.ts'
import type { Observer } from '../../authenticator/events.ts'

/**
 * The context of a lookup that several callers share. It uses only the audiences and the observer of the first caller, and records warnings
 * and annotations for all callers.
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

  /** Created on first use, since most lookups finish at once. */
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

  /** Records the certificate; it is checked against the connection of each caller later. */
  readonly holdsCertificate = (thumbprint: string): boolean => {
    this.#certificates ??= []
    this.#certificates.push(thumbprint)
    return true
  }

  /** What was recorded. */
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

  /** Aborts the lookup, after its timeout. */
  end(reason: AuthenticationError): void {
    this.#reason = reason
    this.#abort?.abort(reason)
  }
}
