import { isObject } from '@kube-authn/core/internal'

/** An object of JSON, as it was sent. */
export type Part = Readonly<Record<string, unknown>>

/** The object in a field; an empty one if there is none. */
export function partIn(object: Part, field: string): Part {
  const value = object[field]
  return isObject(value) ? value : {}
}

/** The objects in a list. */
export function partsIn(object: Part, field: string): readonly Part[] {
  const value = object[field]
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** The strings in a list. */
export function stringsIn(object: Part, field: string): readonly string[] {
  const value = object[field]
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

/** The string in a field; `''` if there is none. */
export function stringIn(object: Part, field: string): string {
  const value = object[field]
  return typeof value === 'string' ? value : ''
}

/** The number in a field; 0 if there is none. */
export function numberIn(object: Part, field: string): number {
  const value = object[field]
  return typeof value === 'number' ? value : 0
}

/** The condition of this type, of those in the status. */
export function conditionOf(status: Part, type: string): Part | undefined {
  return partsIn(status, 'conditions').find((each) => each['type'] === type)
}
