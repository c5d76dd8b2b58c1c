import type { KubeObject } from '../kube-object.ts'
import type { Column } from '../resource.ts'
import { AGE, column, durationOf, NAME, NONE, wide } from './columns.ts'
import { conditionOf, partIn, partsIn, stringIn } from './field-values.ts'
import { podSummary } from './pod-status.ts'

/** Source: kubernetes `pkg/printers/internalversion/printers.go` podColumnDefinitions, printPod. */
export const POD_COLUMNS: readonly Column[] = [
  NAME,
  column('Ready', (pod) => {
    const { readyContainers, totalContainers } = podSummary(pod)
    return `${readyContainers}/${totalContainers}`
  }),
  column('Status', (pod) => podSummary(pod).reason),
  column('Restarts', restartsOf),
  AGE,
  wide('IP', (pod) => podIpOf(pod) || NONE),
  wide('Node', (pod) => stringIn(partIn(pod, 'spec'), 'nodeName') || NONE),
  wide('Nominated Node', (pod) => stringIn(partIn(pod, 'status'), 'nominatedNodeName') || NONE),
  wide('Readiness Gates', readinessGatesOf),
]

/** The first address. Source: kubernetes `pkg/registry/core/pod/strategy.go` ToSelectableFields. */
export function podIpOf(pod: KubeObject): string {
  const status = partIn(pod, 'status')
  const [first = {}] = partsIn(status, 'podIPs')
  return stringIn(first, 'ip') || stringIn(status, 'podIP')
}

function restartsOf(pod: KubeObject, nowMs: number): string {
  const { restarts, lastRestartMs } = podSummary(pod)
  if (restarts === 0 || lastRestartMs === undefined) return `${restarts}`
  return `${restarts} (${durationOf(nowMs - lastRestartMs)} ago)`
}

function readinessGatesOf(pod: KubeObject): string {
  const gates = partsIn(partIn(pod, 'spec'), 'readinessGates')
  if (gates.length === 0) return NONE
  const status = partIn(pod, 'status')
  const open = gates.filter(
    (gate) => conditionOf(status, stringIn(gate, 'conditionType'))?.['status'] === 'True',
  )
  return `${open.length}/${gates.length}`
}
