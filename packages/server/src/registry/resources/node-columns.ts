import type { KubeObject } from '../kube-object.ts'
import type { Column } from '../resource.ts'
import { AGE, column, NAME, NONE, wide } from './columns.ts'
import { conditionOf, partIn, partsIn, stringIn } from './field-values.ts'

/** The label of a role is this, and its name. */
const ROLE_PREFIX = 'node-role.kubernetes.io/'
/** The older label, whose value is the name of a role. */
const ROLE = 'kubernetes.io/role'
const UNKNOWN = '<unknown>'

/** Source: kubernetes `pkg/printers/internalversion/printers.go` nodeColumnDefinitions, printNode. */
export const NODE_COLUMNS: readonly Column[] = [
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
