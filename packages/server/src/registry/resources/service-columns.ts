import type { KubeObject } from '../kube-object.ts'
import type { Column } from '../resource.ts'
import { AGE, NAME, NONE } from './columns.ts'
import { numberIn, type Part, partIn, partsIn, stringIn, stringsIn } from './field-values.ts'

/** Source: kubernetes `pkg/printers/internalversion/printers.go` serviceColumnDefinitions, printService. */
export const SERVICE_COLUMNS: readonly Column[] = [
  NAME,
  column('Type', (spec) => stringIn(spec, 'type')),
  column('Cluster-IP', (spec) => stringsIn(spec, 'clusterIPs')[0] ?? stringIn(spec, 'clusterIP')),
  column('External-IP', externalAddress),
  column('Port(s)', (spec) => partsIn(spec, 'ports').map(portOf).join(',')),
  AGE,
  { ...column('Selector', selectorOf), priority: 1 },
]

function column(name: string, valueOf: (spec: Part, service: KubeObject) => string): Column {
  return { name, type: 'string', cell: (service) => valueOf(partIn(service, 'spec'), service) || NONE }
}

function externalAddress(spec: Part, service: KubeObject): string {
  const type = stringIn(spec, 'type')
  if (type === 'ExternalName') return stringIn(spec, 'externalName')
  const added = stringsIn(spec, 'externalIPs')
  if (type !== 'LoadBalancer') return added.join(',')
  const assigned = partsIn(partIn(partIn(service, 'status'), 'loadBalancer'), 'ingress')
  const addresses = assigned.map((each) => stringIn(each, 'ip') || stringIn(each, 'hostname'))
  return [...new Set(addresses), ...added].filter((each) => each !== '').join(',') || '<pending>'
}

function portOf(port: Part): string {
  const nodePort = numberIn(port, 'nodePort')
  const numbers = `${numberIn(port, 'port')}${nodePort === 0 ? '' : `:${nodePort}`}`
  return `${numbers}/${stringIn(port, 'protocol') || 'TCP'}`
}

function selectorOf(spec: Part): string {
  const pairs = Object.entries(partIn(spec, 'selector'))
  return pairs
    .map(([name, value]) => `${name}=${String(value)}`)
    .toSorted()
    .join(',')
}
