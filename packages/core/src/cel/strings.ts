import type { Environment } from '@marcbachmann/cel-js'
import type { Budget } from './budget.ts'

/**
 * Registers the functions of texts. Those that the library has too are under capitalised names: it counts UTF-16 units where Go
 * counts characters, and its `lowerAscii` makes a `k` of a Kelvin sign, which would make two users one.
 *
 * Source: cel-go `ext/strings.go`, version 2.
 */
export function registerStrings(environment: Environment, budget: Budget): void {
  const register = (signature: string, handler: (text: string, ...rest: never[]) => unknown): void => {
    const counted = (text: string, ...rest: never[]): unknown => {
      budget.spend(1 + text.length / 10)
      return handler(text, ...rest)
    }
    environment.registerFunction(signature, counted, { async: false })
  }
  register('string.LowerAscii(): string', (text) => text.replace(/[A-Z]+/g, (part) => part.toLowerCase()))
  register('string.UpperAscii(): string', (text) => text.replace(/[a-z]+/g, (part) => part.toUpperCase()))
  register('string.Trim(): string', trimmed)
  register('string.Contains(string): bool', (text, part: string) => text.includes(part))
  register('string.charAt(int): string', (text, position: bigint) => {
    const characters = Array.from(text)
    return characters[indexWithin(position, characters.length)] ?? ''
  })
  register('string.IndexOf(string): int', (text, part: string) => indexOf(text, part, 0n))
  register('string.IndexOf(string, int): int', indexOf)
  register('string.LastIndexOf(string): int', (text, part: string) =>
    lastIndexOf(Array.from(text), Array.from(part)),
  )
  register('string.LastIndexOf(string, int): int', (text, part: string, from: bigint) => {
    const characters = Array.from(text)
    return lastIndexOf(characters, Array.from(part), indexWithin(from, characters.length))
  })
  register('string.Substring(int): string', (text, start: bigint) => {
    const characters = Array.from(text)
    return characters.slice(indexWithin(start, characters.length)).join('')
  })
  register('string.Substring(int, int): string', (text, start: bigint, end: bigint) => {
    const characters = Array.from(text)
    const first = indexWithin(start, characters.length)
    const last = indexWithin(end, characters.length)
    if (first > last) throw new RangeError('invalid substring range')
    return characters.slice(first, last).join('')
  })
  register('string.Split(string): list<string>', (text, separator: string) => split(text, separator))
  register('string.Split(string, int): list<string>', (text, separator: string, limit: bigint) => {
    const parts = split(text, separator)
    if (limit < 0n || limit >= BigInt(parts.length)) return parts
    if (limit === 0n) return []
    const count = Number(limit) - 1
    return [...parts.slice(0, count), parts.slice(count).join(separator)]
  })
  register('string.replace(string, string): string', (text, old: string, fresh: string) =>
    replaced(budget, text, old, fresh, -1n),
  )
  register('string.replace(string, string, int): string', (text, old: string, fresh: string, limit: bigint) =>
    replaced(budget, text, old, fresh, limit),
  )
}

/** What Go's `unicode.IsSpace` says: not the byte order mark, which JavaScript trims. */
function trimmed(text: string): string {
  const isSpace = (character: string | undefined): boolean =>
    character !== undefined && character !== '\uFEFF' && /[\s\u0085]/.test(character)
  let start = 0
  let end = text.length
  while (start < end && isSpace(text[start])) start++
  while (end > start && isSpace(text[end - 1])) end--
  return text.slice(start, end)
}

function indexOf(text: string, part: string, from: bigint): bigint {
  if (part === '') return from
  const characters = Array.from(text)
  if (from === 0n && characters.length === 0) return -1n
  const first = characters.slice(0, indexWithin(from, characters.length)).join('').length
  const found = text.indexOf(part, first)
  return found === -1 ? -1n : BigInt(Array.from(text.slice(0, found)).length)
}

function lastIndexOf(
  characters: readonly string[],
  part: readonly string[],
  from: number = characters.length,
): bigint {
  if (part.length === 0) return BigInt(from)
  const text = characters.slice(0, from + part.length).join('')
  const found = text.lastIndexOf(part.join(''))
  return found === -1 ? -1n : BigInt(Array.from(text.slice(0, found)).length)
}

function split(text: string, separator: string): readonly string[] {
  return separator === '' ? Array.from(text) : text.split(separator)
}

function replaced(budget: Budget, text: string, old: string, fresh: string, limit: bigint): string {
  if (limit === 0n) return text
  const parts = split(text, old)
  const pieces = old === '' ? ['', ...parts, ''] : parts
  const count = limit < 0n || limit >= BigInt(pieces.length) ? pieces.length - 1 : Number(limit)
  budget.spend((count * fresh.length) / 10)
  const head = pieces.slice(0, count + 1).join(fresh)
  const tail = pieces.slice(count + 1)
  return tail.length === 0 ? head : [head, ...tail].join(old)
}

function indexWithin(index: bigint, length: number): number {
  if (index < 0n || index > BigInt(length)) throw new RangeError(`index out of range: ${index}`)
  return Number(index)
}
