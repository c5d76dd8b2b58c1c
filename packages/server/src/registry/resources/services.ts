import { dns1123LabelProblems } from '@kube-authn/internal/kubernetes-names'
import type { Resource } from '../resource.ts'
import { type Part, partIn, partsIn, stringIn } from './field-values.ts'
import { plain } from './plain.ts'
import { SERVICE_COLUMNS } from './service-columns.ts'

const asSent = plain({
  kind: 'Service',
  plural: 'services',
  singular: 'service',
  shortNames: ['svc'],
  categories: ['all'],
  isNamespaced: true,
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
  nameProblems: dns1123LabelProblems,
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
