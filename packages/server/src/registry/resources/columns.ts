import { timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import type { KubeObject } from '../kube-object.ts'
import type { Column } from '../resource.ts'

/** What a cell without a value shows. */
export const NONE = '<none>'

/** The columns of every table. Source: kubernetes `pkg/printers/internalversion/printers.go`. */
export const NAME: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  cell: ({ metadata }) => metadata.name ?? '',
}

/** How long ago the object was created. */
export const AGE: Column = column('Age', ({ metadata }, nowMs) => ageOf(metadata.creationTimestamp, nowMs))

/** When the object was created. */
export const CREATED_AT: Column = {
  name: 'Created At',
  type: 'date',
  cell: ({ metadata }) => metadata.creationTimestamp ?? '<unknown>',
}

/** A column of strings. */
export function column(name: string, cell: Column['cell']): Column {
  return { name, type: 'string', cell }
}

/** A column that is only shown with `-o wide`. */
export function wide(name: string, cell: Column['cell']): Column {
  return { ...column(name, cell), priority: 1 }
}

/** The number of members of an object, or of elements of a list, in a field. */
export function countOf(object: KubeObject, field: string): number {
  const value = object[field]
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 365 * DAY

/** How long ago this was. */
export function ageOf(creationTimestamp: string | undefined, nowMs: number): string {
  const begin = timeOfRfc3339(creationTimestamp ?? '')
  return begin === undefined ? '<unknown>' : durationOf(nowMs - begin)
}

/**
 * A duration as in `5m`, `3h25m` or `12d`: exact while it is short, and rounded when it is long.
 *
 * Source: apimachinery `pkg/util/duration/duration.go` HumanDuration.
 */
export function durationOf(exactMs: number): string {
  const ms = Math.floor(exactMs / SECOND) * SECOND
  if (ms < -SECOND) return '<invalid>'
  if (ms < 0) return '0s'
  if (ms < 2 * MINUTE) return `${ms / SECOND}s`
  if (ms < 10 * MINUTE) return two(ms, MINUTE, 'm', SECOND, 's')
  if (ms < 3 * HOUR) return one(ms, MINUTE, 'm')
  if (ms < 8 * HOUR) return two(ms, HOUR, 'h', MINUTE, 'm')
  if (ms < 2 * DAY) return one(ms, HOUR, 'h')
  if (ms < 8 * DAY) return two(ms, DAY, 'd', HOUR, 'h')
  if (ms < 2 * YEAR) return one(ms, DAY, 'd')
  if (ms < 8 * YEAR) return two(ms, YEAR, 'y', DAY, 'd')
  return one(ms, YEAR, 'y')
}

function one(ms: number, unit: number, letter: string): string {
  return `${Math.floor(ms / unit)}${letter}`
}

function two(ms: number, large: number, largeLetter: string, small: number, smallLetter: string): string {
  const rest = Math.floor((ms % large) / small)
  return one(ms, large, largeLetter) + (rest === 0 ? '' : `${rest}${smallLetter}`)
}
