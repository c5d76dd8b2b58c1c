import { allow, type Authorizer, noOpinion } from '@kube-authn/core/authorization'
import { userInfo } from '@kube-authn/core'
import { type KubernetesApi, kubernetesApi } from '@kube-authn/server'
import { memoryObjectStore, type ObjectStore } from '@kube-authn/store'
import { fixedClock } from '@kube-authn/testing'
import { type Given, NotApplicable, type UnitRunner, type VectorUser } from '../../vector.ts'
import { base64Of, certificateUntil, referredRequest, requestOf, SUBJECT } from './fixtures.ts'
import { withV1beta1Defaults } from './v1beta1-defaults.ts'
import { only, reading, USER } from '../../reading.ts'

const PATH = 'https://api/apis/certificates.k8s.io/v1/certificatesigningrequests'
const NOW_MS = 1_257_894_000_000
const SIGNER = 'kubernetes.io/kube-apiserver-client'
const MINIMUM = { signerName: SIGNER, usages: ['client auth'] }

const ERROR = 'path type detail detailContains'

/** Area E-csr-validate: what can be asked for. */
export const signingRequestValidation: UnitRunner = reading(
  {
    given: [
      'operation apiVersion name dnsNames ipAddresses emailAddresses uris',
      { subject: SUBJECT, spec: 'request signerName usages expirationSeconds username uid groups extra' },
    ],
    expect: ['outcome status message messageContains', { errors: ERROR }],
  },
  async ({ given, expect }) => {
    if (given['apiVersion'] !== 'certificates.k8s.io/v1') {
      throw new NotApplicable('Kubernetes removed the version in 1.22')
    }
    only(given, 'operation', 'create')
    const spec = given['spec'] as Fields
    const request = base64Of(await referredRequest(textIn(spec['request']), given))
    const { answer } = await posted({ ...spec, request }, { name: 'jane' }, given)
    return withErrors(answer, expect['errors'])
  },
)

/** Area E-csr-stamp: what the server writes into a new request. */
export const signingRequestStamps: UnitRunner = reading(
  {
    given: [
      'apiVersion usages condition status dnsNames ipAddresses emailAddresses uris',
      {
        subject: SUBJECT,
        requester: USER,
        spec: 'request signerName usages expirationSeconds username uid groups extra',
      },
    ],
    expect: [
      'outcome spec status message messageContains absent signerName usages condition',
      { errors: ERROR },
    ],
  },
  async ({ given, expect }) => {
    if (given['apiVersion'] === 'certificates.k8s.io/v1beta1') return defaulted(given)
    const requester = given['requester'] as VectorUser
    const { answer } = await posted({ ...MINIMUM, ...(given['spec'] as Fields) }, requester, given)
    const object = answer.json
    const absent = ((expect['absent'] ?? []) as readonly string[]).filter(
      (path) => at(object, path) === undefined,
    )
    return {
      ...withErrors(answer, expect['errors']),
      spec: named(expect['spec'], object['spec']),
      // The status of the answer, or of the object.
      status: typeof expect['status'] === 'number' ? answer.status : object['status'],
      absent,
    }
  },
)

/** Area E-csr-update: approvals and statuses, and who may write them. */
export const signingRequestUpdates: UnitRunner = reading(
  {
    given: ['subresource user signerName old new', { allowedVerbs: 'verb group resource name' }],
    expect: [
      'outcome status message messageContains conditions certificate timestampsFilled',
      { errors: ERROR },
    ],
  },
  async ({ given, expect }) => {
    const subresource = textIn(given['subresource'])
    const user = textIn(given['user']) || 'bob'
    const { api, store } = await posted(
      { ...MINIMUM, request: await validRequest(given) },
      { name: 'jane' },
      given,
    )
    const signerName = textIn(given['signerName']) || SIGNER
    const before = await statusOf((given['old'] ?? {}) as Fields)
    const stored = await rewritten(store, (object) => ({
      ...object,
      spec: { ...(object['spec'] as Fields), signerName },
      status: before,
    }))
    const after = await statusOf((given['new'] ?? DEFAULT_UPDATES[subresource] ?? {}) as Fields)
    const path = subresource === '' ? `${PATH}/x` : `${PATH}/x/${subresource}`
    const answer = await asked(api, 'PUT', path, { ...stored, status: after }, { name: user })
    const { conditions = [], certificate } = (answer.json['status'] ?? {}) as Status
    const filled = ((expect['timestampsFilled'] ?? []) as readonly string[]).filter((field) =>
      conditions.every((condition) => typeof condition[field] === 'string'),
    )
    return {
      ...withErrors(answer, expect['errors']),
      conditions: named(expect['conditions'], conditions),
      certificate,
      timestampsFilled: filled,
    }
  },
)

const DEFAULT_UPDATES: Readonly<Record<string, Fields>> = {
  approval: { conditions: [{ type: 'Approved', status: 'True' }] },
  status: { certificate: '@cert' },
}

type Fields = Readonly<Record<string, unknown>>

interface Status {
  readonly conditions?: readonly Fields[]
  readonly certificate?: string
}

interface Answer {
  readonly status: number
  readonly json: Fields
}

