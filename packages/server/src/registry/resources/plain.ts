import { readFields } from '../../schema/read-typed.ts'
import { conditionOf, isSameJson, type KubeObject, partIn, partsIn, stringIn } from '../kube-object.ts'
import { type Change, named, type Resource, type ResourceNames, type Column } from '../resource.ts'
import { statusPart } from '../metadata.ts'
import { POD_COLUMNS, podIpOf } from './pod-columns.ts'
import { type ErrorList, fieldPath, isObject, stringMemberOf } from '@kube-authn/core/internal'
import { forbidden } from '../status-errors.ts'
import { serviceAccounts } from './service-accounts.ts'
import { AGE, column, NAME, NONE, wide } from './columns.ts'

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

/** The label of a role is this, and its name. */
const ROLE_PREFIX = 'node-role.kubernetes.io/'
/** The older label, whose value is the name of a role. */
const ROLE = 'kubernetes.io/role'
const UNKNOWN = '<unknown>'

/** Source: kubernetes `pkg/printers/internalversion/printers.go` nodeColumnDefinitions, printNode. */
const NODE_COLUMNS: readonly Column[] = [
  NAME,
  column('Status', statusOf),
  column('Roles', (node) => rolesOf(node).join(',') || NONE),
  AGE,
  column('Version', (node) => infoOf(node, 'kubeletVersion')),
  wide('Internal-IP', (node) => addressOf(node, 'InternalIP') || NONE),
  wide('External-IP', (node) => addressOf(node, 'ExternalIP') || NONE),
  wide('OS-Image', (node) => infoOf(node, 'osImage') || UNKNOWN),
  wide('Kernel-Version', (node) => infoOf(node, 'kernelVersion') || UNKNOWN),
  wide('Container-Runtime', (node) => infoOf(node, 'containerRuntimeVersion') || UNKNOWN),
]

function statusOf(node: KubeObject): string {
  const ready = conditionOf(partIn(node, 'status'), 'Ready')
  const status = ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady'
  return partIn(node, 'spec')['unschedulable'] === true ? `${status},SchedulingDisabled` : status
}

function rolesOf({ metadata: { labels = {} } }: KubeObject): readonly string[] {
  const roles = Object.entries(labels).map(([name, value]) =>
    name === ROLE ? value : name.startsWith(ROLE_PREFIX) ? name.slice(ROLE_PREFIX.length) : '',
  )
  return [...new Set(roles)].filter((role) => role !== '').toSorted()
}

function addressOf(node: KubeObject, type: string): string {
  const found = partsIn(partIn(node, 'status'), 'addresses').find((each) => each['type'] === type)
  return stringIn(found ?? {}, 'address')
}

function infoOf(node: KubeObject, field: string): string {
  return stringIn(partIn(partIn(node, 'status'), 'nodeInfo'), field)
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

/*
 * The service account of a pod.
 *
 * Source: kubernetes `plugin/pkg/admission/serviceaccount/admission.go`.
 *
 * Deviation: the account `default` need not exist, and nothing is mounted (`docs/deviations.md`, service accounts of pods).
 */

const DEFAULT = 'default'
/** A pod of a kubelet's own, of which the API server has a copy only. */
const MIRROR = 'kubernetes.io/config.mirror'
const PODS = { group: '', plural: 'pods' }

/** The pod, with the account `default` unless it names another one. */
function withServiceAccount(pod: KubeObject): KubeObject {
  const { spec } = pod
  if (!isObject(spec) || isMirror(pod)) return pod
  // The older field has the same meaning.
  const name = serviceAccountOf(pod) || DEFAULT
  return { ...pod, spec: { ...spec, serviceAccountName: name, serviceAccount: name } }
}

/** The pod, with the older field as the other one: who reads either must find the same account. */
function withOneServiceAccount(pod: KubeObject): KubeObject {
  const { spec } = pod
  const name = serviceAccountOf(pod)
  if (!isObject(spec) || name === '') return pod
  return { ...pod, spec: { ...spec, serviceAccountName: name, serviceAccount: name } }
}

/** @throws {StatusError} 403 if the account of a new pod does not exist. */
async function requireServiceAccount({ object, old, services }: Change): Promise<void> {
  if (old !== undefined) return
  const { name = '', namespace = '' } = object.metadata
  const account = serviceAccountOf(object)
  if (isMirror(object) && account !== '') {
    throw forbidden(PODS, name, 'a mirror pod may not reference service accounts')
  }
  if (account === '' || account === DEFAULT) return
  if ((await services.find(serviceAccounts, namespace, account)) !== undefined) return
  const why = `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`
  throw forbidden(PODS, name, why)
}

/** A pod keeps its account, and its node once it has one: tokens name both. */
function validatePlace(pod: KubeObject, old: KubeObject, errors: ErrorList): void {
  const account = serviceAccountOf(pod)
  if (account !== serviceAccountOf(old)) {
    errors.invalid(fieldPath('spec', 'serviceAccountName'), account, 'field is immutable')
  }
  const before = stringMemberOf(old['spec'], 'nodeName')
  const node = stringMemberOf(pod['spec'], 'nodeName')
  if (before !== '' && node !== before) {
    errors.invalid(fieldPath('spec', 'nodeName'), node, 'field is immutable')
  }
}

function serviceAccountOf({ spec }: KubeObject): string {
  return stringMemberOf(spec, 'serviceAccountName') || stringMemberOf(spec, 'serviceAccount')
}

function isMirror({ metadata }: KubeObject): boolean {
  return Object.hasOwn(metadata.annotations ?? {}, MIRROR)
}
