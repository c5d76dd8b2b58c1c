import type { KubeObject } from '../kube-object.ts'
import type { Column } from '../resource.ts'
import { AGE, durationOf, NAME, NONE } from './columns.ts'
import { conditionOf, partIn, partsIn, stringIn } from './field-values.ts'
import { podSummary } from './pod-status.ts'

/** Source: kubernetes `pkg/printers/internalversion/printers.go` podColumnDefinitions, printPod. */
export const POD_COLUMNS: readonly Column[] = [
  NAME,
  {
    name: 'Ready',
    type: 'string',
    cell(pod) {
      const { readyContainers, totalContainers } = podSummary(pod)
      return `${readyContainers}/${totalContainers}`
    },
  },
  { name: 'Status', type: 'string', cell: (pod) => podSummary(pod).reason },
  { name: 'Restarts', type: 'string', cell: restartsOf },
  AGE,
  wide('IP', (pod) => {
    const status = partIn(pod, 'status')
    const [first = {}] = partsIn(status, 'podIPs')
    return stringIn(first, 'ip') || stringIn(status, 'podIP')
  }),
  wide('Node', (pod) => stringIn(partIn(pod, 'spec'), 'nodeName')),
  wide('Nominated Node', (pod) => stringIn(partIn(pod, 'status'), 'nominatedNodeName')),
  wide('Readiness Gates', readinessGatesOf),
]

function wide(name: string, valueOf: (pod: KubeObject) => string): Column {
  return { name, type: 'string', priority: 1, cell: (pod) => valueOf(pod) || NONE }
}

function restartsOf(pod: KubeObject, nowMs: number): string {
  const { restarts, lastRestartMs } = podSummary(pod)
  if (restarts === 0 || lastRestartMs === undefined) return `${restarts}`
  return `${restarts} (${durationOf(nowMs - lastRestartMs)} ago)`
}

function readinessGatesOf(pod: KubeObject): string {
  const gates = partsIn(partIn(pod, 'spec'), 'readinessGates')
  if (gates.length === 0) return ''
  const status = partIn(pod, 'status')
  const open = gates.filter(
    (gate) => conditionOf(status, stringIn(gate, 'conditionType'))?.['status'] === 'True',
  )
  return `${open.length}/${gates.length}`
}
