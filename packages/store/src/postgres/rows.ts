import type { StoreChange, StoredObject } from '../object-store.ts'
import type { StoreState } from '../revisions.ts'
import { StoreError } from '../store-error.ts'
import type { Row } from './database.ts'

/** When there is something to delete. */
export interface NextExpiry {
  /** The time that counts: as a rule that of the database. */
  readonly nowMs: number
  /** When the next object expires; absent if none does. */
  readonly nextMs?: number
}

/** @throws {StoreError} `storeCorrupted` if it is another type, as is every function here. */
export function stringIn(row: Row, name: string): string {
  const value = row[name]
  return typeof value === 'string' ? value : refuse()
}

export function numberIn(row: Row, name: string): number {
  return optionalNumberIn(row, name) ?? refuse()
}

/** `undefined` if it is `NULL`. */
export function optionalNumberIn(row: Row, name: string): number | undefined {
  const value = row[name]
  if (value === null || value === undefined) return undefined
  return typeof value === 'number' ? value : refuse()
}

/** The state that each row of a reading statement has. */
export function stateIn(row: Row | undefined): StoreState {
  if (row === undefined) return refuse()
  return { revision: numberIn(row, 'last'), compactedRevision: numberIn(row, 'compacted') }
}

export function dueIn(row: Row | undefined): NextExpiry {
  if (row === undefined) return refuse()
  const nextMs = optionalNumberIn(row, 'next')
  return { nowMs: numberIn(row, 'now'), ...(nextMs !== undefined && { nextMs }) }
}

export function objectIn(row: Row): StoredObject {
  const expiresAtMs = optionalNumberIn(row, 'expires')
  return {
    key: stringIn(row, 'key'),
    value: stringIn(row, 'value'),
    revision: numberIn(row, 'revision'),
    createdRevision: numberIn(row, 'created'),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
  }
}

export function changeIn(row: Row): StoreChange {
  const { type, previous } = row
  return {
    ...objectIn(row),
    type: type === 'created' || type === 'updated' || type === 'deleted' ? type : refuse(),
    ...(typeof previous === 'string' && { previous }),
  }
}

function refuse(): never {
  throw new StoreError('storeCorrupted', 'PostgreSQL has tables that kube-authn did not make')
}
