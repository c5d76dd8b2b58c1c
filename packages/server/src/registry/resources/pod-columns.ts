import {
  conditionOf,
  type KubeObject,
  numberIn,
  type Part,
  partIn,
  partsIn,
  stringIn,
} from '../kube-object.ts'
import type { Column } from '../resource.ts'
import { AGE, column, durationOf, NAME, NONE, wide } from './columns.ts'
import { timeOfRfc3339 } from '@kube-authn/internal/rfc3339'

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

/**
 * What `kubectl get pods` says of the containers of a pod. The reason is one word for the whole, such as `Running`, `CrashLoopBackOff` or `Init:0/2`.
 *
 * Source: kubernetes `pkg/printers/internalversion/printers.go` printPod.
 */
function podSummary(pod: KubeObject) {
  const [spec, status] = [partIn(pod, 'spec'), partIn(pod, 'status')]
  const inits = partsIn(spec, 'initContainers')
  const sidecars = new Set(inits.filter(restartsAlways).map((each) => stringIn(each, 'name')))
  const initStatuses = partsIn(status, 'initContainerStatuses')
  const ofSidecars = initStatuses.filter((each) => sidecars.has(stringIn(each, 'name')))
  const waiting = initStatuses.findIndex((each) => !isInitialized(each, sidecars))
  const isInitializing = waiting !== -1 && conditionOf(status, 'Initialized')?.['status'] !== 'True'
  const statuses = partsIn(status, 'containerStatuses')
  const counted = isInitializing ? initStatuses.slice(0, waiting + 1) : [...ofSidecars, ...statuses]
  const atInit = initStatuses[waiting]
  const begin = atInit === undefined ? phaseReason(status) : initReason(atInit, waiting, inits.length)
  const reason = isInitializing ? begin : containersReason(statuses, begin, status)
  const started = waiting === -1 ? initStatuses : initStatuses.slice(0, waiting)
  const running = isInitializing ? [] : statuses.filter((each) => isReady(each) && isRunning(each))
  const ready = started.filter((each) => sidecars.has(stringIn(each, 'name')) && isReady(each))
  return {
    reason: deletionReason(pod, status) ?? reason,
    readyContainers: ready.length + running.length,
    totalContainers: partsIn(spec, 'containers').length + sidecars.size,
    restarts: counted.reduce((sum, each) => sum + numberIn(each, 'restartCount'), 0),
    // When a container last ended, to be started again; `undefined` if that is not known.
    lastRestartMs: lastOf(counted.map(lastEndMs)),
  }
}

function restartsAlways(container: Part): boolean {
  return container['restartPolicy'] === 'Always'
}

function stateOf(status: Part, name: 'running' | 'terminated' | 'waiting'): Part | undefined {
  const state = partIn(status, 'state')
  return state[name] === undefined ? undefined : partIn(state, name)
}

function isReady(status: Part): boolean {
  return status['ready'] === true
}

function isRunning(status: Part): boolean {
  return stateOf(status, 'running') !== undefined
}

/** Whether an init container has done its work; a sidecar has when it was started. */
function isInitialized(status: Part, sidecars: ReadonlySet<string>): boolean {
  const ended = stateOf(status, 'terminated')
  if (ended !== undefined && numberIn(ended, 'exitCode') === 0) return true
  return sidecars.has(stringIn(status, 'name')) && status['started'] === true
}

function phaseReason(status: Part): string {
  if (conditionOf(status, 'PodScheduled')?.['reason'] === 'SchedulingGated') return 'SchedulingGated'
  return stringIn(status, 'reason') || stringIn(status, 'phase')
}

function initReason(status: Part, index: number, total: number): string {
  const ended = stateOf(status, 'terminated')
  if (ended !== undefined) return `Init:${stringIn(ended, 'reason') || endReason(ended)}`
  const waiting = stringIn(stateOf(status, 'waiting') ?? {}, 'reason')
  return waiting === '' || waiting === 'PodInitializing' ? `Init:${index}/${total}` : `Init:${waiting}`
}

function endReason(ended: Part): string {
  const signal = numberIn(ended, 'signal')
  return signal === 0 ? `ExitCode:${numberIn(ended, 'exitCode')}` : `Signal:${signal}`
}

/** That of the first container that has one. */
function containersReason(statuses: readonly Part[], otherwise: string, status: Part): string {
  const [reason = otherwise] = statuses.flatMap((each) => {
    const waiting = stringIn(stateOf(each, 'waiting') ?? {}, 'reason')
    if (waiting !== '') return [waiting]
    const ended = stateOf(each, 'terminated')
    return ended === undefined ? [] : [stringIn(ended, 'reason') || endReason(ended)]
  })
  if (reason !== 'Completed' || !statuses.some((each) => isReady(each) && isRunning(each))) return reason
  return conditionOf(status, 'Ready')?.['status'] === 'True' ? 'Running' : 'NotReady'
}

function deletionReason({ metadata }: KubeObject, status: Part): string | undefined {
  if (metadata.deletionTimestamp === undefined) return undefined
  if (stringIn(status, 'reason') === 'NodeLost') return 'Unknown'
  return ['Succeeded', 'Failed'].includes(stringIn(status, 'phase')) ? undefined : 'Terminating'
}

function lastEndMs(status: Part): number | undefined {
  return timeOfRfc3339(stringIn(partIn(partIn(status, 'lastState'), 'terminated'), 'finishedAt'))
}

function lastOf(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}
