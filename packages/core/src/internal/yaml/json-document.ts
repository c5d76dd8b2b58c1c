import { colonsOf, membersOf } from '../json/colons.ts'

/** The maximum nesting depth, in JSON and in YAML. */
export const MAX_DEPTH = 100

/**
 * Parses a text that is one document of strict JSON. Returns `undefined` for any other text: the YAML parser may still read it, or reports
 * its errors with positions.
 *
 * Both parsers read JSON the same way, and this one is about fifty times faster. Cases that they read differently are left to the YAML
 * parser: a repeated member, too much nesting, an unpaired surrogate, a key `<<`.
 *
 * Source: apimachinery `pkg/util/yaml/decoder.go` (`YAMLOrJSONDecoder`), which also checks the first character.
 */
export function jsonDocument(text: string): { readonly value: unknown } | undefined {
  if (!mayBeJson(text)) return undefined
  const colons = colonsOf(text, MAX_DEPTH)
  if (colons === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return membersOf(value) === colons ? { value } : undefined
  } catch {
    return undefined
  }
}

/** Whether a text begins like JSON, and contains nothing that the YAML parser reads differently. */
export function mayBeJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false
  // The first search avoids the second one, which is slow because quotes are frequent.
  if (text.includes('<<"') && text.includes('"<<"')) return false
  return !text.includes('\\u') || !/\\u[dD][89a-fA-F]/.test(text)
}
