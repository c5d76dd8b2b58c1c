import { readBoolean } from './flag-value.ts'
import { readDuration } from '@kube-authn/core/field'
import type { ParsedFlags } from './parse-flags.ts'
import { readSlice } from './string-slice.ts'

/** Whether the flag stands on the command line, be it with its default. */
export function isGiven({ given }: ParsedFlags, ...names: readonly string[]): boolean {
  return names.some((name) => given.has(name))
}

/** A flag that is a string; empty where it is not given and has no default. The last one counts. */
export function stringOf({ given, table }: ParsedFlags, name: string): string {
  const value = given.get(name)?.at(-1) ?? table.get(name)?.default
  return typeof value === 'string' ? value : ''
}

/** The same; `undefined` where it is empty. */
export function optionalString(flags: ParsedFlags, name: string): string | undefined {
  const value = stringOf(flags, name)
  return value === '' ? undefined : value
}

/** A flag that is a boolean. The last one counts. */
export function booleanOf({ given, table }: ParsedFlags, name: string): boolean {
  const text = given.get(name)?.at(-1)
  const value = text === undefined ? table.get(name)?.default : readBoolean(text)
  return value === true
}

/** A flag that is a number. The last one counts. */
export function numberOf(flags: ParsedFlags, name: string): number {
  return Number(stringOf(flags, name))
}

/** A flag that is a duration, in seconds. The last one counts. */
export function secondsOf(flags: ParsedFlags, name: string): number {
  const reading = readDuration(stringOf(flags, name))
  return 'seconds' in reading ? reading.seconds : 0
}

/** A flag that is a list: with commas between elements where pflag splits it, and of all times it was given. */
export function listOf({ given, table }: ParsedFlags, name: string): readonly string[] {
  const { kind, default: otherwise = [] } = table.get(name) ?? {}
  const values = given.get(name)
  if (values === undefined) return typeof otherwise === 'object' ? otherwise : []
  return kind === 'slice' ? values.flatMap((value) => readSlice(value) ?? []) : values
}

/** A flag that is the version of a review. The last one counts. */
export function versionOf(flags: ParsedFlags, name: string): 'v1' | 'v1beta1' {
  return stringOf(flags, name) === 'v1' ? 'v1' : 'v1beta1'
}
