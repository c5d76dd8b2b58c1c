import { type KubeObject, partIn, partsIn } from './kube-object.ts'
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

/** Requires that objects may be created in a namespace. @throws {StatusError} 404 if it does not exist, 403 if it is being deleted. */
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

/** Objects that are left in a namespace that is being deleted. */
export interface RemainingContent {
  readonly resource: Resource
  readonly objects: readonly KubeObject[]
}

/** How many finalizers are told: a namespace must not grow with what is in it. */
const MAX_TOLD = 100

interface Condition {
  readonly type: string
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
}

/**
 * A namespace that is being deleted, with a status that says what it waits for.
 *
 * Source: kubernetes `pkg/controller/namespace/deletion/status_condition_utils.go`.
 *
 * @param time that of conditions that have changed.
 */
export function withRemaining(
  namespace: KubeObject,
  content: readonly RemainingContent[],
  time: string,
): KubeObject {
  const old = partsIn(partIn(namespace, 'status'), 'conditions')
  const conditions = conditionsOf(content).map((condition) => {
    const same = old.find(({ type, status }) => type === condition.type && status === condition.status)
    return { ...condition, lastTransitionTime: same?.['lastTransitionTime'] ?? time }
  })
  return { ...namespace, status: { phase: 'Terminating', conditions } }
}

function conditionsOf(content: readonly RemainingContent[]): readonly Condition[] {
  const counts = content.map(
    ({ resource: { plural, group }, objects }) =>
      `${plural}.${group} has ${objects.length} resource instances`,
  )
  const finalizers = finalizersIn(content).map(([name, count]) => `${name} in ${count} resource instances`)
  return [
    fine('NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'),
    fine(
      'NamespaceDeletionGroupVersionParsingFailure',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    fine(
      'NamespaceDeletionContentFailure',
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    {
      type: 'NamespaceContentRemaining',
      status: 'True',
      reason: 'SomeResourcesRemain',
      message: `Some resources are remaining: ${counts.toSorted().join(', ')}`,
    },
    {
      type: 'NamespaceFinalizersRemaining',
      status: 'True',
      reason: 'SomeFinalizersRemain',
      message: `Some content in the namespace has finalizers remaining: ${finalizers.join(', ')}`,
    },
  ]
}

function fine(type: string, reason: string, message: string): Condition {
  return { type, status: 'False', reason, message }
}

function finalizersIn(content: readonly RemainingContent[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>()
  for (const { metadata } of content.flatMap(({ objects }) => objects)) {
    for (const name of metadata.finalizers ?? []) counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, MAX_TOLD)
}
