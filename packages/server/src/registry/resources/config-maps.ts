import { fieldPath } from '@kube-authn/core/internal'
import { base64Length } from '@kube-authn/internal/base64'
import { dns1123SubdomainProblems } from '@kube-authn/internal/kubernetes-names'
import type { Resource } from '../resource.ts'
import { AGE, countOf, NAME } from './columns.ts'
import { entriesOf, MAX_DATA_BYTES, readMap, validateKey } from './data-keys.ts'
import { immutability } from './immutability.ts'

const DATA = fieldPath('data')
const BINARY_DATA = fieldPath('binaryData')

/** Source: kubernetes `pkg/registry/core/configmap/strategy.go`, `pkg/apis/core/validation/validation.go` ValidateConfigMap. */
export const configMaps: Resource = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  singular: 'configmap',
  shortNames: ['cm'],
  categories: [],
  isNamespaced: true,
  nameProblems: dns1123SubdomainProblems,
  read: (object) => ({
    data: readMap(object, 'data'),
    binaryData: readMap(object, 'binaryData'),
    immutable: object.has('immutable') ? object.boolean('immutable') : undefined,
  }),
  validate(object, errors, old) {
    if (old !== undefined) immutability(object, old, ['data', 'binaryData'], errors)
    const data = entriesOf(object['data'])
    const binary = entriesOf(object['binaryData'])
    const binaryKeys = new Set(binary.map(([key]) => key))
    let bytes = 0
    for (const [key, value] of data) {
      validateKey(key, DATA, errors)
      if (binaryKeys.has(key)) errors.invalid(DATA.key(key), key, 'duplicate of key present in binaryData')
      bytes += new TextEncoder().encode(value).length
    }
    for (const [key, value] of binary) {
      validateKey(key, BINARY_DATA, errors)
      const length = base64Length(value)
      if (length === undefined) errors.invalid(BINARY_DATA.key(key), value, 'must be in standard base64')
      bytes += length ?? 0
    }
    if (bytes > MAX_DATA_BYTES) errors.tooLong(fieldPath().key(''), MAX_DATA_BYTES)
  },
  columns: [
    NAME,
    {
      name: 'Data',
      type: 'string',
      cell: (object) => countOf(object, 'data') + countOf(object, 'binaryData'),
    },
    AGE,
  ],
}
