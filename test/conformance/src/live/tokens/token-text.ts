/** The content of a token, as far as it can be parsed. */
export interface TokenText {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  /** Whether its encoding is not canonical: other characters, bits, or duplicate members. */
  readonly isUnusual: boolean
}

export function tokenText(token: string): TokenText {
  const parts = token.split('.')
  const isPlain =
    parts.length === 3 && parts.every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)
  const [header, claims] = parts.slice(0, 2).map(jsonIn)
  return {
    header: header?.value ?? {},
    claims: claims?.value ?? {},
    isUnusual: !isPlain || header?.isUnusual !== false || claims?.isUnusual !== false,
  }
}

const NAMES = /"(?:[^"\\]|\\.)*"\s*:/g

function jsonIn(part: string): { readonly value?: Record<string, unknown>; readonly isUnusual: boolean } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'base64url'))
    const value = JSON.parse(text) as Record<string, unknown>
    return { value, isUnusual: (text.match(NAMES)?.length ?? 0) !== memberCount(value) }
  } catch {
    return { isUnusual: true }
  }
}

/** The number of members of all objects in a value, which may be nested deeply. */
function memberCount(value: unknown): number {
  let count = 0
  const waiting = [value]
  for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
    if (typeof each !== 'object' || each === null) continue
    const parts: readonly unknown[] = Object.values(each)
    if (!Array.isArray(each)) count += parts.length
    for (const part of parts) waiting.push(part)
  }
  return count
}
