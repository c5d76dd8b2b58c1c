import { endOfString, membersOf } from '../json/colons.ts'
import type { Steps } from '../steps.ts'
import { MAX_DEPTH, mayBeJson } from './json-document.ts'

/** The maximum length of a value that is parsed at once; longer lists and objects are read item by item. */
const MAX_PIECE = 65_536
const CHARACTERS_IN_A_STEP = 131_072

/** Makes something of an item of a list. */
export type ReadItem = (item: unknown) => unknown

/** Returns how the items of a Kubernetes list are read, by the members before `items`; `undefined` to keep them as they are. */
export type ItemReader = (head: Readonly<Record<string, unknown>>) => ReadItem | undefined

/** What was made of the items of a list, in its place. */
export class ReadItems {
  readonly items: readonly unknown[]

  constructor(items: readonly unknown[]) {
    this.items = items
  }
}

/**
 * The same as `jsonDocument`, in steps for a large text: long lists and objects are read item by item. Returns `undefined` for any text that
 * the YAML parser may read differently, and for one that is not JSON.
 *
 * @param itemReader for the member `items` of the whole object, if it is long: its items are read one after the other, so that all of them are not in memory
 *   at once, which costs the garbage collector more than reading them. What it made counts only if something is returned, with {@link ReadItems} in `items`.
 */
export function* jsonPieces(
  text: string,
  itemReader?: ItemReader,
): Steps<{ readonly value: unknown } | undefined> {
  if (!mayBeJson(text)) return undefined
  yield
  try {
    const start = skipSpace(text, 0)
    const progress = { next: start + CHARACTERS_IN_A_STEP }
    const root = yield* readLong(text, start, 1, progress, { itemReader })
    return root !== undefined && skipSpace(text, root.end) === text.length ? { value: root.value } : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

interface Read {
  readonly value: unknown
  /** The position after the value. */
  readonly end: number
}

/** The position where the next step begins. */
interface Progress {
  next: number
}

interface ReadingOptions {
  /** Of the object that is read. */
  readonly itemReader?: ItemReader | undefined
  /** Of the list that is read. */
  readonly readItem?: ReadItem | undefined
}

/** @throws {SyntaxError} when a piece is not JSON. */
function* readLong(
  text: string,
  start: number,
  depth: number,
  progress: Progress,
  { itemReader, readItem }: ReadingOptions,
): Steps<Read | undefined> {
  const isList = text[start] === '['
  const close = isList ? ']' : '}'
  const list: unknown[] = []
  const object: Record<string, unknown> = {}
  let at = skipSpace(text, start + 1)
  if (depth > MAX_DEPTH) return undefined
  if (text[at] === close) return { value: isList ? list : object, end: at + 1 }
  for (;;) {
    let name = ''
    if (!isList) {
      const end = endOfString(text, at) + 1
      const key: unknown = JSON.parse(text.slice(at, end))
      at = skipSpace(text, end)
      if (typeof key !== 'string' || text[at] !== ':' || Object.hasOwn(object, key) || key === '__proto__')
        return undefined
      name = key
      at = skipSpace(text, at + 1)
    }
    const run = isList ? readRun(text, at, depth) : undefined
    const short = isList ? run : readShort(text, at, depth)
    const itemsReader =
      short === undefined && name === 'items' && text[at] === '[' ? itemReader?.(object) : undefined
    const item = short ?? (yield* readLong(text, at, depth + 1, progress, { readItem: itemsReader }))
    if (item === undefined) return undefined
    if (run !== undefined)
      for (const each of run.value) list.push(readItem === undefined ? each : readItem(each))
    else if (isList) list.push(readItem === undefined ? item.value : readItem(item.value))
    else
      object[name] = itemsReader === undefined ? item.value : new ReadItems(item.value as readonly unknown[])
    at = skipSpace(text, item.end)
    if (text[at] === close) return { value: isList ? list : object, end: at + 1 }
    if (text[at] !== ',') return undefined
    at = skipSpace(text, at + 1)
    if (at >= progress.next) {
      progress.next = at + CHARACTERS_IN_A_STEP
      yield
    }
  }
}

/** Parses a value; `undefined` if it is a long list or object. */
function readShort(text: string, start: number, depth: number): Read | undefined {
  const found = scanShort(text, start, depth)
  return found && { value: parsed(text.slice(start, found.end), found.colons), end: found.end }
}

/** Parses a run of short list items at once: one by one, each would be copied and parsed separately. */
function readRun(
  text: string,
  start: number,
  depth: number,
): (Read & { readonly value: readonly unknown[] }) | undefined {
  let found = scanShort(text, start, depth)
  if (found === undefined) return undefined
  let { colons, end } = found
  while (text[end] === ',' && end - start < MAX_PIECE) {
    found = scanShort(text, end + 1, depth)
    if (found === undefined) break
    colons += found.colons
    end = found.end
  }
  return { value: parsed(`[${text.slice(start, end)}]`, colons) as readonly unknown[], end }
}

/** @throws {SyntaxError} when the text is not JSON, or a member is repeated. */
function parsed(text: string, colons: number): unknown {
  const value: unknown = JSON.parse(text)
  if (membersOf(value) !== colons) throw new SyntaxError('a member is repeated')
  return value
}

/** Finds the end of a value; `undefined` if it is a long list or object. */
function scanShort(text: string, start: number, depth: number) {
  let colons = 0
  let levels = 0
  let end = start
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end)
    if (code === QUOTE) end = endOfString(text, end)
    else if (code === COLON) colons++
    else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
      if (depth + ++levels > MAX_DEPTH) throw new SyntaxError('nested too deeply')
    } else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) {
      if (levels === 0) break
      levels--
    } else if (code === COMMA && levels === 0) break
    if (levels > 0 && end - start > MAX_PIECE) return undefined
  }
  return { colons, end }
}

function skipSpace(text: string, start: number): number {
  let at = start
  while (at < text.length && ' \n\r\t'.includes(text[at] ?? '')) at++
  return at
}

const [QUOTE, COMMA, COLON, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [
  0x22, 0x2c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d,
]
