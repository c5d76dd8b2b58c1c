import type { ConfigurationProblem } from '@kube-authn/core'
import { problemOfValue, readBoolean } from './flag-value.ts'
import { ALIASES, AUTHENTICATION_FLAGS, AUTHORIZATION_FLAGS, type KnownFlag } from './known-flags.ts'
import type { RefusedFlags } from './refused-flags.ts'
import { shownName, unknownFlag } from './unknown-flag.ts'

/** What a command line says. */
export interface ParsedFlags {
  /** The values that each flag was given, in order, under the name it has today. */
  readonly given: ReadonlyMap<string, readonly string[]>
  readonly problems: readonly ConfigurationProblem[]
  /** Flags that mean nothing here. */
  readonly ignored: readonly string[]
  /** What could be given. */
  readonly table: ReadonlyMap<string, KnownFlag>
}

/** Flags that mean something to who reads a command line, and what is wrong with another one. */
export interface FlagTable {
  readonly flags: ReadonlyMap<string, KnownFlag>
  /** Nothing where it can be a flag of a kube-apiserver that is about something else. The name is without dashes. */
  readonly unknown: (dashes: '-' | '--', name: string) => ConfigurationProblem | undefined
}

/** Every flag that means something for authentication or authorization, by the name it has today. */
export const FLAGS: ReadonlyMap<string, KnownFlag> = new Map(
  Object.entries({ ...AUTHENTICATION_FLAGS, ...AUTHORIZATION_FLAGS }),
)

/**
 * Reads a command line as pflag does: `--flag=value`, `--flag value`, `--boolean`; `_` in a name counts as `-`. What stands before the first
 * flag is the program, and is skipped. Flags of a kube-apiserver that mean nothing here are set aside with their values.
 *
 * Source: pflag `flag.go`, component-base `cli/flag/flags.go` WordSepNormalizeFunc.
 *
 * Deviation: what begins with two dashes is no value of the flag before it (`docs/deviations.md`, flags).
 */
export function parseFlags(
  argv: readonly string[],
  refused: RefusedFlags,
  table: FlagTable = { flags: FLAGS, unknown: unknownFlag },
): ParsedFlags {
  const given = new Map<string, string[]>()
  const problems: ConfigurationProblem[] = []
  const ignored = new Set<string>()
  const first = argv.findIndex((each) => each.startsWith('-'))
  const rest = first === -1 ? [] : argv.slice(first)
  let last: string | undefined

  const take = (path: string, name: string, { kind }: KnownFlag, value: string | undefined): void => {
    if (value === undefined) {
      problems.push({ path, message: `flag needs an argument: ${path}` })
      return
    }
    const problem = problemOfValue(name, kind, value)
    if (problem !== undefined) {
      problems.push({ path, message: problem })
      return
    }
    const values = given.get(name)
    if (values === undefined) given.set(name, [value])
    else values.push(value)
  }

  for (let at = 0; at < rest.length; at++) {
    const argument = rest[at] ?? ''
    const next = rest[at + 1]
    if (argument === '--') {
      if (next !== undefined) problems.push(strayProblem(next, last))
      break
    }
    if (!argument.startsWith('-') || argument === '-') {
      problems.push(strayProblem(argument, last))
      continue
    }
    const { dashes, written, name, value } = partsOf(argument)
    const known = dashes === '--' ? table.flags.get(name) : undefined
    last = written
    if (known?.kind === 'boolean') {
      take(written, name, known, value ?? 'true')
      continue
    }
    // Without a list of all flags there are, a value is what does not look like a flag.
    const isNextTaken = value === undefined && next !== undefined && isValue(next, known !== undefined)
    if (isNextTaken) at++
    const all = value ?? (isNextTaken ? next : undefined)
    if (known !== undefined) take(written, name, known, all)
    else if (dashes === '--' && Object.hasOwn(refused, name)) {
      problems.push({ path: written, message: refused[name] ?? '' })
    } else {
      const problem = table.unknown(dashes, name)
      if (problem === undefined) ignored.add(`${dashes}${shownName(name)}`)
      else problems.push(problem)
    }
  }
  return { given, problems, ignored: [...ignored], table: table.flags }
}

interface FlagParts {
  readonly dashes: '-' | '--'
  /** As it was written, without a value. */
  readonly written: string
  /** As it is called today. */
  readonly name: string
  readonly value: string | undefined
}

function partsOf(argument: string): FlagParts {
  const dashes = argument.startsWith('--') ? '--' : '-'
  const end = argument.indexOf('=')
  const written = end === -1 ? argument : argument.slice(0, end)
  const plain = written.slice(dashes.length).replaceAll('_', '-')
  const name = Object.hasOwn(ALIASES, plain) ? (ALIASES[plain] ?? plain) : plain
  return { dashes, written, name, value: end === -1 ? undefined : argument.slice(end + 1) }
}

function isValue(text: string, isOfKnownFlag: boolean): boolean {
  if (isOfKnownFlag) return !text.startsWith('--')
  return !text.startsWith('-') || text === '-' || /^-[\d.]/.test(text)
}

/** It may be a secret, and is not repeated. */
function strayProblem(argument: string, last: string | undefined): ConfigurationProblem {
  const path = last ?? 'argv'
  if (last !== undefined && readBoolean(argument) !== undefined) {
    return { path, message: `a boolean flag has its value behind =, as in ${path}=${argument}` }
  }
  return { path, message: 'is followed by an argument that belongs to no flag' }
}
