import { fieldPath } from '@kube-authn/core/internal'
import { dns1123LabelProblems } from '@kube-authn/internal/kubernetes-names'
import { type KubeObject, partIn, stringIn, stringsIn } from '../kube-object.ts'
import { readFields } from '../../schema/read-typed.ts'
import { validateFinalizerNames, statusPart } from '../metadata.ts'
import { named, type PartSubresource, type Resource } from '../resource.ts'
import { AGE, column, NAME } from './columns.ts'

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
  prepare: (sent, old) => ({ ...old, spec: specOf(namespaceFinalizers(sent)) }),
  validateUpdate(object, old, errors) {
    const names = namespaceFinalizers(object)
    validateFinalizerNames(SPEC, names, namespaceFinalizers(old), errors)
  },
}

export function namespaceFinalizers(namespace: KubeObject): readonly string[] {
  return stringsIn(partIn(namespace, 'spec'), 'finalizers')
}

/** A namespace whose content is gone. */
export function withoutContent(namespace: KubeObject): KubeObject {
  const finalizers = namespaceFinalizers(namespace).filter((each) => each !== CONTENT_FINALIZER)
  return { ...namespace, spec: specOf(finalizers) }
}

// Deviation: a phase that is sent is ignored (`docs/deviations.md`, status of namespaces).
function specOf(finalizers: readonly string[]): object {
  return finalizers.length > 0 ? { finalizers } : {}
}

/** Source: kubernetes `pkg/registry/core/namespace/strategy.go`, `pkg/apis/core/v1/defaults.go`. */
export const namespaces: Resource = {
  ...named('Namespace', { shortNames: ['ns'], isNamespaced: false, nameProblems: dns1123LabelProblems }),
  hasDeletableCollection: false,
  read(object, errors) {
    // Only /finalize writes the spec, and only the server the status.
    const { spec } = readFields(object, 'Namespace', errors)
    return { spec }
  },
  prepareForCreate: (object) =>
    labelled({ ...object, spec: { finalizers: [CONTENT_FINALIZER] }, status: { phase: 'Active' } }),
  prepareForUpdate: (object, old) => labelled({ ...object, spec: old['spec'] }),
  subresources: [
    FINALIZE,
    // As the validation of Kubernetes has it.
    statusPart((object) => ({
      ...labelled(object),
      status: { phase: object.metadata.deletionTimestamp === undefined ? 'Active' : 'Terminating' },
    })),
  ],
  selectableFields: { 'status.phase': phaseOf },
  columns: [NAME, column('Status', phaseOf), AGE],
}

function labelled(object: KubeObject): KubeObject {
  const { name = '', labels = {} } = object.metadata
  return { ...object, metadata: { ...object.metadata, labels: { ...labels, [NAME_LABEL]: name } } }
}

function phaseOf(namespace: KubeObject): string {
  return stringIn(partIn(namespace, 'status'), 'phase')
}
