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

/** Declarations of types. */
export interface Declarations {
  /** The package that they are in, for the names of OpenAPI. */
  readonly in: string
  readonly types: string
}

/**
 * Reads declarations of types: the name of a type, a colon, and its fields, with commas between them. The further lines of a type are indented.
 *
 * - `name 1 string` is a field with its number in protobuf; its type may be a list, as in `[string]`, or a map of strings, as in `{string}`;
 * - `!` after the type: the field is required; `?`: its zero value differs from an absent one;
 * - `inline`: its fields are those of the object around it, in JSON;
 * - `merge` or `merge(key)`: a strategic merge patch merges the list, by this key; `retainKeys` as in Go;
 * - `map(key ...)` or `set`: how the elements of a list are told apart when it is applied; `by(key ...)` is both, merged by the first key;
 * - `atomic`, after a type or a field: one owner.
 *
 * @throws {Error} if a declaration is malformed, or names a type that is not declared.
 */
export function parseTypes(declarations: readonly Declarations[]): ReadonlyMap<string, ObjectType> {
  const blocks = new Map(declarations.flatMap(blocksIn))
  const types = new Map<string, ObjectType>()
  const typeNamed = (name: string): ObjectType => {
    const known = types.get(name)
    if (known !== undefined) return known
    const declared = blocks.get(name)
    if (declared === undefined) throw malformed(name)
    const ownFields = fieldsIn(declared.fields, typeNamed)
    const { fullName, isAtomic } = declared
    const type = { name, fullName, isAtomic, ownFields, fields: inJson(ownFields) }
    types.set(name, type)
    return type
  }
  for (const name of blocks.keys()) typeNamed(name)
  return types
}

interface Block {
  readonly fullName: string
  readonly isAtomic: boolean
  readonly fields: string
}

function blocksIn(declarations: Declarations): readonly (readonly [string, Block])[] {
  return declarations.types
    .trim()
    .split(/\n(?! )/)
    .map((text) => {
      const [head = '', fields = '', ...rest] = text.split(':')
      if (rest.length > 0) throw malformed(text)
      const [name = '', atomic] = head.split(' ')
      const fullName = `${declarations.in}.${name}`
      return [name, { fullName, isAtomic: atomic === 'atomic', fields }] as const
    })
}

const FIELD =
  /^(?<name>\w+) (?<number>\d+) (?<open>[[{]?)(?<type>\w+)[\]}]?(?<mark>[!?]?)(?<rest>(?: [a-z]\w*(?:\([\w ]+\))?)*)$/

function fieldsIn(text: string, typeNamed: (name: string) => ObjectType): readonly Field[] {
  return text.split(',').map((declaration): Field => {
    const groups = FIELD.exec(declaration.trim().replaceAll(/\s+/g, ' '))?.groups
    if (groups === undefined) throw malformed(declaration)
    const { name = '', number = '', open = '', type = '', mark = '', rest = '' } = groups
    const words = new Map(
      [...rest.matchAll(/(\w+)(?:\(([^)]+)\))?/g)].map(([, word = '', keys]) => [
        word,
        keys?.split(' ') ?? [],
      ]),
    )
    const both = words.get('by')
    const [mergeKey] = both ?? words.get('merge') ?? []
    return {
      name,
      number: Number(number),
      type: SCALARS.find((scalar): scalar is Scalar => scalar === type) ?? typeNamed(type),
      ...(open !== '' && { many: open === '[' ? 'list' : 'map' }),
      isRequired: mark === '!',
      isNullable: mark === '?',
      isInline: words.has('inline'),
      isMerged: both !== undefined || words.has('merge'),
      ...(mergeKey !== undefined && { mergeKey }),
      retainsKeys: words.has('retainKeys'),
      listKeys: both ?? words.get('map') ?? [],
      isSet: words.has('set'),
      isAtomic: words.has('atomic'),
    }
  })
}

function inJson(fields: readonly Field[]): ReadonlyMap<string, Field> {
  return new Map(
    fields.flatMap((field) =>
      field.isInline && typeof field.type !== 'string'
        ? [...field.type.fields]
        : [[field.name, field] as const],
    ),
  )
}

function malformed(what: string): Error {
  return new Error(`the declaration of a type is malformed: ${what}`)
}
