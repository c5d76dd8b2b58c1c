import type { Steps } from '../steps.ts'

/** Deeper documents are left to the parser, which enforces the limit. */
const MAX_DEPTH = 50
const LINES_IN_A_STEP = 512

/**
 * Parses a document in the subset of YAML that most manifests use: block mappings and sequences, plain words, quoted strings without
 * escapes, lists of those on one line, whole-line comments, ASCII. Returns `undefined` for anything else, valid or not. The YAML parser reads
 * such documents the same way, but takes fifty times as long.
 *
 * Source: YAML 1.1; yaml.org/type.
 */
export function* plainDocument(text: string): Steps<object | undefined> {
  const reader = new Reader()
  let count = 0
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start)
    const end = newline === -1 ? text.length : newline
    if (!reader.take(text.slice(start, end))) return undefined
    start = end + 1
    if (++count % LINES_IN_A_STEP === 0) yield
  }
  return reader.root
}

type Mapping = Record<string, unknown>

/** An open collection. */
interface Frame {
  readonly indent: number
  readonly mapping: Mapping | undefined
  readonly sequence: unknown[] | undefined
  /** The key whose value may still follow on deeper lines. */
  key: string | undefined
}

class Reader {
  root: object | undefined
  readonly #frames: Frame[] = []

  /** @returns whether the line was understood. */
  take(line: string): boolean {
    const indent = indentOf(line)
    if (indent === line.length || line.charCodeAt(indent) === HASH) return true
    const content = indent === 0 ? line : line.slice(indent)
    return content.startsWith('- ') ? this.#item(indent, content.slice(2)) : this.#member(indent, content)
  }

  #item(indent: number, content: string): boolean {
    this.#closeTo(indent)
    const top = this.#frames.at(-1)
    let sequence = top?.indent === indent ? top.sequence : undefined
    if (sequence === undefined) {
      sequence = []
      if (!this.#open({ indent, mapping: undefined, sequence, key: undefined }, indent)) return false
    }
    const colon = endOfKey(content)
    if (colon === -1) return isDefined(plainScalar(content), (value) => sequence.push(value))
    const mapping: Mapping = {}
    sequence.push(mapping)
    const frame: Frame = { indent: indent + 2, mapping, sequence: undefined, key: undefined }
    this.#frames.push(frame)
    return this.#frames.length <= MAX_DEPTH && setMember(frame, mapping, content, colon)
  }

  #member(indent: number, content: string): boolean {
    const colon = endOfKey(content)
    if (colon === -1) return false
    this.#closeTo(indent)
    // A sequence may have the same indentation as its key.
    if (this.#frames.at(-1)?.indent === indent && this.#frames.at(-1)?.sequence !== undefined)
      this.#frames.pop()
    const top = this.#frames.at(-1)
    if (top?.indent === indent && top.mapping !== undefined)
      return setMember(top, top.mapping, content, colon)
    const mapping: Mapping = {}
    const frame: Frame = { indent, mapping, sequence: undefined, key: undefined }
    return this.#open(frame, indent - 1) && setMember(frame, mapping, content, colon)
  }

  /** Adds a collection as the missing value of the document, or of a key indented by at most `maxIndent`. */
  #open(frame: Frame, maxIndent: number): boolean {
    const top = this.#frames.at(-1)
    const value = frame.mapping ?? frame.sequence
    if (top === undefined) {
      if (this.root !== undefined || frame.indent > 0) return false
      this.root = value
    } else {
      if (top.mapping === undefined || top.key === undefined || top.indent > maxIndent) return false
      top.mapping[top.key] = value
      top.key = undefined
    }
    this.#frames.push(frame)
    return this.#frames.length <= MAX_DEPTH
  }

  #closeTo(indent: number): void {
    while ((this.#frames.at(-1)?.indent ?? 0) > indent) this.#frames.pop()
  }
}

function setMember(frame: Frame, mapping: Mapping, content: string, colon: number): boolean {
  const key = content.slice(0, colon)
  const isPlain = KEY.test(key) && key !== '__proto__' && !isReserved(key)
  if (!isPlain || Object.hasOwn(mapping, key)) return false
  if (colon === content.length - 1) {
    frame.key = key
    mapping[key] = null
    return true
  }
  frame.key = undefined
  return isDefined(plainScalar(content.slice(colon + 2)), (value) => {
    mapping[key] = value
  })
}

/** The position of the colon after a key, followed by a space or the end of the line; -1 if there is none. */
function endOfKey(content: string): number {
  const first = content.charCodeAt(0)
  if (first === DOUBLE_QUOTE || first === SINGLE_QUOTE || first === BRACKET) return -1
  const colon = content.indexOf(': ')
  return colon === -1 && content.endsWith(':') ? content.length - 1 : colon
}

function isDefined(value: unknown, use: (value: unknown) => void): boolean {
  if (value === undefined) return false
  use(value)
  return true
}

function indentOf(line: string): number {
  let indent = 0
  while (line.charCodeAt(indent) === SPACE) indent++
  return indent
}

const [SPACE, DOUBLE_QUOTE, HASH, SINGLE_QUOTE, BRACKET] = [0x20, 0x22, 0x23, 0x27, 0x5b]

/** Parses a scalar, or a list of scalars on one line; `undefined` for anything more complex. */
function plainScalar(text: string): unknown {
  if (WORD.test(text))
    return text === 'true' ? true : text === 'false' ? false : isReserved(text) ? undefined : text
  if (QUOTED.test(text)) return text.slice(1, -1)
  if (text === '{}') return {}
  if (INTEGER.test(text)) return Number(text)
  if (!LIST.test(text)) return undefined
  const items = (text.match(ITEM) ?? []).map(plainScalar)
  return items.includes(undefined) ? undefined : items
}

/** Whether YAML 1.1 reads the word as a boolean or null. */
function isReserved(word: string): boolean {
  return word.length <= 5 && RESERVED.has(word.toLowerCase())
}

const RESERVED = new Set(['y', 'n', 'yes', 'no', 'true', 'false', 'on', 'off', 'null'])

// A word that starts with a letter is a string unless it is reserved: numbers and timestamps start with other characters.
const WORD = /^[A-Za-z_](?:[A-Za-z0-9_./:@-]*[A-Za-z0-9_./@-])?$/
const QUOTED = /^(?:"[\x20\x21\x23-\x5b\x5d-\x7e]*"|'[\x20-\x26\x28-\x7e]*')$/
const KEY = /^[A-Za-z_][A-Za-z0-9_./-]{0,127}$/
const INTEGER = /^(?:0|[1-9]\d{0,8})$/
const ITEM_PATTERN = String.raw`"[\x20\x21\x23-\x5b\x5d-\x7e]*"|'[\x20-\x26\x28-\x7e]*'|[A-Za-z_][A-Za-z0-9_./-]*`
const ITEM = new RegExp(ITEM_PATTERN, 'g')
const LIST = new RegExp(`^\\[ *(?:(?:${ITEM_PATTERN})(?: *, *(?:${ITEM_PATTERN}))* *)?\\]$`)
