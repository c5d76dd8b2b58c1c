import type { ErrorList, ObjectReader } from '@kube-authn/core/internal'
import type { KubeObject } from './kube-object.ts'

/** The fields of an object besides its version, kind and metadata. */
export type Fields = Readonly<Record<string, unknown>>

/** A column of the table that `kubectl get` prints. */
export interface Column {
  readonly name: string
  readonly type: 'string' | 'integer' | 'date'
  readonly format?: 'name'
  /** 0: always. 1: with `-o wide`. Default 0. */
  readonly priority?: 0 | 1
  cell(object: KubeObject, nowMs: number): string | number
}

/**
 * A kind of object that is served: everything that differs from other kinds.
 *
 * Source: apiserver `pkg/registry/rest` RESTCreateStrategy, RESTUpdateStrategy; apimachinery APIResource.
 */
export interface Resource {
  /** `''` for the core group. */
  readonly group: string
  readonly version: string
  readonly kind: string
  /** In lower case, as in paths. */
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  /** As `all`, which `kubectl get all` asks for. */
  readonly categories: readonly string[]
  readonly isNamespaced: boolean
  /** Why a name is invalid; none if it is valid. */
  nameProblems(name: string): readonly string[]
  /** Reads all fields besides version, kind and metadata, and fills in defaults. Wrong types and unknown fields are errors of the reader. */
  read(object: ObjectReader): Fields
  /** What the server writes into a new object. */
  prepareForCreate?(object: KubeObject): KubeObject
  /** What an update of the object itself cannot change. */
  prepareForUpdate?(object: KubeObject, old: KubeObject): KubeObject
  /** What an update of the status cannot change. */
  prepareForStatusUpdate?(object: KubeObject): KubeObject
  validate(object: KubeObject, errors: ErrorList): void
  validateUpdate?(object: KubeObject, old: KubeObject, errors: ErrorList): void
  /** Whether `status` is changed through a subresource. Default `false`. */
  readonly hasStatus?: boolean
  /** Whether a collection can be deleted at once. Default `true`; of resources in namespaces, only that of one namespace. */
  readonly hasDeletableCollection?: boolean
  /** Whether errors must not show the values of fields. Default `false`. */
  readonly hasSecrets?: boolean
  /** In the order of the table. */
  readonly columns: readonly Column[]
  /** Fields for field selectors, besides `metadata.name` and `metadata.namespace`. */
  readonly selectableFields?: Readonly<Record<string, (object: KubeObject) => string>>
}

/** `secrets`, or `roles.rbac.authorization.k8s.io`. */
export function qualifiedName({ group, plural }: Pick<Resource, 'group' | 'plural'>): string {
  return group === '' ? plural : `${plural}.${group}`
}

/** `v1`, or `rbac.authorization.k8s.io/v1`. */
export function apiVersionOf({ group, version }: Pick<Resource, 'group' | 'version'>): string {
  return group === '' ? version : `${group}/${version}`
}
