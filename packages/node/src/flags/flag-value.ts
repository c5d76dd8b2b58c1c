import { quoted, readDuration } from '@kube-authn/core/internal'
import type { FlagKind } from './known-flags.ts'
import { readSlice } from './string-slice.ts'

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
    return invalid(`strconv.ParseBool: parsing ${quoted(value)}: invalid syntax`, quoted(value))
  }
  if (kind === 'duration') {
    const reading = readDuration(value)
    return 'problem' in reading ? invalid(reading.problem, quoted(value)) : undefined
  }
  if (kind === 'wholeNumber' && !/^[+-]?\d{1,15}$/.test(value)) {
    return invalid(`strconv.ParseInt: parsing ${quoted(value)}: invalid syntax`, quoted(value))
  }
  if (kind === 'number' && !/^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(value)) {
    return invalid(`strconv.ParseFloat: parsing ${quoted(value)}: invalid syntax`, quoted(value))
  }
  if (kind === 'version' && !['v1', 'v1beta1'].includes(value)) {
    return `invalid argument for "--${name}" flag: must be v1 or v1beta1`
  }
  if (kind === 'slice' && readSlice(value) === undefined) {
    return `invalid argument for "--${name}" flag: parse error on line 1: bare or unfinished quotes`
  }
  if (kind === 'pairs' && !value.includes('=')) {
    return `invalid argument for "--${name}" flag: malformed pair, expect string=string`
  }
  return undefined
}
