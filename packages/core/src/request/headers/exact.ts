import type { RequestHeaders } from '../request.ts'
import { textFromLatin1 } from '@kube-authn/internal/byte-text'

/**
 * Headers from Node's `rawHeaders`: name, value, name, value, as sent, in latin1. Repeated headers stay separate.
 *
 * @param raw read at every call, so that headers removed from it are gone here too.
 * @param decode decodes a value. Default: Node decodes HTTP/1 values as latin1, and they are UTF-8.
 */
export function exactHeaders(raw: readonly string[], decode?: (value: string) => string): RequestHeaders {
  return new ExactHeaders(raw, decode)
}

/** An object in which an application sees the headers, and from which it may delete some. */
export interface ShownHeaders {
  /** Names are in lower case. */
  readonly headers: Readonly<Record<string, unknown>>
}

/** Another such object. */
export interface HeadersView {
  /** @param name in lower case. */
  has(name: string): boolean
}

/** Headers as sent, with every repetition, but without those that an application has deleted. */
export class ExactHeaders implements RequestHeaders {
  readonly exact = true
  readonly complete: boolean
  readonly #raw: readonly string[]
  readonly #decode: (value: string) => string
  readonly #shown: ShownHeaders | undefined
  readonly #view: HeadersView | undefined

  constructor(
    raw: readonly string[],
    decode: (value: string) => string = textFromLatin1,
    complete = true,
    shown?: ShownHeaders,
    view?: HeadersView,
  ) {
    this.complete = complete
    this.#raw = raw
    this.#decode = decode
    this.#shown = shown
    this.#view = view
  }

  first(name: string): string | undefined {
    const raw = this.#raw
    for (let index = 0; index < raw.length; index += 2) {
      if (!isNamed(raw[index], name)) continue
      const value = raw[index + 1]
      return value !== undefined && this.#counts(name) ? this.#decode(value) : undefined
    }
    return undefined
  }

  all(name: string): readonly string[] {
    const raw = this.#raw
    const values: string[] = []
    for (let index = 0; index < raw.length; index += 2) {
      const value = isNamed(raw[index], name) ? raw[index + 1] : undefined
      if (value !== undefined) values.push(this.#decode(value))
    }
    return values.length === 0 || this.#counts(name) ? values : []
  }

  hasPrefix(prefix: string): boolean {
    const raw = this.#raw
    for (let index = 0; index < raw.length; index += 2) {
      const name = raw[index]?.toLowerCase() ?? ''
      if (name.startsWith(prefix) && this.#counts(name)) return true
    }
    return false
  }

  *entries(): Iterable<readonly [string, string]> {
    const raw = this.#raw
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const name = raw[index]?.toLowerCase()
      const value = raw[index + 1]
      if (name !== undefined && value !== undefined && this.#counts(name)) yield [name, this.#decode(value)]
    }
  }

  /** Whether a sent header still counts. */
  #counts(name: string): boolean {
    if (this.#shown === undefined) return true
    const value = this.#shown.headers[name]
    return value !== undefined && value !== null && (this.#view === undefined || this.#view.has(name))
  }
}

/** Whether a name as it was sent is this one in lower case. Most names differ in length, and need no copy in lower case. */
function isNamed(sent: string | undefined, name: string): boolean {
  return sent?.length === name.length && sent.toLowerCase() === name
}
