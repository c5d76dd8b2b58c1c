import { type ErrorList, errorList, fieldPath } from '@kube-authn/core/internal'
import { base64Length, base64OfText, textOfBase64 } from '@kube-authn/internal/base64'
import { type KubeObject, stringIn } from '../kube-object.ts'
import { named, type Resource } from '../resource.ts'
import { AGE, column, countOf, NAME } from './columns.ts'
import { entriesOf, MAX_DATA_BYTES, readMap, validateBytes, validateImmutable } from './data-fields.ts'

const DATA = fieldPath('data')
const TYPE = fieldPath('type')
const OPAQUE = 'Opaque'
const SERVICE_ACCOUNT_NAME = 'kubernetes.io/service-account.name'

/** The keys that a type requires; of a list, at least one. */
const REQUIRED_KEYS: ReadonlyMap<string, readonly (string | readonly string[])[]> = new Map([
  ['kubernetes.io/dockercfg', ['.dockercfg']],
  ['kubernetes.io/dockerconfigjson', ['.dockerconfigjson']],
  ['kubernetes.io/basic-auth', [['username', 'password']]],
  ['kubernetes.io/ssh-auth', ['ssh-privatekey']],
  ['kubernetes.io/tls', ['tls.crt', 'tls.key']],
])

/** The keys with JSON, by type. */
const DOCKER_CONFIGS: ReadonlyMap<string, string> = new Map([
  ['kubernetes.io/dockercfg', '.dockercfg'],
  ['kubernetes.io/dockerconfigjson', '.dockerconfigjson'],
])

/** Source: kubernetes `pkg/registry/core/secret/strategy.go`, `pkg/apis/core/validation/validation.go` ValidateSecret. */
export const secrets: Resource = {
  ...named('Secret'),
  hasSecrets: true,
  read: (object) => {
    const data = { ...readMap(object, 'data'), ...encoded(readMap(object, 'stringData')) }
    return {
      data: Object.keys(data).length === 0 ? undefined : data,
      type: object.string('type') || OPAQUE,
      immutable: object.has('immutable') ? object.boolean('immutable') : undefined,
    }
  },
  validate(object, errors, old) {
    if (old !== undefined) validateChange(object, old, errors)
    if (validateBytes(object['data'], DATA, errors) > MAX_DATA_BYTES) errors.tooLong(DATA, MAX_DATA_BYTES)
    validateType(object, new Map(entriesOf(object['data'])), errors)
  },
  selectableFields: { type: secretTypeOf },
  columns: [NAME, column('Type', secretTypeOf), column('Data', (object) => countOf(object, 'data')), AGE],
}

export function secretTypeOf(object: KubeObject): string {
  return stringIn(object, 'type')
}

function validateChange(object: KubeObject, old: KubeObject, errors: ErrorList): void {
  if (object['type'] !== old['type']) {
    // A type is no secret.
    const shown = errorList()
    shown.invalid(TYPE, object['type'], 'field is immutable')
    errors.addAll(shown.errors)
  }
  validateImmutable(object, old, ['data'], errors)
}

function validateType(object: KubeObject, data: ReadonlyMap<string, string>, errors: ErrorList): void {
  const type = secretTypeOf(object)
  if (type === 'kubernetes.io/service-account-token') {
    const { annotations = {} } = object.metadata
    const path = fieldPath('metadata', 'annotations').key(SERVICE_ACCOUNT_NAME)
    if (!Object.hasOwn(annotations, SERVICE_ACCOUNT_NAME) || annotations[SERVICE_ACCOUNT_NAME] === '') {
      errors.required(path)
    }
  }
  for (const wanted of REQUIRED_KEYS.get(type) ?? []) {
    const [first = '', ...others] = typeof wanted === 'string' ? [wanted] : wanted
    if ([first, ...others].some((key) => data.has(key))) continue
    for (const key of [first, ...others]) errors.required(DATA.key(key))
  }
  const config = DOCKER_CONFIGS.get(type)
  const content = config === undefined ? undefined : data.get(config)
  if (config !== undefined && content !== undefined && !isJson(content)) {
    errors.invalid(DATA.key(config), content, 'must be JSON')
  }
}

/** @param base64 base64 that is invalid has been reported already. */
function isJson(base64: string): boolean {
  try {
    if (base64Length(base64) !== undefined) JSON.parse(textOfBase64(base64))
    return true
  } catch {
    return false
  }
}

/** `stringData` is for writing only: the server keeps it in base64, in `data`. */
export function encoded(strings: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(strings).map(([key, value]) => [key, base64OfText(value)]))
}
