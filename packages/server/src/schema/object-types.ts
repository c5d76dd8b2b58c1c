import { type ObjectType, parseTypes } from '@kube-authn/api/internal'
import { POD_TYPES } from './types/pods.ts'
import { KIND_TYPES } from './types/kinds.ts'

let types: ReadonlyMap<string, ObjectType> | undefined

/** All types, by name. They are read when they are first needed. */
function allTypes(): ReadonlyMap<string, ObjectType> {
  types ??= parseTypes([...KIND_TYPES, POD_TYPES])
  return types
}

/** The type of this name; a kind is the name of its type. `undefined` if there is none. */
export function objectTypeOf(name: string): ObjectType | undefined {
  return allTypes().get(name)
}
