import type { KubeObject } from './kube-object.ts'
import { namespaces } from './resources/namespaces.ts'
import { forbidden, notFound } from './status-errors.ts'
import type { Resource } from './resource.ts'

/** They cannot be deleted. Source: apiserver `pkg/admission/plugin/namespace/lifecycle/admission.go`. */
const IMMORTAL: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public'])

/** The namespaces that a cluster has from the beginning. Source: kubernetes `pkg/controlplane/controller/systemnamespaces`. */
export const SYSTEM_NAMESPACES: readonly string[] = [
  'default',
  'kube-node-lease',
  'kube-public',
  'kube-system',
]

/** @throws {StatusError} 403 */
export function requireMortal(name: string): void {
  if (IMMORTAL.has(name)) throw forbidden(namespaces, name, 'this namespace may not be deleted')
}

/**
 * Requires that objects may be created in a namespace.
 *
 * @throws {StatusError} 404 if it does not exist, 403 if it is being deleted.
 */
export function requireActive(
  namespace: KubeObject | undefined,
  name: string,
  resource: Resource,
  ofObject: string,
): void {
  if (namespace === undefined) throw notFound(namespaces, name)
  if (namespace.metadata.deletionTimestamp === undefined) return
  const why = `unable to create new content in namespace ${name} because it is being terminated`
  throw forbidden(resource, ofObject, why, [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${name} is being terminated`,
      field: 'metadata.namespace',
    },
  ])
}
