import type { Environment } from '@marcbachmann/cel-js'
import type { Budget } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import { registrar } from '../engine.ts'

/**
 * Registers string functions, under capitalised names if cel-js has them too: cel-js counts UTF-16 units while Go counts characters, and
 * its `lowerAscii` maps the Kelvin sign to `k`, which would merge two users.
 *
 * Source: cel-go `ext/strings.go`, version 2.
 */
export function registerStrings(environment: Environment, budget: Budget): void {
  const register = registrar(environment)
  // At worst, every pair of characters is compared.
  const paidFor = (text: string, part: string): string => {
    budget.spend((text.length * part.length) / 1000)
    return text
  }
  register('string.LowerAscii(): string', (text: string) =>
    text.replace(/[A-Z]+/g, (part) => part.toLowerCase()),
  )
  register('string.UpperAscii(): string', (text: string) =>
    text.replace(/[a-z]+/g, (part) => part.toUpperCase()),
  )
  register('string.Trim(): string', trimmed)
  register('string.Contains(string): bool', (text, part: string) => paidFor(text, part).includes(part))
  register('string.charAt(int): string', (text, position: bigint) => {
    const characters = Array.from(text)
    return characters[indexWithin(position, characters.length)] ?? ''
  })
  register('string.IndexOf(string): int', (text, part: string) => indexOf(paidFor(text, part), part, 0n))
  register('string.IndexOf(string, int): int', (text, part: string, from: bigint) =>
    indexOf(paidFor(text, part), part, from),
  )
  register('string.LastIndexOf(string): int', (text, part: string) =>
    lastIndexOf(paidFor(text, part), part, undefined),
  )
  register('string.LastIndexOf(string, int): int', (text, part: string, from: bigint) =>
    lastIndexOf(paidFor(text, part), part, from),
  )
  register('string.Substring(int): string', (text, start: bigint) => {
    const characters = Array.from(text)
    return characters.slice(indexWithin(start, characters.length)).join('')
  })
  register('string.Substring(int, int): string', (text, start: bigint, end: bigint) => {
    const characters = Array.from(text)
    if (start > end) throw new CelEvaluationError(`invalid substring range. start: ${start}, end: ${end}`)
    return characters
      .slice(indexWithin(start, characters.length), indexWithin(end, characters.length))
      .join('')
  })
  const split = (text: string, separator: string): readonly string[] => {
    const parts = separator === '' ? Array.from(text) : paidFor(text, separator).split(separator)
    budget.spend(parts.length)
    return parts
  }
  register('string.Split(string): list<string>', split)
  register('string.Split(string, int): list<string>', (text, separator: string, limit: bigint) => {
    const parts = split(text, separator)
    if (limit < 0n || limit >= BigInt(parts.length)) return parts
    if (limit === 0n) return []
    const count = Number(limit) - 1
    return [...parts.slice(0, count), parts.slice(count).join(separator)]
  })
  const replaced = (text: string, old: string, fresh: string, limit: bigint): string => {
    if (limit === 0n) return text
    const parts = split(text, old)
    const pieces = old === '' ? ['', ...parts, ''] : parts
    const count = limit < 0n || limit >= BigInt(pieces.length) ? pieces.length - 1 : Number(limit)
    budget.spend((count * fresh.length) / 10)
    const head = pieces.slice(0, count + 1).join(fresh)
    const tail = pieces.slice(count + 1)
    return tail.length === 0 ? head : [head, ...tail].join(old)
  }
  register('string.replace(string, string): string', (text, old: string, fresh: string) =>
    replaced(text, old, fresh, -1n),
  )
  register('string.replace(string, string, int): string', replaced)
  const joined = (texts: readonly unknown[], separator: string): string => {
    for (const text of texts) {
      if (typeof text !== 'string') throw new CelEvaluationError('no such overload: join(list, string)')
      budget.spend(0.1 + (text.length + separator.length) / 10)
    }
    return texts.join(separator)
  }
  register('list<string>.Join(): string', (texts) => joined(texts, ''))
  register('list<string>.Join(string): string', joined)
}

/** Trims the spaces of Go's `unicode.IsSpace`, which excludes the byte order mark that JavaScript trims. */
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
  if (from < 0n) throw outOfRange(from)
  const characters = Array.from(text)
  // Since cel-go 0.21, an index past the end finds nothing instead of being an error.
  if (from >= BigInt(characters.length)) return -1n
  const first = characters.slice(0, Number(from)).join('').length
  return characterAt(text, text.indexOf(part, first))
}

function lastIndexOf(text: string, part: string, from: bigint | undefined): bigint {
  const characters = Array.from(text)
  if (part === '') return from ?? BigInt(characters.length)
  if (from === undefined) return characterAt(text, text.lastIndexOf(part))
  if (from < 0n) throw outOfRange(from)
  if (from >= BigInt(characters.length)) return -1n
  const last = characters.slice(0, Number(from)).join('').length
  return characterAt(text, text.lastIndexOf(part, last))
}

/** The character index of a UTF-16 index. */
function characterAt(text: string, index: number): bigint {
  return index === -1 ? -1n : BigInt(Array.from(text.slice(0, index)).length)
}

function indexWithin(index: bigint, length: number): number {
  if (index < 0n || index > BigInt(length)) throw outOfRange(index)
  return Number(index)
}

function outOfRange(index: bigint): CelEvaluationError {
  return new CelEvaluationError(`index out of range: ${index}`)
}
