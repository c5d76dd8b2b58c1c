import type { ObjectReader } from '@kube-authn/core/internal'
import { named, type Resource } from '../resource.ts'
import { AGE, NAME } from './columns.ts'

/** Source: kubernetes `pkg/registry/core/serviceaccount/strategy.go`. */
export const serviceAccounts: Resource = {
  ...named('ServiceAccount', { shortNames: ['sa'] }),
  read: (object) => ({
    secrets: listOrAbsent(object.objects('secrets').map(readReference)),
    imagePullSecrets: listOrAbsent(object.objects('imagePullSecrets').map(readLocalReference)),
    automountServiceAccountToken: object.has('automountServiceAccountToken')
      ? object.boolean('automountServiceAccountToken')
      : undefined,
  }),
  deletionAnswer: 'object',
  columns: [NAME, AGE],
}

const REFERENCE = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath']

function readReference(reference: ObjectReader): Readonly<Record<string, string>> {
  const read = REFERENCE.map((field) => [field, reference.string(field)] as const)
  reference.end()
  return Object.fromEntries(read.filter(([, value]) => value !== ''))
}

function readLocalReference(reference: ObjectReader): Readonly<Record<string, string>> {
  const name = reference.string('name')
  reference.end()
  return name === '' ? {} : { name }
}

function listOrAbsent<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list
}
