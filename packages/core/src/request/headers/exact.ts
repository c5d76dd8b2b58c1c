import type { RequestHeaders } from '../request.ts'
import { textFromLatin1 } from '@kube-authn/internal/byte-text'

/**
 * Headers from Node's `rawHeaders`: name, value, name, value, as sent. Repeated headers stay separate.
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
  readonly #decode: ((value: string) => string) | undefined
  readonly #shown: ShownHeaders | undefined
  readonly #view: HeadersView | undefined
  /** Caches the last decoded value, since one header is read several times and decoding a long value is slow. */
  #value: string | undefined
  #text = ''

  constructor(
    raw: readonly string[],
    decode?: (value: string) => string,
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
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const candidate = raw[index]
      if (candidate?.length !== name.length || candidate.toLowerCase() !== name) continue
      const value = raw[index + 1]
      return value !== undefined && this.#counts(name) ? this.#textOf(value) : undefined
    }
    return undefined
  }

  all(name: string): readonly string[] {
    const raw = this.#raw
    const values: string[] = []
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const candidate = raw[index]
      if (candidate?.length !== name.length || candidate.toLowerCase() !== name) continue
      const value = raw[index + 1]
      if (value !== undefined) values.push(this.#textOf(value))
    }
    return values.length === 0 || this.#counts(name) ? values : []
  }

  hasPrefix(prefix: string): boolean {
    const raw = this.#raw
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const name = raw[index] ?? ''
      // Most names are shorter or start with another letter, in either case.
      if (name.length < prefix.length || ((name.charCodeAt(0) ^ prefix.charCodeAt(0)) & ~0x20) !== 0) continue
      const lowerCase = name.toLowerCase()
      if (lowerCase.startsWith(prefix) && this.#counts(lowerCase)) return true
    }
    return false
  }

  /** Like {@link entries}, but only wanted headers; values of others are not decoded. */
  *selected(isWanted: (name: string) => boolean): Iterable<readonly [string, string]> {
    const raw = this.#raw
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const name = raw[index]
      const value = raw[index + 1]
      if (name === undefined || value === undefined || !isWanted(name)) continue
      const lowerCase = name.toLowerCase()
      if (this.#counts(lowerCase)) yield [lowerCase, this.#textOf(value)]
    }
  }

  /** Whether a sent header still counts. */
  #counts(name: string): boolean {
    if (this.#shown === undefined) return true
    const value = this.#shown.headers[name]
    return value !== undefined && value !== null && (this.#view === undefined || this.#view.has(name))
  }

  #textOf(value: string): string {
    if (value === this.#value) return this.#text
    // Nearly every value is ASCII.
    const decode = this.#decode ?? (NON_ASCII.test(value) ? textFromLatin1 : undefined)
    const text = decode === undefined ? value : decode(value)
    this.#value = value
    this.#text = text
    return text
  }

  *entries(): Iterable<readonly [string, string]> {
    const raw = this.#raw
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const name = raw[index]?.toLowerCase()
      const value = raw[index + 1]
      if (name !== undefined && value !== undefined && this.#counts(name)) yield [name, this.#textOf(value)]
    }
  }
}

const NON_ASCII = /[^\0-\x7f]/
