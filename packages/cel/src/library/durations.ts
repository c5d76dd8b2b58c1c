import { fn, type Library, method } from '../check/declarations.ts'
import { DURATION } from '../check/types.ts'
import { fail, type Meter } from '../evaluate/evaluation.ts'
import { type Duration, durationOf, MAX_INT, MIN_INT } from '../values/value.ts'
import { conversionError } from './conversions.ts'
import { plainDigits } from './number-text.ts'

/**
 * The functions of durations.
 *
 * Source: cel-go `common/types/duration.go`; Go `time.ParseDuration`.
 */
export function durations(meter: Meter): Library {
  const whole = (name: string, unit: bigint) =>
    method(`duration.${name}(): int`, ({ nanoseconds }: Duration) => nanoseconds / unit)
  return {
    functions: [
      // Declared, but without a conversion.
      fn('duration(int): duration', () => fail(`type conversion error from 'int' to '${DURATION.name}'`)),
      fn('duration(string): duration', (text: string) => {
        meter.spend(Math.min(text.length, MAX_LENGTH))
        return durationOf(parsed(text))
      }),
      fn('string(duration): string', printedDuration),
      fn('int(duration): int', ({ nanoseconds }: Duration) => nanoseconds),
      whole('getHours', UNITS.h),
      whole('getMinutes', UNITS.m),
      whole('getSeconds', UNITS.s),
      whole('getMilliseconds', UNITS.ms),
    ],
  }
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
    if (nanoseconds === undefined || whole + fraction === '') return conversionError(DURATION.name)
    total += (BigInt(whole + fraction) * nanoseconds) / 10n ** BigInt(fraction.length)
    rest = rest.slice(term.length)
  }
  const value = sign === '-' ? -total : total
  return terms === '' || value > MAX_INT || value < MIN_INT ? conversionError(DURATION.name) : value
}

/** Formats in seconds, such as `-1.5s`. As in cel-go, they are a double: the nanoseconds of several months are rounded. */
export function printedDuration({ nanoseconds }: Duration): string {
  const seconds = Number(nanoseconds / UNITS.s) + Number(nanoseconds % UNITS.s) / 1e9
  return `${plainDigits(seconds)}s`
}
