import type { KubeObject } from '../../registry/kube-object.ts'
import type { Resource } from '../../registry/resource.ts'
import type { ObjectKey } from '../object-controller.ts'

/** The objects of a resource that were told, by name and version. */
export interface KnownObjects {
  /** @param object if it was deleted, its last state. */
  change(object: KubeObject, isDeleted: boolean): void
  /**
   * Begins to tell all objects.
   *
   * @param isComplete whether objects that have not changed are told, too.
   */
  beginList(isComplete: boolean): ListRound
}

/** One list of all objects. */
export interface ListRound {
  see(object: KubeObject): void
  /** All were seen: the others were deleted. */
  end(): void
}

/** Tells changes of objects, each version once. */
export function knownObjects(
  resource: Resource,
  onChange: (key: ObjectKey, object: KubeObject | undefined) => void,
): KnownObjects {
  /** The version of each object. */
  const versions = new Map<string, number>()

  const tell = (object: KubeObject, isComplete: boolean): string => {
    const { namespace = '', name = '', resourceVersion } = object.metadata
    const id = idOf(namespace, name)
    const version = Number(resourceVersion)
    if (isComplete || versions.get(id) !== version) {
      versions.set(id, version)
      onChange({ resource, namespace, name }, object)
    }
    return id
  }
  const forget = (id: string): void => {
    if (!versions.delete(id)) return
    const [namespace, name] = partsOf(id)
    onChange({ resource, namespace, name }, undefined)
  }

  return {
    change(object, isDeleted) {
      const { namespace = '', name = '' } = object.metadata
      if (isDeleted) forget(idOf(namespace, name))
      else tell(object, false)
    },
    beginList(isComplete) {
      const seen = new Set<string>()
      return {
        see: (object) => void seen.add(tell(object, isComplete)),
        end() {
          for (const id of versions.keys()) if (!seen.has(id)) forget(id)
        },
      }
    },
  }
}

/** A namespace contains no slash. */
function idOf(namespace: string, name: string): string {
  return `${namespace}/${name}`
}

function partsOf(id: string): readonly [namespace: string, name: string] {
  const slash = id.indexOf('/')
  return [id.slice(0, slash), id.slice(slash + 1)]
}
