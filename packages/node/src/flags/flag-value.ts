import type { ConfigurationProblem, KubernetesVersion } from '@kube-authn/core'
import { quoted, readDuration } from '@kube-authn/core/internal'
import { DEFAULT_KUBERNETES_VERSION, KUBERNETES_VERSIONS } from '@kube-authn/internal/kubernetes-version'
import { type FlagKind, type KnownFlag, shownFlag } from './known-flags.ts'

/** A parsed command line. The last value of a repeated flag counts, but for lists. */
export interface ParsedFlags {
  /** The values of each flag, in order, under its current name. */
  readonly given: ReadonlyMap<string, readonly string[]>
  readonly problems: readonly ConfigurationProblem[]
  /** Unrelated flags. */
  readonly ignored: readonly string[]
  /** Whether one of the flags is set, even if to its default. */
  readonly isGiven: (...names: readonly string[]) => boolean
  /** The value of a string flag; empty if it is not set and has no default. */
  readonly string: (name: string) => string
  /** Likewise; `undefined` if empty. */
  readonly optional: (name: string) => string | undefined
  readonly boolean: (name: string) => boolean
  readonly number: (name: string) => number
  /** The value of a duration flag. */
  readonly seconds: (name: string) => number
  /** The elements of a list flag: of all its occurrences, split at commas where pflag does. */
  readonly list: (name: string) => readonly string[]
  /** Likewise; `undefined` if empty. */
  readonly optionalList: (name: string) => readonly string[] | undefined
  /** The value of a review version flag. */
  readonly version: (name: string) => 'v1' | 'v1beta1'
  /** The release of `--emulated-version` (KEP-4330). */
  readonly release: () => KubernetesVersion
}

/** Reads the values of flags, which are valid, and the defaults in a table. */
export function parsedFlags(
  parsed: Pick<ParsedFlags, 'given' | 'problems' | 'ignored'>,
  table: ReadonlyMap<string, KnownFlag>,
): ParsedFlags {
  const { given } = parsed
  const string = (name: string): string => {
    const value = given.get(name)?.at(-1) ?? table.get(name)?.default
    return typeof value === 'string' ? value : ''
  }
  const list = (name: string): readonly string[] => {
    const { kind, default: byDefault = [] } = table.get(name) ?? {}
    const values = given.get(name)
    if (values === undefined) return typeof byDefault === 'object' ? byDefault : []
    if (kind === 'gates') return values.flatMap(gatesIn)
    return kind === 'slice' ? values.flatMap((value) => readSlice(value) ?? []) : values
  }
  return {
    ...parsed,
    string,
    list,
    isGiven: (...names) => names.some((name) => given.has(name)),
    optional: (name) => (string(name) === '' ? undefined : string(name)),
    optionalList: (name) => (list(name).length === 0 ? undefined : list(name)),
    boolean(name) {
      const text = given.get(name)?.at(-1)
      return (text === undefined ? table.get(name)?.default : readBoolean(text)) === true
    },
    number(name) {
      const text = string(name)
      const reading = table.get(name)?.kind === 'wholeNumber' ? readInteger(text) : Number(text)
      return typeof reading === 'number' ? reading : 0
    },
    seconds(name) {
      const reading = readDuration(string(name))
      return 'seconds' in reading ? reading.seconds : 0
    },
    version: (name) => (string(name) === 'v1' ? 'v1' : 'v1beta1'),
    release: () => releaseIn(string('emulated-version')) ?? DEFAULT_KUBERNETES_VERSION,
  }
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false] as const),
])

/**
 * Parses a boolean as Go does; `undefined` if it is invalid.
 *
 * Source: Go `strconv.ParseBool`.
 */
export function readBoolean(text: string): boolean | undefined {
  return BOOLEANS.get(text)
}

/**
 * Why a flag cannot have this value, in pflag's words. A value that might be a secret is not shown.
 *
 * Source: pflag `flag.go`, component-base `cli/flag/map_string_string.go`.
 */
export function problemOfValue(name: string, kind: FlagKind, value: string): string | undefined {
  const invalid = (reason: string, shown: string): string =>
    `invalid argument ${shown} for "--${name}" flag: ${reason}`
  if (kind === 'boolean' && readBoolean(value) === undefined) {
    return invalid(`strconv.ParseBool: parsing ${shownValue(value)}: invalid syntax`, shownValue(value))
  }
  if (kind === 'duration') {
    const reading = isHidden(value) ? { problem: 'time: invalid duration' } : readDuration(value)
    return 'problem' in reading ? invalid(reading.problem, shownValue(value)) : undefined
  }
  if (kind === 'wholeNumber') {
    const reading = readInteger(value)
    return typeof reading === 'number'
      ? undefined
      : invalid(`strconv.ParseInt: parsing ${shownValue(value)}: ${reading.problem}`, shownValue(value))
  }
  if (kind === 'number' && !/^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(value)) {
    return invalid(`strconv.ParseFloat: parsing ${shownValue(value)}: invalid syntax`, shownValue(value))
  }
  if (kind === 'version' && !['v1', 'v1beta1'].includes(value)) {
    return `invalid argument for "--${name}" flag: must be v1 or v1beta1`
  }
  if (kind === 'release' && releaseIn(value) === undefined) {
    return `invalid argument for "--${name}" flag: must be one of ${KUBERNETES_VERSIONS.join(', ')}`
  }
  if (kind === 'slice' && readSlice(value) === undefined) {
    return `invalid argument for "--${name}" flag: parse error on line 1: bare or unfinished quotes`
  }
  if (kind === 'gates') return problemOfGates(name, value)
  if (kind === 'pairs' && !value.includes('=')) {
    return `invalid argument for "--${name}" flag: malformed pair, expect string=string`
  }
  return undefined
}

