const SYMBOLS: ReadonlyMap<string, string> = new Map([
  ['underscores', '__'],
  ['dot', '.'],
  ['dash', '-'],
  ['slash', '/'],
])

/** Words that CEL keeps for itself. */
const RESERVED = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace ' +
    'return var void while'
  ).split(' '),
)

/**
 * The key that a name in an expression stands for, as `kubernetes__dot__io` for `kubernetes.io`; `undefined` when an escape in it
 * is none.
 *
 * Source: apiserver `pkg/cel/escaping.go`.
 */
export function unescaped(name: string): string | undefined {
  if (!name.includes('__')) return name
  let isValid = true
  const key = name.replaceAll(/__([^_]+)__/g, (whole, word: string) => {
    const symbol = SYMBOLS.get(word)
    if (symbol !== undefined) return symbol
    if (!RESERVED.has(word) || whole.length !== name.length) isValid = false
    return word
  })
  return isValid ? key : undefined
}
