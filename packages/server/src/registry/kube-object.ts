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
