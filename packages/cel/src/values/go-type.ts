import { typeName } from './runtime-type.ts'
import { isList, MapValue, type Value } from './value.ts'

/** The types of Go that are not `types.` and a name. */
const OTHERS: ReadonlyMap<string, string> = new Map([
  ['kubernetes.NamedFormat', 'cel.Format'],
  ['kubernetes.Quantity', 'cel.Quantity'],
  ['kubernetes.Semver', 'cel.Semver'],
  ['kubernetes.URL', 'cel.URL'],
  ['kubernetes.UserInfo', '*lazy.MapValue'],
  ['kubernetes.claims', '*lazy.MapValue'],
  ['net.CIDR', 'cel.CIDR'],
  ['net.IP', 'cel.IP'],
  ['null_type', 'types.Null'],
  ['optional_type', '*types.Optional'],
  ['type', '*types.Type'],
])

/** What Go calls the type of a value, such as `types.Int`. It has many for lists and maps, so those of an evaluation have no name here. */
export function goTypeName(value: Value, isLiteral = false): string | undefined {
  if (isList(value)) return isLiteral ? '*types.baseList' : undefined
  if (value instanceof MapValue && value.typeName === 'map') return isLiteral ? '*types.baseMap' : undefined
  const name = typeName(value)
  const simple = name.slice(name.lastIndexOf('.') + 1)
  return OTHERS.get(name) ?? `types.${simple.charAt(0).toUpperCase()}${simple.slice(1)}`
}
