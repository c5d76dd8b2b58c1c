import { readBoolean, readInteger, readSlice } from './flag-value.ts'
import { readDuration } from '@kube-authn/core/internal'
import type { ParsedFlags } from './parse-flags.ts'

/** Whether the flag is set, even if to its default. */
export function isGiven({ given }: ParsedFlags, ...names: readonly string[]): boolean {
  return names.some((name) => given.has(name))
}

/** The value of a string flag; empty if it is not set and has no default. The last one wins. */
export function stringOf({ given, table }: ParsedFlags, name: string): string {
  const value = given.get(name)?.at(-1) ?? table.get(name)?.default
  return typeof value === 'string' ? value : ''
}

/** Like {@link stringOf}; `undefined` if empty. */
export function optionalString(flags: ParsedFlags, name: string): string | undefined {
  const value = stringOf(flags, name)
  return value === '' ? undefined : value
}

/** The value of a boolean flag. The last one wins. */
export function booleanOf({ given, table }: ParsedFlags, name: string): boolean {
  const text = given.get(name)?.at(-1)
  const value = text === undefined ? table.get(name)?.default : readBoolean(text)
  return value === true
}

/** The value of a number flag. The last one wins. */
export function numberOf(flags: ParsedFlags, name: string): number {
  const text = stringOf(flags, name)
  const reading = flags.table.get(name)?.kind === 'wholeNumber' ? readInteger(text) : Number(text)
  return typeof reading === 'number' ? reading : 0
}

/** The value of a duration flag, in seconds. The last one wins. */
export function secondsOf(flags: ParsedFlags, name: string): number {
  const reading = readDuration(stringOf(flags, name))
  return 'seconds' in reading ? reading.seconds : 0
}

/** The elements of a list flag: of all its occurrences, split at commas where pflag does. */
export function listOf({ given, table }: ParsedFlags, name: string): readonly string[] {
  const { kind, default: otherwise = [] } = table.get(name) ?? {}
  const values = given.get(name)
  if (values === undefined) return typeof otherwise === 'object' ? otherwise : []
  if (kind === 'gates') return values.flatMap(gatesIn)
  return kind === 'slice' ? values.flatMap((value) => readSlice(value) ?? []) : values
}

/** The value of a review version flag. The last one wins. */
export function versionOf(flags: ParsedFlags, name: string): 'v1' | 'v1beta1' {
  return stringOf(flags, name) === 'v1' ? 'v1' : 'v1beta1'
}

/** The gates of a valid value, each as `Name=true` or `Name=false`. */
function gatesIn(value: string): readonly string[] {
  return value.split(',').flatMap((gate) => {
    const [name = '', ...rest] = gate.split('=')
    return gate === '' ? [] : [`${name.trim()}=${readBoolean(rest.join('=').trim()) === true}`]
  })
}
