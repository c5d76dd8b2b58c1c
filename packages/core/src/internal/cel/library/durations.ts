import type { Environment } from '@marcbachmann/cel-js'
import type { Duration } from '@marcbachmann/cel-js/evaluator'
import { registrar } from '../engine.ts'
import { MAX_INT } from '../values/numbers.ts'
import { durationOf, nanosecondsOf } from '../values/times.ts'
import { conversionError } from './conversions.ts'

const TYPE = 'google.protobuf.Duration'

/**
 * Registers duration functions under capitalised names. The parser of cel-js takes cubic time to reject an invalid string.
 *
 * Source: cel-go `common/types/duration.go`; Go `time.ParseDuration`.
 */
export function registerDurations(environment: Environment): void {
  const register = registrar(environment)
  register(`Duration(${TYPE}): ${TYPE}`, (value: Duration) => value)
  register(`Duration(string): ${TYPE}`, (text: string) => durationOf(parsed(text)))
  register(`String(${TYPE}): string`, printedDuration)
  register(`Int(${TYPE}): int`, nanosecondsOf)
  register(`${TYPE}.GetHours(): int`, (value: Duration) => nanosecondsOf(value) / UNITS.h)
  register(`${TYPE}.GetMinutes(): int`, (value: Duration) => nanosecondsOf(value) / UNITS.m)
  register(`${TYPE}.GetSeconds(): int`, (value: Duration) => nanosecondsOf(value) / UNITS.s)
  register(`${TYPE}.GetMilliseconds(): int`, (value: Duration) => nanosecondsOf(value) / UNITS.ms)
}

const UNITS = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ns: 1n,
} as const
const UNIT_OF: ReadonlyMap<string, bigint> = new Map(Object.entries(UNITS))

/** Longer than any duration that fits into 64 bits of nanoseconds, with all units and significant digits. */
const MAX_LENGTH = 128

function parsed(text: string): bigint {
  const [, sign, terms = ''] = (text.length > MAX_LENGTH ? null : /^([+-]?)(.+)$/.exec(text)) ?? []
  if (terms === '0') return 0n
  let rest = terms
  let total = 0n
  while (rest !== '') {
    const [term = '', whole = '', fraction = '', unit = ''] =
      /^(\d*)(?:\.(\d*))?(h|ms|m|s|us|µs|μs|ns)/.exec(rest) ?? []
    const nanoseconds = UNIT_OF.get(unit)
    if (nanoseconds === undefined || whole + fraction === '') throw conversionError(TYPE)
    total += (BigInt(whole + fraction) * nanoseconds) / 10n ** BigInt(fraction.length)
    rest = rest.slice(term.length)
  }
  if (terms === '' || total > MAX_INT) throw conversionError(TYPE)
  return sign === '-' ? -total : total
}

/** Formats in seconds, such as `-1.5s`. */
export function printedDuration(value: Duration): string {
  const nanoseconds = nanosecondsOf(value)
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds
  const fraction = String(size % UNITS.s)
    .padStart(9, '0')
    .replace(/0+$/, '')
  return `${nanoseconds < 0n ? '-' : ''}${size / UNITS.s}${fraction === '' ? '' : `.${fraction}`}s`
}
