import { duplicateFields } from './duplicate-fields.ts'
import { badRequest } from '@kube-authn/core/internal'

/** What a client sent. */
export interface SentValue {
  readonly value: unknown
  /** The paths of fields that an object has more than once: the last of them counts. */
  readonly duplicates: readonly string[]
}

/**
 * Decodes a JSON body.
 *
 * Source: RFC 8259.
 *
 * Deviation: invalid Unicode is refused; Go replaces it (`docs/deviations.md`, content of reviews).
 *
 * @throws {StatusError} 400 when the body is not valid JSON. The message does not quote the body.
 */
export function decodeJson(body: Uint8Array): SentValue {
  const text = decodeUtf8(body)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's message quotes the input.
    throw badRequest('the body of the request is not JSON')
  }
  if (hasLoneSurrogate(text))
    throw badRequest('the body of the request has an escape of an unpaired surrogate')
  return { value, duplicates: duplicateFields(text, value) }
}

/** @throws {StatusError} 400 */
export function decodeUtf8(body: Uint8Array): string {
  try {
    return UTF8.decode(body)
  } catch (cause) {
    throw badRequest('the body of the request is not UTF-8', cause)
  }
}

// JSON has no byte order mark (RFC 8259 section 8.1).
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Whether this JSON text has an escape of an unpaired surrogate. Strings from headers and files have unpaired surrogates for bytes that are
 * not UTF-8 (`byte-text.ts`); a client must not be able to send the same strings in JSON.
 */
function hasLoneSurrogate(json: string): boolean {
  if (!SURROGATE.test(json)) return false
  let end = -1
  for (const { 0: escape, index } of json.matchAll(ESCAPES)) {
    const code = escape.length === 6 ? Number.parseInt(escape.slice(2), 16) : 0
    const isSecond = code >= 0xdc00 && code <= 0xdfff
    // A low surrogate must follow a high one directly, and a high one needs a low one.
    if (isSecond !== (end !== -1) || (isSecond && index !== end)) return true
    end = code >= 0xd800 && code <= 0xdbff ? index + escape.length : -1
  }
  return end !== -1
}

const SURROGATE = /\\u[Dd][89A-Fa-f]/
const ESCAPES = /\\(?:u[\dA-Fa-f]{4}|.)/gs
