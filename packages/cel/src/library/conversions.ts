import { fn, type Library } from '../check/declarations.ts'
import { fail, type Meter } from '../evaluate/evaluation.ts'
import {
  checkedInt,
  checkedUint,
  MAX_INT,
  MAX_UINT,
  MIN_INT,
  TypeValue,
  Uint,
  type Value,
} from '../values/value.ts'
import { typeName } from '../values/runtime-type.ts'
import { traversal } from './costs.ts'
import { parsedDouble, printedDouble } from './number-text.ts'

/** The types that can be converted to themselves. */
const UNCHANGED = 'bool bytes double duration int string timestamp uint'.split(' ')
const INT_LIMIT = 2 ** 63
const UINT_LIMIT = 2 ** 64

/**
 * The conversions between simple types, `dyn` and `type`.
 *
 * Source: cel-go `common/types`; Go `strconv`.
 */
export function conversions(meter: Meter): Library {
  const bytesOf = (text: string): Uint8Array => {
    meter.spend(text.length / 10)
    return encoder.encode(text)
  }
  const textOf = (bytes: Uint8Array): string => {
    meter.spend(bytes.length / 10)
    return printedBytes(bytes)
  }
  return {
    functions: [
      ...UNCHANGED.map((type) => fn(`${type}(${type}): ${type}`, (value: Value) => value)),
      fn('bool(string): bool', parsedBool),
      fn('bytes(string): bytes', bytesOf, traversal),
      fn('double(int): double', (value: bigint) => Number(value)),
      fn('double(string): double', (text: string) => {
        meter.spend(Math.min(text.length, 1024) / 4)
        return parsedDouble(text) ?? conversionError('double')
      }),
      fn('double(uint): double', ({ value }: Uint) => Number(value)),
      fn('dyn(A): dyn', (value: Value) => value),
      fn('int(double): int', (value: number) =>
        value > -INT_LIMIT && value < INT_LIMIT ? BigInt(Math.trunc(value)) : fail('integer overflow'),
      ),
      fn('int(string): int', (text: string) => decimal(text, /^[+-]?\d+$/, MIN_INT, MAX_INT, 'int')),
      fn('int(uint): int', ({ value }: Uint) => checkedInt(value)),
      fn('string(bool): string', (value: boolean) => String(value)),
      fn('string(bytes): string', textOf, traversal),
      fn('string(double): string', printedDouble),
      fn('string(int): string', (value: bigint) => String(value)),
      fn('string(uint): string', ({ value }: Uint) => String(value)),
      fn('type(A): type(A)', (value: Value) => new TypeValue(typeName(value))),
      fn('uint(double): uint', (value: number) =>
        value >= 0 && value < UINT_LIMIT
          ? new Uint(BigInt(Math.trunc(value)))
          : fail('unsigned integer overflow'),
      ),
      fn('uint(int): uint', (value: bigint) => checkedUint(value)),
      fn('uint(string): uint', (text: string) => new Uint(decimal(text, /^\d+$/, 0n, MAX_UINT, 'uint'))),
    ],
  }
}

export function conversionError(type: string): never {
  // Deviation: the string is not repeated, since it may come from a claim (`docs/deviations.md`, CEL errors).
  return fail(`type conversion error from 'string' to '${type}'`)
}

const encoder = new TextEncoder()
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export function printedBytes(value: Uint8Array): string {
  try {
    return utf8.decode(value)
  } catch {
    fail('invalid UTF-8 in bytes, cannot convert to string')
  }
}

function parsedBool(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false
  return conversionError('bool')
}

function decimal(text: string, form: RegExp, min: bigint, max: bigint, type: string): bigint {
  if (text.length > 64 || !form.test(text)) return conversionError(type)
  const value = BigInt(text.replace(/^\+/, ''))
  if (value < min || value > max) return conversionError(type)
  return value
}
