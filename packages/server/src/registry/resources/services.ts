import { dns1123LabelProblems } from '@kube-authn/internal/kubernetes-names'
import { type KubeObject, numberIn, type Part, partIn, partsIn, stringIn, stringsIn } from '../kube-object.ts'
import type { Column, Resource } from '../resource.ts'
import { AGE, column, NAME, NONE } from './columns.ts'
import { plain } from './plain.ts'

/** Source: kubernetes `pkg/printers/internalversion/printers.go` serviceColumnDefinitions, printService. */
const SERVICE_COLUMNS: readonly Column[] = [
  NAME,
  ofSpec('Type', (spec) => stringIn(spec, 'type')),
  ofSpec('Cluster-IP', (spec) => stringsIn(spec, 'clusterIPs')[0] ?? stringIn(spec, 'clusterIP')),
  ofSpec('External-IP', externalAddress),
  ofSpec('Port(s)', (spec) => partsIn(spec, 'ports').map(portOf).join(',')),
  AGE,
  { ...ofSpec('Selector', selectorOf), priority: 1 },
]

function ofSpec(name: string, valueOf: (spec: Part, service: KubeObject) => string): Column {
  return column(name, (service) => valueOf(partIn(service, 'spec'), service) || NONE)
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

const asSent = plain('Service', {
  shortNames: ['svc'],
  categories: ['all'],
  nameProblems: dns1123LabelProblems,
})

/**
 * Services are kept as they are sent, with a few defaults: nothing here has addresses. `kubectl cluster-info` lists them.
 *
 * Source: kubernetes `pkg/registry/core/service/strategy.go`, `pkg/apis/core/v1/defaults.go`.
 *
 * Deviation: kube-apiserver validates them and assigns addresses (`docs/deviations.md`, nodes and pods).
 */
export const services: Resource = {
  ...asSent,
  isCreatedByUpdate: true,
  storedAs: 'services/specs',
  read(object, errors) {
    const fields = asSent.read(object, errors)
    const spec = partIn(fields, 'spec')
    return {
      ...fields,
      spec: { type: 'ClusterIP', sessionAffinity: 'None', ...spec, ...withDefaultPorts(spec) },
    }
  },
  selectableFields: {
    'spec.clusterIP': (object) => stringIn(partIn(object, 'spec'), 'clusterIP'),
    'spec.type': (object) => stringIn(partIn(object, 'spec'), 'type'),
  },
  deletionAnswer: 'object',
  columns: SERVICE_COLUMNS,
}

function withDefaultPorts(spec: Part): Part {
  if (!Array.isArray(spec['ports'])) return {}
  return {
    ports: partsIn(spec, 'ports').map((port) => ({ protocol: 'TCP', targetPort: port['port'], ...port })),
  }
}
