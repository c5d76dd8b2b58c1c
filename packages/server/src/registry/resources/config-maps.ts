import { fieldPath } from '@kube-authn/core/internal'
import { named, type Resource } from '../resource.ts'
import { AGE, column, countOf, NAME } from './columns.ts'
import {
  entriesOf,
  MAX_DATA_BYTES,
  readMap,
  validateBytes,
  validateImmutable,
  validateKey,
} from './data-fields.ts'

const DATA = fieldPath('data')
const BINARY_DATA = fieldPath('binaryData')

/** Source: kubernetes `pkg/registry/core/configmap/strategy.go`, `pkg/apis/core/validation/validation.go` ValidateConfigMap. */
export const configMaps: Resource = {
  ...named('ConfigMap', { shortNames: ['cm'] }),
  read: (object) => ({
    data: readMap(object, 'data'),
    binaryData: readMap(object, 'binaryData'),
    immutable: object.has('immutable') ? object.boolean('immutable') : undefined,
  }),
  validate(object, errors, old) {
    if (old !== undefined) validateImmutable(object, old, ['data', 'binaryData'], errors)
    const binaryKeys = new Set(entriesOf(object['binaryData']).map(([key]) => key))
    let bytes = 0
    for (const [key, value] of entriesOf(object['data'])) {
      validateKey(key, DATA, errors)
      if (binaryKeys.has(key)) errors.invalid(DATA.key(key), key, 'duplicate of key present in binaryData')
      bytes += new TextEncoder().encode(value).length
    }
    bytes += validateBytes(object['binaryData'], BINARY_DATA, errors)
    if (bytes > MAX_DATA_BYTES) errors.tooLong(fieldPath().key(''), MAX_DATA_BYTES)
  },
  columns: [NAME, column('Data', (object) => countOf(object, 'data') + countOf(object, 'binaryData')), AGE],
}
