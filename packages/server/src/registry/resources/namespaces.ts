import { dns1123LabelProblems } from '@kube-authn/internal/kubernetes-names'
import type { KubeObject } from '../kube-object.ts'
import { readFields } from '../../schema/read-fields.ts'
import type { Resource } from '../resource.ts'
import { statusPart } from '../status-part.ts'
import { AGE, NAME } from './columns.ts'

/** A label that every namespace has, for selectors of namespaces. */
const NAME_LABEL = 'kubernetes.io/metadata.name'

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
    // They are checked, and written by the server only.
    readFields(object, 'Namespace', errors)
    return {}
  },
  prepareForCreate: (object) =>
    labelled({ ...object, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } }),
  prepareForUpdate: (object, old) => labelled({ ...object, spec: old['spec'] }),
  validate: () => undefined,
  // As the validation of Kubernetes has it.
  subresources: [
    statusPart((object) => ({
      ...object,
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
