import { NAMED_ESCAPES } from '@kube-authn/internal/quote'
import { MAX_INT, MAX_UINT, MIN_INT, Uint } from '../values/value.ts'

/** The value of an integer literal with its sign; `undefined` beyond 64 bits. */
export function intLiteral(text: string): bigint | undefined {
  const value = text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text)
  return value < MIN_INT || value > MAX_INT ? undefined : value
}

/** The value of an unsigned literal, such as `0xffu`; `undefined` beyond 64 bits. */
export function uintLiteral(text: string): Uint | undefined {
  const value = BigInt(text.slice(0, -1))
  return value > MAX_UINT ? undefined : new Uint(value)
}

/** The value of a double literal; `undefined` if it is not finite. */
export function doubleLiteral(text: string): number | undefined {
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}

/** The value of a string literal; `undefined` if an escape is not a character. */
export function stringLiteral(text: string): string | undefined {
  const { body, isRaw } = bodyOf(text)
  if (isRaw || !body.includes('\\')) return body
  let value = ''
  for (const { code, character } of piecesOf(body)) {
    if (code !== undefined && !isCharacter(code)) return undefined
    value += code === undefined ? character : String.fromCodePoint(code)
  }
  return value
}

const utf8 = new TextEncoder()

/** The value of a bytes literal, where an escape is a byte; `undefined` if one is a character. */
export function bytesLiteral(text: string): Uint8Array | undefined {
  const { body, isRaw } = bodyOf(text.slice(1))
  if (isRaw || !body.includes('\\')) return utf8.encode(body)
  const bytes: number[] = []
  for (const { code, character, isUnicode } of piecesOf(body)) {
    if (isUnicode) return undefined
    if (code === undefined) for (const byte of utf8.encode(character)) bytes.push(byte)
    else bytes.push(code)
  }
  return Uint8Array.from(bytes)
}

const PIECES =
  /\\[xX]([0-9A-Fa-f]{2})|\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))|\\([0-3][0-7]{2})|\\([^])|[^\\]/gu

/** The characters of a literal, and its escapes for numbers. */
function* piecesOf(body: string) {
  for (const [character, byte, short, long, octal, letter] of body.matchAll(PIECES)) {
    const unicode = short ?? long
    const digits = byte ?? unicode ?? octal
    const code = digits === undefined ? undefined : Number.parseInt(digits, digits === octal ? 8 : 16)
    const plain = letter === undefined ? character : (NAMED.get(letter) ?? letter)
    yield { character: plain, code, isUnicode: unicode !== undefined }
  }
}

/** The characters of escapes such as `\n`, by letter. */
const NAMED: ReadonlyMap<string, string> = new Map(
  Array.from(NAMED_ESCAPES, ([character, escape]) => [escape.slice(1), character]),
)

/** The literal without prefix and quotes, and with line feeds only. */
function bodyOf(literal: string): { readonly body: string; readonly isRaw: boolean } {
  const isRaw = /^r/i.test(literal)
  const quoted = isRaw ? literal.slice(1) : literal
  const length = /^(?:"""|''')/.test(quoted) && quoted.length >= 6 ? 3 : 1
  return { body: quoted.slice(length, -length).replaceAll(/\r\n?/g, '\n'), isRaw }
}

function isCharacter(code: number): boolean {
  return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
}
