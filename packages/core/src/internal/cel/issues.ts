import { ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js'
import { printedType } from './types.ts'

/** An error in an expression and its position. */
export interface Issue {
  readonly message: string
  /** Offset in UTF-16 units. */
  readonly position: number
}

/** Converts an error of cel-js, with the message of cel-go if known. */
export function issueOf(error: unknown): Issue {
  if (!(error instanceof ParseError || error instanceof CelTypeError)) {
    return {
      message: error instanceof RangeError ? 'the expression is nested too deeply' : 'invalid expression',
      position: 0,
    }
  }
  const position = error.range?.start ?? 0
  if (error instanceof ParseError) return { message: `Syntax error: ${error.summary}`, position }
  return { message: inOtherWords(error.summary), position }
}

/** cel-go's message for an undeclared name. */
export function undeclared(name: string): string {
  return `undeclared reference to '${name}' (in container '')`
}

/** cel-go's message for a call without a matching overload. */
export function noOverload(name: string, types: string): string {
  // Our functions are registered in cel-js under capitalised names.
  const written = name.charAt(0).toLowerCase() + name.slice(1)
  return `found no matching overload for '${written}' applied to '${types}'`
}

/** Patterns of cel-js messages, and the corresponding cel-go messages. */
const WORDS: readonly (readonly [RegExp, (...found: string[]) => string])[] = [
  [/^Unknown variable: (.*)$/, undeclared],
  [/^no such overload: ([!-])([^ ].*)$/, (sign, type) => noOverload(`${sign}_`, `(${printedType(type)})`)],
  [
    /^no such overload: (.*) (\S+) (.*)$/,
    (left, operator, right) => {
      const name = operator === 'in' ? '@in' : `_${operator}_`
      return noOverload(name, `(${printedType(left)}, ${printedType(right)})`)
    },
  ],
  [
    /^found no matching overload for '(?:([^(]*)\.)?(\w+)\((.*)\)'$/,
    (receiver, name, types) => {
      const values = `(${printedType(types)})`
      const owner = /^(\w+)Functions$/.exec(receiver)?.[1]?.toLowerCase()
      if (owner !== undefined) return noOverload(`${owner}.${name}`, values)
      return noOverload(name, receiver === '' ? values : `${printedType(receiver)}.${values}`)
    },
  ],
  [
    /^(?:Logical operator requires bool operands|Ternary condition must be bool), got '(.*)'$/,
    (type) => `expected type 'bool' but found '${printedType(type)}'`,
  ],
  [
    /^Ternary branches must have the same type, got '(.*)' and '(.*)'$/,
    (one, other) => noOverload('_?_:_', `(bool, ${printedType(one)}, ${printedType(other)})`),
  ],
  [
    /^(?:List elements must have the same type|Map (?:key|value) uses wrong type), expected type '(.*)' but found '(.*)'$/,
    (wanted, found) => `expected type '${printedType(wanted)}' but found '${printedType(found)}'`,
  ],
]

function inOtherWords(summary: string): string {
  for (const [form, text] of WORDS) {
    const found = form.exec(summary)
    // An absent group is empty.
    if (found !== null) return text(...Array.from(found.slice(1), (group: string | undefined) => group ?? ''))
  }
  return summary
}
