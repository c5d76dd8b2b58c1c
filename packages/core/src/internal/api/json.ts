import { badRequest } from './errors.ts'

/**
 * The value that a body in JSON says.
 *
 * Source: RFC 8259.
 *
 * Deviation: text that is not Unicode is refused, where Go replaces it (`docs/deviations.md`, content of reviews).
 *
 * @throws {StatusError} 400 when it is none. The text holds nothing of it.
 */
export function decodeJson(body: Uint8Array): unknown {
  let text: string
  try {
    text = UTF8.decode(body)
  } catch (cause) {
    throw badRequest('the body of the request is not UTF-8', cause)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The message of the parser quotes what it could not read.
    throw badRequest('the body of the request is not JSON')
  }
  if (hasLoneSurrogate(text)) throw badRequest('the body of the request has an escape that is no character')
  return value
}

// JSON has no byte order mark (RFC 8259 section 8.1).
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Whether an escape in this JSON text is half a character. Text from headers and files has such halves where bytes are no UTF-8
 * (`byte-text.ts`), and nobody must be able to spell those.
 */
function hasLoneSurrogate(json: string): boolean {
  if (!SURROGATE.test(json)) return false
  let end = -1
  for (const { 0: escape, index } of json.matchAll(ESCAPES)) {
    const code = escape.length === 6 ? Number.parseInt(escape.slice(2), 16) : 0
    const isSecond = code >= 0xdc00 && code <= 0xdfff
    // A second half comes right after a first one, and nothing else does.
    if (isSecond !== (end !== -1) || (isSecond && index !== end)) return true
    end = code >= 0xd800 && code <= 0xdbff ? index + escape.length : -1
  }
  return end !== -1
}

const SURROGATE = /\\u[Dd][89A-Fa-f]/
const ESCAPES = /\\(?:u[\dA-Fa-f]{4}|.)/gs
