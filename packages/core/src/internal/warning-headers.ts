import { latin1FromText } from '@kube-authn/internal/byte-text'

/** If all warnings together are longer, each is truncated. */
const MAX_CHARACTERS = 4096
const MAX_CHARACTERS_OF_ONE = 256

/**
 * The values of the `Warning` headers (RFC 7234 section 5.5): code 299, no agent, and the quoted text in UTF-8, with one character per byte.
 * Duplicates are sent once. A text that is empty, has a control character or is not well-formed Unicode is omitted. If all together have
 * more than 4,096 characters, each is truncated to 256, and further ones are omitted after 4,096 characters.
 *
 * Source: apimachinery `pkg/util/net` NewWarningHeader, apiserver `pkg/endpoints/filters/warning.go`.
 *
 * @example
 * for (const value of warningHeaders(outcome.warnings)) res.appendHeader('Warning', value)
 */
export function warningHeaders(texts: readonly string[]): readonly string[] {
  if (texts.length === 0) return texts
  const distinct = [...new Set(texts)]
  const values: string[] = []
  let sent = 0
  for (const [index, text] of distinct.entries()) {
    const value = valueOf(text)
    if (value === undefined) continue
    sent += lengthOf(text)
    if (sent > MAX_CHARACTERS) return cutValues(distinct, index)
    values.push(value)
  }
  return values
}

/** The same as response headers; empty if there is nothing to send. */
export function withWarnings(texts: readonly string[]): { readonly warning?: string[] } {
  const values = warningHeaders(texts)
  return values.length === 0 ? {} : { warning: [...values] }
}

/** @param overflow the index of the text that exceeded the limit. All before it are sent in any case. */
function cutValues(texts: readonly string[], overflow: number): readonly string[] {
  const values: string[] = []
  let sent = 0
  for (const [index, text] of texts.entries()) {
    if (index > overflow && sent >= MAX_CHARACTERS) break
    const start = beginning(text)
    const value = valueOf(start)
    if (value === undefined) continue
    sent += lengthOf(start)
    values.push(value)
  }
  return values
}

function valueOf(text: string): string | undefined {
  if (text === '' || /\p{Cc}/u.test(text) || !text.isWellFormed()) return undefined
  return `299 - "${latin1FromText(text.replaceAll(/["\\]/g, String.raw`\$&`))}"`
}

/** In Unicode code points, as Go counts. */
function lengthOf(text: string): number {
  return Array.from(text).length
}

function beginning(text: string): string {
  return Array.from(text.slice(0, 2 * MAX_CHARACTERS_OF_ONE))
    .slice(0, MAX_CHARACTERS_OF_ONE)
    .join('')
}
