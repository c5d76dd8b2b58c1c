import { fieldPath, isObject } from '@kube-authn/core/internal'
import { dns1123LabelProblems } from '@kube-authn/internal/kubernetes-names'
import type { KubeObject } from '../kube-object.ts'
import { readFields } from '../../schema/read-fields.ts'
import { validateFinalizerNames } from '../metadata.ts'
import type { PartSubresource, Resource } from '../resource.ts'
import { statusPart } from '../status-part.ts'
import { AGE, NAME } from './columns.ts'

/** A label that every namespace has, for selectors of namespaces. */
const NAME_LABEL = 'kubernetes.io/metadata.name'
const SPEC = fieldPath('spec').child('finalizers')

/** The finalizer of the content of a namespace. */
const CONTENT_FINALIZER = 'kubernetes'

/**
 * `/finalize`, which writes what keeps a namespace that is being deleted. Without any, it ends although there may be content.
 *
 * Source: kubernetes `pkg/registry/core/namespace/strategy.go` namespaceFinalizeStrategy.
 */
const FINALIZE: PartSubresource = {
  type: 'part',
  name: 'finalize',
  isReplacedOnly: true,
  prepare: (sent, old) => ({ ...old, spec: specOf(namespaceFinalizers(sent['spec'])) }),
  validateUpdate(object, old, errors) {
    const names = namespaceFinalizers(object['spec'])
    validateFinalizerNames(SPEC, names, namespaceFinalizers(old['spec']), errors)
  },
}

/** The names in `spec.finalizers` of a namespace. */
export function namespaceFinalizers(spec: unknown): readonly string[] {
  const finalizers = isObject(spec) ? spec['finalizers'] : undefined
  if (!Array.isArray(finalizers)) return []
  return finalizers.filter((each): each is string => typeof each === 'string')
}

/** A namespace whose content is gone. */
export function withoutContent(namespace: KubeObject): KubeObject {
  const finalizers = namespaceFinalizers(namespace['spec']).filter((each) => each !== CONTENT_FINALIZER)
  return { ...namespace, spec: specOf(finalizers) }
}

// Deviation: a phase that is sent is ignored (`docs/deviations.md`, status of namespaces).
function specOf(finalizers: readonly string[]): object {
  return finalizers.length > 0 ? { finalizers } : {}
}

/** Source: kubernetes `pkg/registry/core/namespace/strategy.go`, `pkg/apis/core/v1/defaults.go`. */
export const namespaces: Resource = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  categories: [],
  isNamespaced: false,
  hasDeletableCollection: false,
  nameProblems: dns1123LabelProblems,
  read(object, errors) {
    // Only /finalize writes the spec, and only the server the status.
    const { spec } = readFields(object, 'Namespace', errors)
    return { spec }
  },
  prepareForCreate: (object) =>
    labelled({ ...object, spec: { finalizers: [CONTENT_FINALIZER] }, status: { phase: 'Active' } }),
  prepareForUpdate: (object, old) => labelled({ ...object, spec: old['spec'] }),
  validate: () => undefined,
  subresources: [
    FINALIZE,
    // As the validation of Kubernetes has it.
    statusPart((object) => ({
      ...labelled(object),
      status: { phase: object.metadata.deletionTimestamp === undefined ? 'Active' : 'Terminating' },
    })),
  ],
  selectableFields: { 'status.phase': phaseOf },
  columns: [NAME, { name: 'Status', type: 'string', cell: phaseOf }, AGE],
}

function labelled(object: KubeObject): KubeObject {
  const { name = '', labels = {} } = object.metadata
  return { ...object, metadata: { ...object.metadata, labels: { ...labels, [NAME_LABEL]: name } } }
}

function phaseOf({ status }: KubeObject): string {
  return typeof status === 'object' && status !== null && 'phase' in status ? String(status.phase) : ''
}
