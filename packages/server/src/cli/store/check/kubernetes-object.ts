import { allResources } from '../../../registry/resources/index.ts'
import { type Resource, qualifiedName } from '../../../registry/resource.ts'
import { fromStored, keyOf, keyPrefix } from '../../../registry/stored-objects.ts'
import type { StoredObject } from '../../../store/object-store.ts'

const BY_PREFIX: ReadonlyMap<string, Resource> = new Map(
  allResources.map((resource) => [keyPrefix(resource, ''), resource]),
)

/** What objects with other keys are counted as. */
const OTHER = 'others'

/** `secrets`, `roles.rbac.authorization.k8s.io`, or `others`. */
export function resourceNameOf(key: string): string {
  const resource = resourceOf(key)
  return resource === undefined ? OTHER : qualifiedName(resource)
}

/** Why a server could not read an object, without its value; `undefined` if it can. */
export function valueProblem({ key, value }: Pick<StoredObject, 'key' | 'value'>): string | undefined {
  const resource = resourceOf(key)
  if (resource === undefined) return undefined
  const object = readObject(value)
  if (object === undefined) return 'the value is not the JSON of an object of Kubernetes'
  if (object.kind !== resource.kind) return `the value is not that of a ${resource.kind}`
  const { namespace = '', name = '' } = object.metadata
  return keyOf(resource, namespace, name) === key
    ? undefined
    : 'the value has another name or namespace than its key'
}

function readObject(value: string): ReturnType<typeof fromStored> | undefined {
  try {
    return fromStored({ value }, 0)
  } catch {
    // The message of a parser may have a part of the value.
    return undefined
  }
}

/** By the first two or three parts: `/registry/secrets/`, `/registry/rbac.authorization.k8s.io/roles/`. */
function resourceOf(key: string): Resource | undefined {
  const [, root = '', one = '', two = ''] = key.split('/', 4)
  return BY_PREFIX.get(`/${root}/${one}/`) ?? BY_PREFIX.get(`/${root}/${one}/${two}/`)
}
