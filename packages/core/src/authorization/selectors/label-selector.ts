import { byCodeUnits } from '../../internal/compare.ts'
import { labelValueProblems, qualifiedNameProblems } from '@kube-authn/internal/kubernetes-names'
import type { Selector, SelectorRequirement } from './selector.ts'
import { tooLong, unreadable } from './unreadable.ts'

/**
 * Parses a label selector such as `app=web,tier in (front,back),!canary`. Requirements are sorted by key.
 *
 * Source: apimachinery `pkg/labels/selector.go`.
 */
export function parseLabelSelector(text: string): Selector {
  const refused = tooLong(text)
  if (refused !== undefined) return unreadable(refused)
  try {
    return { requirements: new Parser(labelTokens(text)).requirements() }
  } catch (error) {
    if (error instanceof SelectorSyntaxError)
      return unreadable(`unable to parse requirement: ${error.message}`)
    throw error
  }
}

class SelectorSyntaxError extends Error {}

const OPERATORS: ReadonlyMap<string, SelectorRequirement['operator']> = new Map([
  ['in', 'In'],
  ['notin', 'NotIn'],
  ['=', 'In'],
  ['==', 'In'],
  ['!=', 'NotIn'],
  ['>', 'Gt'],
  ['<', 'Lt'],
])

class Parser {
  readonly #tokens: readonly LabelToken[]
  #position = 0

  constructor(tokens: readonly LabelToken[]) {
    this.#tokens = tokens
  }

  requirements(): readonly SelectorRequirement[] {
    const requirements: SelectorRequirement[] = []
    if (this.#next.kind === 'end') return requirements
    for (;;) {
      requirements.push(this.#requirement())
      const separator = this.#take()
      if (separator.kind === 'end') break
      if (separator.text !== ',') throw expected(separator, "',' or 'end of string'")
    }
    return requirements.toSorted((a, b) => byCodeUnits(a.key, b.key))
  }

  get #next(): LabelToken {
    return this.#tokens[this.#position] ?? END
  }

  #take(): LabelToken {
    const token = this.#next
    this.#position++
    return token
  }

  #requirement(): SelectorRequirement {
    const negated = this.#next.text === '!'
    if (negated) this.#take()
    const key = this.#word()
    const problem = qualifiedNameProblems(key)[0]
    if (problem !== undefined) throw new SelectorSyntaxError(problem)
    const { kind, text } = this.#next
    if (kind === 'end' || text === ',') {
      return { key, operator: negated ? 'DoesNotExist' : 'Exists', values: [] }
    }
    if (negated) throw expected(this.#next, "',' or 'end of string'")
    const operator = OPERATORS.get(text)
    if (operator === undefined) throw expected(this.#next, 'in, notin, =, ==, !=, gt, lt')
    this.#take()
    const values = text === 'in' || text === 'notin' ? this.#valueList() : [this.#exactValue()]
    return { key, operator, values: checked(values, operator) }
  }

  /** A word; `in` and `notin` are words too if no operator can occur here. */
  #word(): string {
    const token = this.#take()
    if (token.kind === 'word' || token.text === 'in' || token.text === 'notin') return token.text
    throw expected(token, 'identifier')
  }

  #exactValue(): string {
    const { kind, text } = this.#next
    return kind === 'end' || text === ',' ? '' : this.#word()
  }

  /** Values in parentheses. Two adjacent commas, or empty parentheses, contain an empty value. */
  #valueList(): readonly string[] {
    const open = this.#take()
    if (open.text !== '(') throw expected(open, "'('")
    const values = new Set<string>()
    let afterWord = false
    for (;;) {
      const { text } = this.#next
      if (text === ')' || text === ',') {
        this.#take()
        if (!afterWord) values.add('')
        afterWord = false
        if (text === ')') return [...values].toSorted()
      } else {
        if (afterWord) throw expected(this.#next, "',' or ')'")
        values.add(this.#word())
        afterWord = true
      }
    }
  }
}

function checked(values: readonly string[], operator: SelectorRequirement['operator']): readonly string[] {
  for (const value of values) {
    const problem = labelValueProblems(value)[0]
    if (problem !== undefined) throw new SelectorSyntaxError(problem)
    if ((operator === 'Gt' || operator === 'Lt') && !isInt64(value)) {
      throw new SelectorSyntaxError("for 'Gt', 'Lt' operators, the value must be an integer")
    }
  }
  return values
}

function expected(found: LabelToken, what: string): SelectorSyntaxError {
  return new SelectorSyntaxError(`found '${found.text}', expected: ${what}`)
}

/** A token of a label selector. `in` and `notin` are of kind `operator`, but may be words if a value is expected. */
interface LabelToken {
  readonly kind: 'word' | 'operator' | 'end'
  readonly text: string
}

const END: LabelToken = Object.freeze({ kind: 'end', text: '' })

/** After white space a symbol, of which some are pairs, or a word, which a NUL may end. */
const TOKEN = /[ \t\r\n]*(?:(==|!=|[=!(),<>])|([^\0=!(),<> \t\r\n]+)\0?)/gy

/**
 * The tokens of a label selector. A NUL at the beginning of a token ends the selector.
 *
 * Source: apimachinery `pkg/labels/selector.go`.
 */
function labelTokens(text: string): readonly LabelToken[] {
  return Array.from(text.matchAll(TOKEN), ([, symbol, word = '']) => {
    const isOperator = symbol !== undefined || word === 'in' || word === 'notin'
    return { kind: isOperator ? 'operator' : 'word', text: symbol ?? word }
  })
}

const MAX = 2n ** 63n - 1n
const MIN = -(2n ** 63n)

/** Whether Go's `strconv.ParseInt(text, 10, 64)` accepts the string. */
export function isInt64(text: string): boolean {
  if (text.length > 4096 || !/^[+-]?[0-9]+$/.test(text)) return false
  const value = BigInt(text)
  return value >= MIN && value <= MAX
}
