import { isDeepStrictEqual } from 'node:util'
import {
  DEVIATES_AS_DOCUMENTED,
  type Expected,
  type HeaderPair,
  type Vector,
  type VectorUser,
} from './vector.ts'

/** The differences between the outcome of a case and the expectation; empty if there are none. */
export function differences(vector: Vector, actual: Readonly<Record<string, unknown>>): readonly string[] {
  if (actual === DEVIATES_AS_DOCUMENTED) {
    return vector.given.deviation === undefined
      ? ['the product deviates where the case names no deviation']
      : []
  }
  const expected: Expected = vector.expect
  return Object.keys(expected).flatMap((field) => {
    if (field === 'note') return []
    const wanted = expected[field]
    // `null` says that there is nothing.
    const got = actual[field] ?? (wanted === null ? null : undefined)
    if (field === 'error') return differingTexts(wanted, got)
    if (PARTS.has(field)) {
      return typeof got === 'string' && got.includes(String(wanted)) ? [] : [shown(field, wanted, got)]
    }
    const same = isDeepStrictEqual(normalized(field, got), normalized(field, wanted))
    return same ? [] : [shown(field, wanted, got)]
  })
}

/** What a string must contain. */
const PARTS: ReadonlySet<string> = new Set([
  'errorContains',
  'error_contains',
  'healthContains',
  'messageContains',
  'text_contains',
  'warning_contains',
])

function differingTexts(wanted: unknown, got: unknown): readonly string[] {
  if (typeof wanted === 'string') return got === wanted ? [] : [shown('error', wanted, got)]
  const { text, text_contains: part } = wanted as NonNullable<Expected['error']>
  const message = typeof got === 'string' ? got : ''
  if (text !== undefined && message !== text) return [shown('error', text, got)]
  if (part !== undefined && !message.includes(part)) return [shown('error', part, got)]
  return []
}

function normalized(field: string, value: unknown): unknown {
  if (field === 'user' && value !== null && value !== undefined) return normalizedUser(value as VectorUser)
  if (field === 'entries') {
    return Object.fromEntries(
      Object.entries(value as Record<string, VectorUser>).map(([key, user]) => [key, normalizedUser(user)]),
    )
  }
  if (field === 'headers_after') return sortedHeaders(value as readonly HeaderPair[])
  return structuredClone(value)
}

function normalizedUser(user: VectorUser): unknown {
  return {
    name: user.name,
    uid: user.uid ?? '',
    groups: [...(user.groups ?? [])],
    extra: Object.fromEntries(Object.entries(user.extra ?? {}).map(([key, values]) => [key, [...values]])),
  }
}

function sortedHeaders(headers: readonly HeaderPair[]): readonly string[] {
  return headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`).toSorted()
}

function shown(field: string, wanted: unknown, got: unknown): string {
  return `${field}: expected ${JSON.stringify(wanted)}, got ${JSON.stringify(got) ?? 'nothing'}`
}
