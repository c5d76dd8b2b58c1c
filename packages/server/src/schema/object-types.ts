import { type ObjectType, parseTypes } from '@kube-authn/api/internal'
import { CONTAINER_TYPES } from './types/containers.ts'
import { META_TYPES } from './types/meta.ts'
import { POD_TYPES } from './types/pods.ts'
import { KIND_TYPES } from './types/kinds.ts'
import { VOLUME_TYPES } from './types/volumes.ts'

let types: ReadonlyMap<string, ObjectType> | undefined

/** All types, by name. They are read when they are first needed. */
function allTypes(): ReadonlyMap<string, ObjectType> {
  types ??= parseTypes([META_TYPES, ...KIND_TYPES, VOLUME_TYPES, CONTAINER_TYPES, POD_TYPES])
  return types
}

/** The type of this name; a kind is the name of its type. `undefined` if there is none. */
export function objectTypeOf(name: string): ObjectType | undefined {
  return allTypes().get(name)
}
