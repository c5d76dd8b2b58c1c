import { fn, type Implementation, type Library, method, shared } from '../check/declarations.ts'
import { DYN, listType, mapType, SIMPLE_TYPES } from '../check/types.ts'
import { type Meter, noSuchOverload } from '../evaluate/evaluation.ts'
import { isReceiver } from '../values/runtime-type.ts'
import { isList, MapValue } from '../values/value.ts'
import { sizeOf, traversal } from './costs.ts'

const SIZED = ['string', 'bytes', 'list(A)', 'map(A, B)']

/**
 * The types of the language, `size`, `startsWith` and `endsWith`.
 *
 * Source: cel-go `common/stdlib/standard.go`.
 */
export function standard(meter: Meter): Library {
  // As in cel-go, the value decides, and not its static type.
  const size: Implementation = (value = null) => {
    if (typeof value === 'string') meter.spend(value.length / 1000)
    const isSized =
      typeof value === 'string' ||
      value instanceof Uint8Array ||
      isList(value) ||
      // As in Kubernetes, the claims of a token have no size.
      (value instanceof MapValue && value.typeName === 'map')
    return isSized ? BigInt(sizeOf(value)) : noSuchOverload(isReceiver(value) ? '' : 'size')
  }
  const paidFor = (text: string, part: string): string => {
    meter.spend(Math.min(text.length, part.length) / 40)
    return text
  }
  return {
    types: [...SIMPLE_TYPES, listType(DYN), mapType(DYN, DYN)],
    functions: [
      ...SIZED.flatMap((type) => [
        ...shared(fn, [`size(${type}): int`], size),
        ...shared(method, [`${type}.size(): int`], size),
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
