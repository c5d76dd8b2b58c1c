import { colonsOf, membersOf } from '../../internal/json/colons.ts'

/**
 * Parses JSON. Returns `undefined` for invalid JSON and for objects with duplicate members: parsers differ in whether the first or the last
 * counts. An unpaired surrogate becomes U+FFFD, as in Go, so all strings are well-formed.
 *
 * Source: RFC 8259 section 4; RFC 7515 section 4 and RFC 7519 section 4, which allow rejecting duplicate members; go-jose `json`.
 */
export function strictJson(json: string): unknown {
  try {
    const text = json.includes('\\')
      ? json.replace(ESCAPE, (escape, lone?: string) => (lone === undefined ? escape : '\\ufffd'))
      : json
    const value: unknown = JSON.parse(text)
    return membersOf(value) === colonsOf(text) ? value : undefined
  } catch {
    return undefined
  }
}

/** An escape; the group captures that of an unpaired surrogate. */
const ESCAPE = /\\(?:u(?:d[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|(d[89a-f][0-9a-f]{2}))|[^])/gi
