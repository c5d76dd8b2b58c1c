import { fn, type Library, method } from '../check/declarations.ts'
import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  listType,
  mapType,
  NULL,
  STRING,
  TIMESTAMP,
  TYPE,
  UINT,
} from '../check/types.ts'
import type { Meter } from '../evaluate/meter.ts'
import type { Value } from '../values/value.ts'
import { characterCount } from '../values/text-size.ts'
import { sizeOf, traversal } from './costs.ts'

/**
 * The types of the language, `size`, `startsWith` and `endsWith`.
 *
 * Source: cel-go `common/stdlib/standard.go`.
 */
export function standard(meter: Meter): Library {
  const length = (text: string): bigint => {
    meter.spend(text.length / 1000)
    return BigInt(characterCount(text))
  }
  const size = (value: Value): bigint => BigInt(sizeOf(value))
  const paidFor = (text: string, part: string): string => {
    meter.spend(Math.min(text.length, part.length) / 40)
    return text
  }
  return {
    types: [
      BOOL,
      BYTES,
      DOUBLE,
      DURATION,
      INT,
      listType(DYN),
      mapType(DYN, DYN),
      NULL,
      STRING,
      TIMESTAMP,
      TYPE,
      UINT,
    ],
    functions: [
      fn('size(string): int', length),
      method('string.size(): int', length),
      ...['bytes', 'list(A)', 'map(A, B)'].flatMap((type) => [
        fn(`size(${type}): int`, size),
        method(`${type}.size(): int`, size),
      ]),
      method(
        'string.startsWith(string): bool',
        (text: string, part: string) => paidFor(text, part).startsWith(part),
        traversal,
      ),
      method(
        'string.endsWith(string): bool',
        (text: string, part: string) => paidFor(text, part).endsWith(part),
        traversal,
      ),
    ],
  }
}
