import { dns1035LabelProblems } from '@kube-authn/internal/kubernetes-names'
import type { Resource } from '../resource.ts'
import { AGE, NAME } from './columns.ts'
import { plain } from './plain.ts'

/**
 * Services are kept as they are sent: nothing here has addresses. `kubectl cluster-info` lists them.
 *
 * Source: kubernetes `pkg/registry/core/service/strategy.go`.
 *
 * Deviation: kube-apiserver validates them and assigns addresses (`docs/deviations.md`, nodes and pods).
 */
export const services: Resource = {
  ...plain({
    kind: 'Service',
    plural: 'services',
    singular: 'service',
    shortNames: ['svc'],
    categories: ['all'],
    isNamespaced: true,
  }),
  nameProblems: dns1035LabelProblems,
  columns: [NAME, AGE],
}
