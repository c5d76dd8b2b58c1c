import { readFields } from '../../schema/read-typed.ts'
import type { KubeObject } from '../kube-object.ts'
import { named, type Resource, type ResourceNames } from '../resource.ts'
import { isSameJson } from '../json-values.ts'
import { statusPart } from '../status-part.ts'
import { partIn, stringIn } from './field-values.ts'
import { NODE_COLUMNS } from './node-columns.ts'
import { POD_COLUMNS, podIpOf } from './pod-columns.ts'
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
export function plain(kind: string, names: Partial<ResourceNames>): Omit<Resource, 'columns'> {
  return {
    ...named(kind, names),
    isPlain: true,
    subresources: [statusPart()],
    read(object, errors) {
      const { spec = {}, status } = readFields(object, kind, errors)
      return { spec, status }
    },
  }
}

/** Source: kubernetes `pkg/registry/core/node/strategy.go`. */
export const nodes: Resource = {
  ...plain('Node', { shortNames: ['no'], isNamespaced: false }),
  storedAs: 'minions',
  selectableFields: {
    'spec.unschedulable': (object) => (partIn(object, 'spec')['unschedulable'] === true ? 'true' : 'false'),
  },
  columns: NODE_COLUMNS,
}

/** Source: kubernetes `pkg/registry/core/pod/strategy.go`. */
export const pods: Resource = {
  ...plain('Pod', { shortNames: ['po'], categories: ['all'] }),
  prepareForCreate: (object) =>
    withGeneration(withServiceAccount({ ...object, status: { phase: 'Pending' } }), 1),
  prepareForUpdate(object, old) {
    const pod = withOneServiceAccount(object)
    const { generation = 1 } = old.metadata
    return withGeneration(pod, isSameJson(pod['spec'], old['spec']) ? generation : generation + 1)
  },
  deletionAnswer: 'terminating',
  admit: requireServiceAccount,
  validateUpdate: validatePlace,
  selectableFields: {
    'spec.nodeName': (object) => stringIn(partIn(object, 'spec'), 'nodeName'),
    'spec.serviceAccountName': (object) => stringIn(partIn(object, 'spec'), 'serviceAccountName'),
    // What is not sent counts as its default.
    'spec.restartPolicy': (object) => stringIn(partIn(object, 'spec'), 'restartPolicy') || 'Always',
    'spec.schedulerName': (object) =>
      stringIn(partIn(object, 'spec'), 'schedulerName') || 'default-scheduler',
    'spec.hostNetwork': (object) => String(partIn(object, 'spec')['hostNetwork'] === true),
    'status.phase': (object) => stringIn(partIn(object, 'status'), 'phase'),
    'status.podIP': podIpOf,
    'status.podIPs': podIpOf,
    'status.nominatedNodeName': (object) => stringIn(partIn(object, 'status'), 'nominatedNodeName'),
  },
  columns: POD_COLUMNS,
}

function withGeneration(object: KubeObject, generation: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, generation } }
}
