import { isObject } from '@kube-authn/core/internal'

/** A reference to an object that another one belongs to. It is data here: no garbage collector reads it. */
export interface OwnerReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
  readonly controller?: boolean
  readonly blockOwnerDeletion?: boolean
}

/** Which fields a program owns. Source: apimachinery `pkg/apis/meta/v1/types.go` ManagedFieldsEntry. */
export interface ManagedFieldsEntry {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  readonly time: string
  readonly fieldsType: 'FieldsV1'
  readonly fieldsV1: object
  readonly subresource?: string
}

/**
 * The metadata of an object, as in JSON: absent fields are empty.
 *
 * Source: apimachinery `pkg/apis/meta/v1/types.go` ObjectMeta.
 */
export interface ObjectMeta {
  readonly name?: string
  readonly generateName?: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly generation?: number
  /** In the form of RFC 3339, as all times. */
  readonly creationTimestamp?: string
  /** Set while finalizers keep a deleted object. */
  readonly deletionTimestamp?: string
  readonly deletionGracePeriodSeconds?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly OwnerReference[]
  readonly finalizers?: readonly string[]
  /** Who owns which fields, once something was applied to the object. */
  readonly managedFields?: readonly ManagedFieldsEntry[]
}

/** An object of the Kubernetes API, as in JSON. */
export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
  readonly [field: string]: unknown
}

/** Whether two values are the same in JSON, whatever the order of members is. */
export function isSameJson(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((each, index) => isSameJson(each, other[index]))
  }
  if (!isObject(one) || !isObject(other)) return one === other
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSameJson(one[name], other[name]))
  )
}

/** No object that is served is deeper. */
export const MAX_DEPTH = 100

export function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((each) => isDeeperThan(each, depth - 1))
}

/** An object of JSON, as it was sent. */
export type Part = Readonly<Record<string, unknown>>

/** The object in a field; an empty one if there is none. */
export function partIn(object: Part, field: string): Part {
  const value = object[field]
  return isObject(value) ? value : {}
}

export function partsIn(object: Part, field: string): readonly Part[] {
  const value = object[field]
  return Array.isArray(value) ? value.filter(isObject) : []
}

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
