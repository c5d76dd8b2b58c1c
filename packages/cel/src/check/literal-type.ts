import type { LiteralValue } from '../syntax/ast.ts'
import { Uint } from '../values/uint.ts'
import { BOOL, BYTES, DOUBLE, INT, NULL, STRING, type Type, UINT } from './types.ts'

/** The type of a literal. */
export function literalType(value: LiteralValue): Type {
  switch (typeof value) {
    case 'string':
      return STRING
    case 'number':
      return DOUBLE
    case 'bigint':
      return INT
    case 'boolean':
      return BOOL
    default:
      return value === null ? NULL : value instanceof Uint ? UINT : BYTES
  }
}
