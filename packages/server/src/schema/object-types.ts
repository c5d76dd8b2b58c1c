import { type ObjectType, parseTypes } from '@kube-authn/api/internal'
import { CONTAINER_TYPES } from './types/containers.ts'
import { META_TYPES } from './types/meta.ts'
import { NODE_TYPES } from './types/node.ts'
import { POD_STATUS_TYPES } from './types/pod-status.ts'
import { POD_TYPES } from './types/pods.ts'
import { SERVICE_TYPES } from './types/services.ts'
import { SMALL_KIND_TYPES } from './types/small-kinds.ts'
import { VOLUME_TYPES } from './types/volumes.ts'

let types: ReadonlyMap<string, ObjectType> | undefined

/** All types, by name. They are read when they are first needed. */
function allTypes(): ReadonlyMap<string, ObjectType> {
  types ??= parseTypes([
    META_TYPES,
    ...SMALL_KIND_TYPES,
    NODE_TYPES,
    SERVICE_TYPES,
    VOLUME_TYPES,
    CONTAINER_TYPES,
    POD_STATUS_TYPES,
    POD_TYPES,
  ])
  return types
}

/** The type of this name; a kind is the name of its type. `undefined` if there is none. */
export function objectTypeOf(name: string): ObjectType | undefined {
  return allTypes().get(name)
}
