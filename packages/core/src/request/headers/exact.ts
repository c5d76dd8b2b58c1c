import type { RequestHeaders } from '../request.ts'
import { textFromLatin1 } from '@kube-authn/internal/byte-text'

/**
 * Headers from Node's `rawHeaders`: name, value, name, value, as sent. Repeated headers stay separate.
 *
 * @param raw read at every call, so that headers removed from it are gone here too.
 * @param decode decodes a value; Node decodes HTTP/1 values as latin1.
 */
export function exactHeaders(
  raw: readonly string[],
  decode: (value: string) => string = textFromLatin1,
): RequestHeaders {
  return new ExactHeaders(raw, decode)
}

/** Headers as sent, with every repetition. */
export class ExactHeaders implements RequestHeaders {
  readonly exact = true
  readonly #raw: readonly string[]
  readonly #decode: (value: string) => string
  /** Caches the last decoded value, since one header is read several times and decoding a long value is slow. */
  #value: string | undefined
  #text = ''

  constructor(raw: readonly string[], decode: (value: string) => string) {
    this.#raw = raw
    this.#decode = decode
  }

  /** Whether a sent header still counts. */
  protected counts(_name: string): boolean {
    return true
  }

  first(name: string): string | undefined {
    const raw = this.#raw
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const value = raw[index + 1]
      if (value !== undefined && isNamed(raw[index], name)) {
        return this.counts(name) ? this.#textOf(value) : undefined
      }
    }
    return undefined
  }

  all(name: string): readonly string[] {
    const raw = this.#raw
    const values: string[] = []
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const value = raw[index + 1]
      if (value !== undefined && isNamed(raw[index], name)) values.push(this.#textOf(value))
    }
    return values.length === 0 || this.counts(name) ? values : []
  }

  hasPrefix(prefix: string): boolean {
    const raw = this.#raw
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const name = raw[index] ?? ''
      // Most names start with another letter, in either case.
      if (((name.charCodeAt(0) ^ prefix.charCodeAt(0)) & ~0x20) !== 0) continue
      const lowerCase = name.toLowerCase()
      if (lowerCase.startsWith(prefix) && this.counts(lowerCase)) return true
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
      if (this.counts(lowerCase)) yield [lowerCase, this.#textOf(value)]
    }
  }

  #textOf(value: string): string {
    if (value === this.#value) return this.#text
    const text = this.#decode(value)
    this.#value = value
    this.#text = text
    return text
  }

  *entries(): Iterable<readonly [string, string]> {
    const raw = this.#raw
    for (let index = 0; index + 1 < raw.length; index += 2) {
      const name = raw[index]?.toLowerCase()
      const value = raw[index + 1]
      if (name !== undefined && value !== undefined && this.counts(name)) yield [name, this.#textOf(value)]
    }
  }
}

function isNamed(candidate: string | undefined, name: string): boolean {
  return candidate !== undefined && candidate.length === name.length && candidate.toLowerCase() === name
}
