import type { Awaitable } from '../internal/awaitable.ts'
import type { Context } from './context.ts'
import type { Observer } from './events.ts'

/** A context around another one, whose members are read only on access. */
export class InnerContext implements Context {
  readonly audiences?: readonly string[]
  readonly trustedOrigins?: readonly string[]
  readonly observer?: Observer
  readonly #outer: Context

  constructor(outer: Context) {
    this.#outer = outer
    if (outer.audiences !== undefined) this.audiences = outer.audiences
    if (outer.trustedOrigins !== undefined) this.trustedOrigins = outer.trustedOrigins
    if (outer.observer !== undefined) this.observer = outer.observer
  }

  get signal(): AbortSignal | undefined {
    return this.#outer.signal
  }

  get remoteAddress(): string | undefined {
    return this.#outer.remoteAddress
  }

  get isDryRun(): boolean | undefined {
    return this.#outer.isDryRun
  }

  warn(text: string): void {
    this.#outer.warn?.(text)
  }

  annotate(key: string, value: string): void {
    this.#outer.annotate?.(key, value)
  }

  holdsCertificate(thumbprint: string): Awaitable<boolean> {
    return this.#outer.holdsCertificate?.(thumbprint) ?? false
  }

  provesKey(thumbprint: string): Awaitable<boolean> {
    return this.#outer.provesKey?.(thumbprint) ?? false
  }
}