/** Source: component-base `compatibility/registry.go`. */
function releaseIn(text: string): KubernetesVersion | undefined {
  return KUBERNETES_VERSIONS.find((version) => version === text.replace(/^kube=/, ''))
}

/** Source: component-base `cli/flag/map_string_bool.go`, `featuregate/feature_gate.go` Set. */
function problemOfGates(name: string, value: string): string | undefined {
  for (const gate of value.split(',')) {
    if (gate === '') continue
    const [key = '', ...rest] = gate.split('=')
    const shown = shownFlag(key.trim())
    if (rest.length === 0) return `invalid argument for "--${name}" flag: missing bool value for ${shown}`
    if (readBoolean(rest.join('=').trim()) === undefined) {
      const parsing = `strconv.ParseBool: parsing ${shownValue(rest.join('=').trim())}: invalid syntax`
      return `invalid argument for "--${name}" flag: invalid value of ${shown}, err: ${parsing}`
    }
  }
  return undefined
}

const MAX_SHOWN = 64

function shownValue(value: string): string {
  return isHidden(value) ? '"..."' : quoted(value)
}

/** What is longer or has several lines may be the content of a file, and is not shown. */
function isHidden(value: string): boolean {
  return value.length > MAX_SHOWN || /[\r\n]/.test(value)
}

/**
 * The elements of a comma-separated list: a CSV record, as pflag reads it. An empty string has no elements.
 *
 * Source: pflag `string_slice.go`, Go `encoding/csv`.
 *
 * @returns `undefined` if quotes are invalid.
 */
export function readSlice(text: string): readonly string[] | undefined {
  if (text === '') return []
  if (!text.includes('"')) return text.split(',')
  const elements: string[] = []
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y
  for (;;) {
    const [all, inQuotes, plain = '', end = ''] = field.exec(text) ?? []
    if (all === undefined) return undefined
    elements.push(inQuotes?.replaceAll('""', '"') ?? plain)
    if (end === '') return elements
  }
}

/**
 * Reads a whole number of a flag as Go does, in the base that its prefix names: `0x`, `0o` or `0`, `0b`, else 10. Digits may be separated by
 * underscores, also after a prefix.
 *
 * Source: Go `strconv.ParseInt` with base 0 and 64 bits.
 *
 * Deviation: numbers beyond 2^53 - 1 are out of range (`docs/deviations.md`, numbers of flags).
 *
 * @returns the number, or why it is none.
 */
export function readInteger(text: string): number | { readonly problem: string } {
  const [, sign = '', digits = ''] = /^([+-]?)(.*)$/s.exec(text) ?? []
  const base = BASES.find(({ pattern }) => pattern.test(digits))
  if (base === undefined) return { problem: 'invalid syntax' }
  const plain = digits.replaceAll('_', '').replace(/^0[xob]?(?=.)/i, '')
  const number = Number(base.prefix === '' ? plain : `${base.prefix}${plain}`)
  if (number > Number.MAX_SAFE_INTEGER) return { problem: 'value out of range' }
  return sign === '-' && number !== 0 ? -number : number
}

/** The digits of each base. An underscore stands between two digits, or between a prefix and a digit. */
const BASES: readonly { readonly prefix: string; readonly pattern: RegExp }[] = [
  { prefix: '', pattern: /^(?:0|[1-9](?:_?\d)*)$/ },
  { prefix: '0x', pattern: /^0x(?:_?[\da-f])+$/i },
  { prefix: '0b', pattern: /^0b(?:_?[01])+$/i },
  { prefix: '0o', pattern: /^0(?:o_?|_)?[0-7](?:_?[0-7])*$/i },
]

/** The gates of a valid value, each as `Name=true` or `Name=false`. */
function gatesIn(value: string): readonly string[] {
  return value.split(',').flatMap((gate) => {
    const [name = '', ...rest] = gate.split('=')
    return gate === '' ? [] : [`${name.trim()}=${readBoolean(rest.join('=').trim()) === true}`]
  })
}
