import { readFileSync } from 'node:fs'
import type { Random } from '../../../fuzz/lib/random.mjs'
import { CLAIMS, USERS } from './inputs.ts'

/** An expression, and the name of what it is evaluated over. */
export interface CelQuestion {
  readonly var: 'claims' | 'user'
  readonly input: string
  readonly expr: string
}

/** The claims or the user of a question. */
export function inputOf({ var: variable, input }: CelQuestion): Readonly<Record<string, unknown>> {
  return (variable === 'user' ? USERS : CLAIMS)[input] ?? {}
}

/** Lines of `cel/grammar.txt` by type. */
const grammar: ReadonlyMap<string, readonly string[]> = new Map(
  readFileSync(new URL('../../cel/grammar.txt', import.meta.url), 'utf8')
    .split('\n\n')
    .slice(1)
    .map((text) => {
      const [heading = '', ...lines] = text.trim().split('\n')
      return [heading.slice(0, -1), lines] as const
    }),
)
const NO_VALUES = new Set(['pattern', 'written', 'zone'])
const TYPES = [...grammar.keys()].filter((name) => !NO_VALUES.has(name))
const PART = /~|\{([a-z]+)\}/g
const VARIABLES = ['x', 'y', 'k', 'v', 'e']
const MOST_CHARACTERS = 500
const USER_FIELDS = ['username', 'uid', 'groups', 'groups', 'extra', 'extra.scopes', '?extra', 'gone']
const TOKEN = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[A-Za-z_]\w*|\d+(?:\.\d+)?u?|\s+|[^\s\w]/g
const STRAY =
  '. ? ( ) [ ] { } - ! , == && in null 0 1u 1.5 "a" x .? __proto__ package \u00e9 1e400 // |'.split(' ')

/** A random expression: mostly well typed, sometimes with a part of another type or a token too many. */
export function celQuestion(random: Random): CelQuestion {
  const variable = random.oneIn(6) ? 'user' : 'claims'
  const made = random.oneIn(8)
    ? changed(lineOf('written', random), random)
    : expressionOf(random.pick(TYPES), 1 + random.below(3), random, [])
  const expr = (random.oneIn(10) ? changed(made, random) : made).replaceAll(
    /\bclaims(?:\.\??\w+|\[[^\]]*\])?/g,
    (path) => (variable === 'user' ? `user.${random.pick(USER_FIELDS)}` : path),
  )
  if (expr.length > MOST_CHARACTERS) return celQuestion(random)
  return { var: variable, input: random.pick(Object.keys(variable === 'user' ? USERS : CLAIMS)), expr }
}

/** @param depth how many forms may be inside of each other. @param variables that it may use. */
function expressionOf(type: string, depth: number, random: Random, variables: readonly string[]): string {
  if (variables.length > 0 && random.oneIn(3)) return random.pick(variables)
  const known = [...variables]
  return lineOf(type, random, depth === 0).replaceAll(PART, (_, part?: string) => {
    if (part === undefined) {
      const name = VARIABLES[known.length] ?? 'w'
      known.push(name)
      return name
    }
    if (part === 'any' || random.oneIn(25)) return expressionOf(random.pick(TYPES), depth - 1, random, known)
    return expressionOf(NO_VALUES.has(part) || !random.oneIn(8) ? part : 'dyn', depth - 1, random, known)
  })
}

function lineOf(type: string, random: Random, isLeaf = false): string {
  const lines = grammar.get(type) ?? []
  const leaves = lines.filter((line) => line.search(PART) === -1)
  return random
    .pick(isLeaf || lines.length === leaves.length ? leaves : lines)
    .replaceAll(/\$\(((?:[^()]|\([^()]*\))*)\)/g, (_, words: string) => random.pick(words.split('|')))
}

/** The same with a token that is left out, doubled, or another one. */
function changed(expr: string, random: Random): string {
  const tokens = expr.match(TOKEN) ?? [expr]
  const at = random.below(tokens.length)
  const token = tokens[at] ?? ''
  return tokens
    .toSpliced(at, 1, ...random.pick([[], [token, token], [random.pick(STRAY)], [token, random.pick(STRAY)]]))
    .join('')
}
