/** The types of values that have no fields of their own. */
export const SCALARS = [
  'string',
  'bool',
  'int32',
  'int64',
  'bytes',
  'Time',
  'MicroTime',
  'Quantity',
  'IntOrString',
  'ExtraValue',
  'FieldsV1',
] as const

/** A type without fields of its own: `bytes` in base64, times in the form of RFC 3339, `ExtraValue` a list of strings, `FieldsV1` an object of any fields. */
export type Scalar = (typeof SCALARS)[number]

/** A field of an object. */
export interface Field {
  /** As in JSON. */
  readonly name: string
  /** As in protobuf. */
  readonly number: number
  /** Of the value, or of the elements of a list or a map. */
  readonly type: Scalar | ObjectType
  /** A map has strings as keys. Absent: one value. */
  readonly many?: 'list' | 'map'
  /** Whether every object has it. */
  readonly isRequired: boolean
  /** Whether the zero value differs from an absent one, as of a pointer in Go. */
  readonly isNullable: boolean
  /** Whether its fields are in JSON those of the object around it. */
  readonly isInline: boolean
  /** Whether a strategic merge patch merges the list. Otherwise the list is replaced. */
  readonly isMerged: boolean
  /** The field by which a strategic merge patch finds an element of the list. */
  readonly mergeKey?: string
  /** Whether the fields of an element that a patch does not name in `$retainKeys` are removed. */
  readonly retainsKeys: boolean
  /** The fields by which elements of a list are told apart when they are applied. None: the list has one owner, unless it is a set. */
  readonly listKeys: readonly string[]
  readonly isSet: boolean
  /** Whether a map or an object has one owner. */
  readonly isAtomic: boolean
}

/** The type of an object. */
export interface ObjectType {
  /** As in Go, such as `PodSpec`. */
  readonly name: string
  /** With its package, such as `io.k8s.api.core.v1.PodSpec`. */
  readonly fullName: string
  /** Whether the object has one owner. */
  readonly isAtomic: boolean
  /** Of the protobuf message. */
  readonly ownFields: readonly Field[]
  /** Of the JSON object, by name. */
  readonly fields: ReadonlyMap<string, Field>
}
