import type { KubeObject } from '../registry/kube-object.ts'
import type { Registry } from '../registry/registry.ts'
import { namespaces } from '../registry/resources/namespaces.ts'
import { readObject } from './registry-access.ts'

/** Whether objects may be created in a namespace. */
export function isActive(namespace: KubeObject | undefined): boolean {
  return namespace !== undefined && namespace.metadata.deletionTimestamp === undefined
}

/** Whether objects may be created in the namespace of this name. */
export async function isActiveNamespace(registry: Registry, name: string): Promise<boolean> {
  return isActive(await readObject(registry, { resource: namespaces, namespace: '', name }))
}
