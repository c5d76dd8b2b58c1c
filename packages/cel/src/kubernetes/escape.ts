import { ofLongTexts } from '../values/long-texts.ts'

const SYMBOLS: ReadonlyMap<string, string> = new Map([
  ['underscores', '__'],
  ['dot', '.'],
  ['dash', '-'],
  ['slash', '/'],
])

/** Reserved words of CEL. */
const RESERVED = new Set(
  (
    'true false null in as break const continue else for function if import let loop package namespace ' +
    'return var void while'
  ).split(' '),
)

/**
 * The key for an escaped name in an expression, such as `kubernetes.io` for `kubernetes__dot__io`; `undefined` if it has an invalid escape.
 *
 * Source: apiserver `pkg/cel/escaping.go`.
 */
export const unescaped: (name: string) => string | undefined = ofLongTexts((name) => {
  if (!name.includes('__')) return name
  let isValid = true
  const key = name.replaceAll(/__([^_]+)__/g, (whole, word: string) => {
    const symbol = SYMBOLS.get(word)
    if (symbol !== undefined) return symbol
    if (!RESERVED.has(word) || whole.length !== name.length) isValid = false
    return word
  })
  return isValid ? key : undefined
})
