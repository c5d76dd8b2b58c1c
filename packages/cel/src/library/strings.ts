import type { KubernetesVersion } from '../kubernetes/cel.ts'
import { fail, type Meter, noSuchOverload } from '../evaluate/evaluation.ts'
import type { Value } from '../values/value.ts'
import { characterCount, characterCountTo } from '../values/text-size.ts'
import { elementsCost, searchCost, traversal, twice } from './costs.ts'
import { type Declaration, type Library, method } from '../check/declarations.ts'

/**
 * The string functions. Positions count characters (code points).
 *
 * Source: cel-go `ext/strings.go`, version 2.
 */
export function strings(meter: Meter, version: KubernetesVersion): Library {
  const paidFor = payingFor(meter)
  /** Where the empty string is found. */
  const placeOfNothing = (text: string, from: bigint): bigint => {
    if (version < '1.37') return from
    return from < 0n ? outOfRange(from) : BigInt(Math.min(Number(from), characterCount(text)))
  }
  const lowered = (text: string): string => paidFor(text).replace(/[A-Z]+/g, (part) => part.toLowerCase())
  const raised = (text: string): string => paidFor(text).replace(/[a-z]+/g, (part) => part.toUpperCase())
  const trim = (text: string): string => {
    meter.spend(text.length / 4)
    return trimmed(text)
  }
  const contains = (text: string, part: string): boolean => paidFor(text, part).includes(part)
  const charAt = (text: string, position: bigint): string => {
    const start = offsetOf(paidFor(text), position)
    return String.fromCodePoint(...[text.codePointAt(start)].filter((code) => code !== undefined))
  }
  const indexOf = (text: string, part: string, ...[from = 0n]: readonly bigint[]): bigint => {
    paidFor(text, part)
    if (part === '') return placeOfNothing(text, from)
    if (from < 0n) return outOfRange(from)
    // Since cel-go 0.21, an index past the end finds nothing instead of being an error.
    const start = from === 0n ? 0 : offsetAt(text, from)
    return start === undefined ? -1n : characterAt(text, text.indexOf(part, start))
  }
  const lastIndexOf = (text: string, part: string, ...[from]: readonly bigint[]): bigint => {
    paidFor(text, part)
    if (part === '') return from === undefined ? BigInt(characterCount(text)) : placeOfNothing(text, from)
    if (from === undefined) return characterAt(text, text.lastIndexOf(part))
    if (from < 0n) return outOfRange(from)
    const last = offsetAt(text, from)
    return last === undefined || last === text.length ? -1n : characterAt(text, text.lastIndexOf(part, last))
  }
  const substring = (text: string, start: bigint, ...[end]: readonly bigint[]): string => {
    if (end !== undefined && start > end) fail(`invalid substring range. start: ${start}, end: ${end}`)
    return text.slice(offsetOf(paidFor(text), start), end === undefined ? undefined : offsetOf(text, end))
  }
  // An argument that some overloads do not have is a rest parameter.
  return {
    functions: [
      method('string.lowerAscii(): string', lowered, traversal),
      method('string.upperAscii(): string', raised, traversal),
      method('string.trim(): string', trim, traversal),
      method('string.contains(string): bool', contains, searchCost),
      method('string.charAt(int): string', charAt),
      method('string.indexOf(string): int', indexOf, elementsCost),
      method('string.indexOf(string, int): int', indexOf, elementsCost),
      method('string.lastIndexOf(string): int', lastIndexOf, elementsCost),
      method('string.lastIndexOf(string, int): int', lastIndexOf, elementsCost),
      method('string.substring(int): string', substring, traversal),
      method('string.substring(int, int): string', substring, traversal),
      ...partFunctions(meter),
    ],
  }
}

/** Functions that take a string apart, or put one together. */
function partFunctions(meter: Meter): readonly Declaration[] {
  const paidFor = payingFor(meter)
  const split = (text: string, separator: string, ...[limit = -1n]: readonly bigint[]): readonly string[] => {
    const parts = separator === '' ? Array.from(paidFor(text)) : paidFor(text, separator).split(separator)
    meter.spend(parts.length)
    if (limit < 0n || limit >= BigInt(parts.length)) return parts
    if (limit === 0n) return []
    const count = Number(limit) - 1
    return [...parts.slice(0, count), parts.slice(count).join(separator)]
  }
  const replace = (text: string, old: string, fresh: string, ...[limit = -1n]: readonly bigint[]): string => {
    if (limit === 0n) return text
    const parts = split(text, old)
    const pieces = old === '' ? ['', ...parts, ''] : parts
    const count = limit < 0n || limit >= BigInt(pieces.length) ? pieces.length - 1 : Number(limit)
    meter.spend((count * fresh.length) / 10)
    const head = pieces.slice(0, count + 1).join(fresh)
    const tail = pieces.slice(count + 1)
    return tail.length === 0 ? head : [head, ...tail].join(old)
  }
  const join = (texts: readonly Value[], ...[separator = '']: readonly string[]): string => {
    const parts = texts.map((text) =>
      typeof text === 'string' ? text : noSuchOverload('join(list, string)'),
    )
    for (const text of parts) meter.spend(0.3 + (text.length + separator.length) / 10)
    return parts.join(separator)
  }
  return [
    method('string.split(string): list(string)', split, twice),
    method('string.split(string, int): list(string)', split, twice),
    method('string.replace(string, string): string', replace, twice),
    method('string.replace(string, string, int): string', replace, twice),
    method('list(string).join(): string', join, joinCost),
    method('list(string).join(string): string', join, joinCost),
  ]
}

/** Returns strings whose characters were paid for. At worst, every pair of characters is compared. */
function payingFor(meter: Meter): (text: string, part?: string) => string {
  return (text, part = '') => {
    meter.spend(text.length / 16 + (text.length * part.length) / 1000)
    return text
  }
}

/**
 * `reverse`, which Kubernetes does not have.
 *
 * Source: cel-go `ext/strings.go`, version 3.
 */
export function stringReversal(meter: Meter): Library {
  return {
    functions: [
      method('string.reverse(): string', (text: string) => {
        meter.spend(text.length)
        return Array.from(text).toReversed().join('')
      }),
    ],
  }
}

function joinCost(_: readonly Value[], result: Value): number {
  return twice([result])
}

/** The spaces of Go's `unicode.IsSpace`, without the byte order mark that JavaScript trims. */
const SPACES = new Set(
  '\t\n\v\f\r \u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u2028\u2029\u202F\u205F\u3000',
)

function trimmed(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && SPACES.has(text.charAt(start))) start++
  while (end > start && SPACES.has(text.charAt(end - 1))) end--
  return text.slice(start, end)
}

function characterAt(text: string, index: number): bigint {
  return index === -1 ? -1n : BigInt(characterCountTo(text, index))
}

/** The UTF-16 index of a character index; it fails beyond the end. */
function offsetOf(text: string, index: bigint): number {
  return (index < 0n ? undefined : offsetAt(text, index)) ?? outOfRange(index)
}

/** The UTF-16 index of a character index; `undefined` beyond the end. */
function offsetAt(text: string, index: bigint): number | undefined {
  if (index > BigInt(text.length)) return undefined
  let at = 0
  for (let left = Number(index); left > 0; left--) {
    if (at >= text.length) return undefined
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
  }
  return at
}

function outOfRange(index: bigint): never {
  return fail(`index out of range: ${index}`)
}
