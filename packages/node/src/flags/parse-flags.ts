import type { ConfigurationProblem } from '@kube-authn/core'
import { parsedFlags, type ParsedFlags, problemOfValue, readBoolean } from './flag-value.ts'
import {
  ALIASES,
  AUTHENTICATION_FLAGS,
  AUTHORIZATION_FLAGS,
  type KnownFlag,
  shownFlag,
} from './known-flags.ts'
import { nearestName } from '@kube-authn/core/internal'

/** The flags that a parser knows, and how it treats others. */
export interface FlagTable {
  readonly flags: ReadonlyMap<string, KnownFlag>
  /** The problem of an unknown flag; `undefined` if it may be an unrelated flag of kube-apiserver. The name has no dashes. */
  readonly unknown: (dashes: '-' | '--', name: string) => ConfigurationProblem | undefined
  /** The current names of flags, by their names in other releases. Default: those of authentication, authorization and audit. */
  readonly aliases?: Readonly<Record<string, string>>
}

/** Every flag of authentication and authorization, by its current name. */
export const FLAGS: ReadonlyMap<string, KnownFlag> = new Map(
  Object.entries({ ...AUTHENTICATION_FLAGS, ...AUTHORIZATION_FLAGS }),
)

/**
 * Parses a command line as pflag does: `--flag=value`, `--flag value`, `--boolean`; `_` in a name counts as `-`. Arguments before the first flag are
 * the program and are skipped. Unrelated flags of kube-apiserver are set aside with their values.
 *
 * Source: pflag `flag.go`, component-base `cli/flag/flags.go` WordSepNormalizeFunc.
 *
 * Deviation: an argument that starts with two dashes is not taken as the value of the flag before it (`docs/deviations.md`, flags).
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
    const { dashes, written, name, value } = partsOf(argument, table.aliases ?? ALIASES)
    const known = dashes === '--' ? table.flags.get(name) : undefined
    last = written
    if (known?.kind === 'boolean') {
      take(written, name, known, value ?? 'true')
      continue
    }
    // For an unrelated flag, the next argument is its value unless it looks like a flag.
    const isNextTaken = value === undefined && next !== undefined && isValue(next, known !== undefined)
    if (isNextTaken) at++
    const all = value ?? (isNextTaken ? next : undefined)
    if (known !== undefined) take(written, name, known, all)
    else if (dashes === '--' && Object.hasOwn(refused, name)) {
      problems.push({ path: written, message: refused[name] ?? '' })
    } else {
      const problem = table.unknown(dashes, name)
      if (problem === undefined) ignored.add(`${dashes}${shownFlag(name)}`)
      else problems.push(problem)
    }
  }
  return parsedFlags({ given, problems, ignored: [...ignored] }, table.flags)
}

interface FlagParts {
  readonly dashes: '-' | '--'
  /** As written, without the value. */
  readonly written: string
  /** The current name. */
  readonly name: string
  readonly value: string | undefined
}

function partsOf(argument: string, aliases: Readonly<Record<string, string>>): FlagParts {
  const dashes = argument.startsWith('--') ? '--' : '-'
  const end = argument.indexOf('=')
  const written = end === -1 ? argument : argument.slice(0, end)
  const plain = written.slice(dashes.length).replaceAll('_', '-')
  const name = Object.hasOwn(aliases, plain) ? (aliases[plain] ?? plain) : plain
  return { dashes, written, name, value: end === -1 ? undefined : argument.slice(end + 1) }
}

function isValue(text: string, isOfKnownFlag: boolean): boolean {
  if (isOfKnownFlag) return !text.startsWith('--')
  return !text.startsWith('-') || text === '-' || /^-[\d.]/.test(text)
}

/** The value may be a secret and is not shown. */
function strayProblem(argument: string, last: string | undefined): ConfigurationProblem {
  const path = last ?? 'argv'
  if (last !== undefined && readBoolean(argument) !== undefined) {
    return { path, message: `the value of a boolean flag must follow =, as in ${path}=${argument}` }
  }
  return { path, message: 'is followed by an argument that belongs to no flag' }
}

const NAMES: readonly string[] = [AUTHENTICATION_FLAGS, AUTHORIZATION_FLAGS, ALIASES].flatMap((flags) =>
  Object.keys(flags),
)

/** Prefixes of authentication and authorization flags. */
const FAMILY =
  /^(?:anonymous|api-audience|authentication|authorization|basic-auth|client-ca|enable-bootstrap|experimental-(?:bootstrap|keystone)|insecure-allow|keystone|oidc|request-?header|service-account|token-auth)/

/** The problem of an unknown flag; `undefined` if it may be an unrelated flag of kube-apiserver. @param name without dashes. */
export function unknownFlag(dashes: '-' | '--', name: string): ConfigurationProblem | undefined {
  if (dashes === '-') return shorthandProblem(name)
  const path = `--${shownFlag(name)}`
  if (name === '' || name.startsWith('-')) return { path, message: 'bad flag syntax' }
  // It is refused by the function for authentication, and ignored by the one for authorization.
  if (Object.hasOwn(REFUSED_FOR_AUTHENTICATION, name)) return undefined
  if (Object.hasOwn(REFUSED_FOR_AUTHORIZATION, name)) return undefined
  const nearest = nearestName(name, NAMES)
  if (!FAMILY.test(name) && (nearest === undefined || !isSlip(name, nearest))) return undefined
  return {
    path,
    message: nearest === undefined ? 'unknown flag' : `unknown flag, did you mean --${nearest}?`,
  }
}

/** kube-apiserver's only shorthand is `-v`. */
function shorthandProblem(name: string): ConfigurationProblem | undefined {
  if (/^v\d*$/.test(name)) return undefined
  const nearest = nearestName(name, NAMES)
  const advice = nearest === undefined ? 'flags start with two dashes' : `did you mean --${nearest}?`
  return { path: `-${shownFlag(name)}`, message: `unknown shorthand flag, ${advice}` }
}

/** Whether a name without our prefixes is likely a typo, and not a longer or shorter name of another flag. */
function isSlip(name: string, nearest: string): boolean {
  return Math.abs(name.length - nearest.length) <= 2
}

/** Unsupported flags, and what to do instead. */
export type RefusedFlags = Readonly<Record<string, string>>

const PRINTS = 'prints something and exits, so there is nothing to serve'

export const REFUSED_FOR_AUTHENTICATION: RefusedFlags = {
  help: PRINTS,
  'insecure-allow-any-token':
    'lets a client claim any identity, and was removed in Kubernetes 1.8: omit it, or configure tokens with --token-auth-file',
  version: PRINTS,
}

export const REFUSED_FOR_AUTHORIZATION: RefusedFlags = {
  'authorization-policy-file':
    'ABAC is not supported: convert the policies to roles, and use --authorization-mode=RBAC',
  'authorization-rbac-super-user':
    'was removed before RBAC was stable: the group system:masters may do everything',
  help: PRINTS,
  version: PRINTS,
}

/** Unsupported modes of `--authorization-mode`. */
export const REFUSED_MODES: RefusedFlags = {
  ABAC: 'the mode ABAC is not supported: convert the policies to roles, and use the mode RBAC',
  Node: 'the mode Node is not supported, as it needs the pods and nodes of a cluster: omit it, or delegate to the cluster with --authorization-kubeconfig',
}