async function defaulted(given: Given): Promise<Fields> {
  const condition = given['condition'] as { readonly type: string } | undefined
  const usages = given['usages'] as readonly string[] | undefined
  const { spec, conditions } = withV1beta1Defaults({
    spec: { request: await validRequest(given), ...(usages !== undefined && { usages }) },
    conditions: condition === undefined ? [] : [condition],
  })
  return { signerName: spec.signerName, usages: spec.usages, condition: conditions[0] }
}

async function validRequest(given: Given): Promise<string> {
  return base64Of(await requestOf(given))
}

/** Creates a request in a new server. */
async function posted(
  spec: Fields,
  requester: VectorUser,
  given: Given,
): Promise<{ readonly api: KubernetesApi; readonly store: ObjectStore; readonly answer: Answer }> {
  const store = memoryObjectStore()
  const allowed = given['allowedVerbs'] as readonly Fields[] | undefined
  const authorizer = allowed && { authorizer: tableOf(allowed) }
  const api = await kubernetesApi({ store, clock: fixedClock(NOW_MS), ...authorizer })
  const body = {
    metadata: { name: textIn(given['name']) || 'x' },
    spec: { request: await validRequest(given), ...spec },
    status: await statusOf((given['status'] ?? {}) as Fields),
  }
  return { api, store, answer: await asked(api, 'POST', PATH, body, requester) }
}

async function asked(
  api: KubernetesApi,
  method: string,
  url: string,
  object: object,
  { name, ...rest }: VectorUser,
): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify(object)
  const response = await api(new Request(url, { method, headers, body }), {
    user: userInfo({ username: name, ...rest }),
  })
  return { status: response.status, json: (await response.json()) as Fields }
}

function tableOf(allowed: readonly Fields[]): Authorizer {
  return {
    name: 'table',
    authorize({ verb, apiGroup, resource, name }) {
      const isAllowed = allowed.some(
        (rule) =>
          rule['verb'] === verb &&
          rule['group'] === apiGroup &&
          rule['resource'] === resource &&
          rule['name'] === name,
      )
      return isAllowed ? allow() : noOpinion()
    },
  }
}

/** The only request in a store, changed as if another version had written it. */
async function rewritten(store: ObjectStore, changed: (object: Fields) => Fields): Promise<Fields> {
  const { objects } = await store.list('')
  const found = objects.find(
    ({ value }) => (JSON.parse(value) as Fields)['kind'] === 'CertificateSigningRequest',
  )
  if (found === undefined) throw new Error('no request was created')
  const object = changed(JSON.parse(found.value) as Fields)
  await store.update(found.key, JSON.stringify(object), found.revision)
  return object
}

/** A status with the certificates that its references stand for. */
async function statusOf(fields: Fields): Promise<Fields> {
  const { certificate } = fields
  if (typeof certificate !== 'string' || certificate === '') return fields
  if (!certificate.startsWith('@')) return { ...fields, certificate: base64Of(certificate) }
  // Different references are different certificates.
  const pem = await certificateOf(certificate)
  return { ...fields, certificate: base64Of(pem) }
}

const certificates = new Map<string, Promise<string>>()

function certificateOf(reference: string): Promise<string> {
  const known = certificates.get(reference) ?? certificateUntil(NOW_MS + (certificates.size + 1) * 86_400_000)
  certificates.set(reference, known)
  return known
}

const OUTCOMES: ReadonlyMap<number, string> = new Map([
  [200, 'valid'],
  [201, 'valid'],
  [403, 'forbidden'],
  [422, 'invalid'],
])

/** The outcome of an answer. Errors are those of the case if each has its like, in whatever order. */
function withErrors({ status, json }: Answer, expected: unknown): Fields {
  const message = textIn(json['message'])
  const causes = (at(json, 'details.causes') ?? []) as readonly Fields[]
  const errors = causes.map(({ field, reason, message: text }) => ({
    path: textIn(field),
    type: textIn(reason).replace('FieldValue', ''),
    text: textIn(text),
  }))
  const wanted = (expected ?? []) as readonly Readonly<Record<string, string>>[]
  const isSame =
    wanted.length === errors.length &&
    wanted.every(({ path, type, detail, detailContains }) =>
      errors.some(
        (error) =>
          error.path === path &&
          error.type === type &&
          (detail === undefined || error.text.endsWith(detail)) &&
          (detailContains === undefined || error.text.includes(detailContains)),
      ),
    )
  return {
    outcome: OUTCOMES.get(status) ?? String(status),
    status,
    message,
    messageContains: message,
    errors: isSame ? expected : errors,
  }
}

/** Restricts a value to what the case names. */
function named(wanted: unknown, value: unknown): unknown {
  if (Array.isArray(wanted) && Array.isArray(value)) {
    return value.map((each: unknown, index) => named(wanted[index] as unknown, each))
  }
  if (!isFields(wanted) || !isFields(value)) return value
  return Object.fromEntries(Object.entries(wanted).map(([key, inner]) => [key, named(inner, value[key])]))
}

function at(object: unknown, path: string): unknown {
  return path.split('.').reduce((value, key) => (isFields(value) ? value[key] : undefined), object)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
