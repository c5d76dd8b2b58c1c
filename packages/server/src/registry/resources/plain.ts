import { isObject } from '@kube-authn/core/internal'
import { dns1123SubdomainProblems } from '@kube-authn/internal/kubernetes-names'
import type { KubeObject } from '../kube-object.ts'
import { readFields } from '../../schema/read-fields.ts'
import type { Resource } from '../resource.ts'
import { statusPart } from '../status-part.ts'
import { AGE, NAME } from './columns.ts'
import {
  requireServiceAccount,
  validatePlace,
  withOneServiceAccount,
  withServiceAccount,
} from './pod-service-account.ts'

/**
 * Nodes and pods are kept as they are sent, if their fields are of the declared types: nothing here runs them.
 *
 * Deviation: kube-apiserver validates them and fills in defaults (`docs/deviations.md`, nodes and pods).
 */
export function plain(
  names: Pick<Resource, 'kind' | 'plural' | 'singular' | 'shortNames' | 'categories' | 'isNamespaced'>,
): Pick<
  Resource,
  keyof typeof names | 'group' | 'version' | 'subresources' | 'nameProblems' | 'read' | 'validate'
> {
  return {
    ...names,
    group: '',
    version: 'v1',
    subresources: [statusPart()],
    nameProblems: dns1123SubdomainProblems,
    read(object, errors) {
      const { spec = {}, status } = readFields(object, names.kind, errors)
      return { spec, status }
    },
    validate: () => undefined,
  }
}

/** Source: kubernetes `pkg/registry/core/node/strategy.go`. */
export const nodes: Resource = {
  ...plain({
    kind: 'Node',
    plural: 'nodes',
    singular: 'node',
    shortNames: ['no'],
    categories: [],
    isNamespaced: false,
  }),
  selectableFields: {
    'spec.unschedulable': (object) => (partOf(object, 'spec')['unschedulable'] === true ? 'true' : 'false'),
  },
  columns: [NAME, { name: 'Status', type: 'string', cell: nodeStatus }, AGE],
}

/** Source: kubernetes `pkg/registry/core/pod/strategy.go`. */
export const pods: Resource = {
  ...plain({
    kind: 'Pod',
    plural: 'pods',
    singular: 'pod',
    shortNames: ['po'],
    categories: ['all'],
    isNamespaced: true,
  }),
  prepareForCreate: (object) => withServiceAccount({ ...object, status: { phase: 'Pending' } }),
  prepareForUpdate: withOneServiceAccount,
  admit: requireServiceAccount,
  validateUpdate: validatePlace,
  selectableFields: {
    'spec.nodeName': (object) => stringIn(partOf(object, 'spec')['nodeName']),
    'spec.serviceAccountName': (object) => stringIn(partOf(object, 'spec')['serviceAccountName']),
    'status.phase': podPhase,
  },
  columns: [NAME, { name: 'Status', type: 'string', cell: podPhase }, AGE],
}

function partOf(object: KubeObject, field: string): Readonly<Record<string, unknown>> {
  const value = object[field]
  return isObject(value) ? value : {}
}

function podPhase(object: KubeObject): string {
  return stringIn(partOf(object, 'status')['phase'])
}

function nodeStatus(object: KubeObject): string {
  const conditions = partOf(object, 'status')['conditions']
  const list: readonly unknown[] = Array.isArray(conditions) ? conditions : []
  const ready = list.filter(isObject).find(({ type }) => type === 'Ready')
  const status = ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady'
  return partOf(object, 'spec')['unschedulable'] === true ? `${status},SchedulingDisabled` : status
}

function stringIn(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
