import {
  badRequest,
  invalidObject,
  type ErrorList,
  errorList,
  fieldPath,
  type ObjectReader,
  readObject,
} from '@kube-authn/core/internal'

/** The object that a token is to be bound to. */
export interface BoundObjectReference {
  readonly kind: string
  readonly apiVersion: string
  readonly name: string
  /** Absent: any uid. */
  readonly uid?: string
}

/** The requested token, with defaults filled in. */
export interface TokenRequestSpec {
  readonly audiences: readonly string[]
  readonly expirationSeconds: number
  readonly boundObjectRef?: BoundObjectReference
}

/** A token request of which only the types are checked. */
export interface TokenRequestBody {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string }
  readonly spec: TokenRequestSpec
  readonly attestations: ReadonlyMap<string, readonly string[]>
}

const DEFAULT_EXPIRATION_SECONDS = 3600
const MIN_EXPIRATION_SECONDS = 600
const MAX_EXPIRATION_SECONDS = 2 ** 32

/**
 * Reads an `authentication.k8s.io/v1` TokenRequest. Its status is ignored.
 *
 * @param defaultAudiences the audiences if the request names none.
 * @throws {StatusError} 400 if a field has the wrong type.
 */
export function readTokenRequest(body: unknown, defaultAudiences: readonly string[]): TokenRequestBody {
  const found = errorList({ hideValues: true })
  const read = requestIn(body, defaultAudiences, found)
  const errors = errorList({ hideValues: true })
  errors.addAll(found.errors.filter(({ type }) => type !== 'Unknown'))
  if (errors.errors.length > 0) throw badRequest(errors.toString())
  return read
}

/** The fields of a TokenRequest that are of the wrong type or unknown, but for those of its metadata. */
export function tokenRequestErrors(body: unknown): ErrorList {
  const errors = errorList({ hideValues: true })
  requestIn(body, [], errors)
  return errors
}

function requestIn(body: unknown, defaultAudiences: readonly string[], errors: ErrorList): TokenRequestBody {
  const request = readObject(body, fieldPath(), errors, { nullElements: 'empty' })
  for (const name of ['kind', 'apiVersion', 'status']) request?.value(name)
  const metadata = request?.object('metadata')
  const spec = request?.object('spec')
  const reference = spec?.object('boundObjectRef')
  const audiences = spec?.strings('audiences') ?? []
  const expiration = spec?.value('expirationSeconds') ?? DEFAULT_EXPIRATION_SECONDS
  const expirationSeconds =
    typeof expiration === 'number' && Number.isInteger(expiration) ? expiration : undefined
  if (expirationSeconds === undefined) {
    errors.typeInvalid(fieldPath('spec', 'expirationSeconds'), expiration, 'must be a whole number')
  }
  const attestations = spec?.object('attestations')
  const read: TokenRequestBody = {
    metadata: {
      name: metadata?.string('name') ?? '',
      namespace: metadata?.string('namespace') ?? '',
      uid: metadata?.string('uid') ?? '',
    },
    spec: {
      audiences: audiences.length === 0 ? defaultAudiences : audiences,
      expirationSeconds: expirationSeconds ?? 0,
      ...(reference && { boundObjectRef: readReference(reference) }),
    },
    attestations: new Map(attestations?.names().map((key) => [key, attestations.strings(key)])),
  }
  for (const each of [request, spec, reference]) each?.end()
  return read
}

function readReference(reference: ObjectReader): BoundObjectReference {
  const uid = reference.string('uid')
  return {
    kind: reference.string('kind'),
    apiVersion: reference.string('apiVersion'),
    name: reference.string('name'),
    ...(uid !== '' && { uid }),
  }
}

/**
 * Checks that a request is for the service account in its path.
 *
 * @throws {StatusError} 422.
 */
export function checkTarget(
  { metadata }: TokenRequestBody,
  target: Omit<TokenRequestBody['metadata'], 'uid'>,
): void {
  for (const field of ['name', 'namespace'] as const) {
    const errors = errorList()
    const given = metadata[field]
    if (given !== '' && given !== target[field]) {
      const detail = `must match the service account ${field} if specified`
      errors.invalid(fieldPath('metadata', field), given, detail)
    }
    throwInvalid(errors, target.name)
  }
}

/**
 * Validates the spec of a request.
 *
 * Source: kubernetes `pkg/apis/authentication/validation/validation.go`.
 *
 * Deviation: attestations are always refused (`docs/deviations.md`, tokens for webhooks; forms of token requests).
 *
 * @throws {StatusError} 422.
 */
export function checkSpec({ spec, attestations }: TokenRequestBody): void {
  const errors = errorList()
  const expiration = fieldPath('spec', 'expirationSeconds')
  if (spec.expirationSeconds < MIN_EXPIRATION_SECONDS) {
    errors.invalid(expiration, spec.expirationSeconds, 'may not specify a duration less than 10 minutes')
  }
  if (spec.expirationSeconds > MAX_EXPIRATION_SECONDS) {
    errors.invalid(expiration, spec.expirationSeconds, 'may not specify a duration larger than 2^32 seconds')
  }
  for (const [key, values] of attestations) checkAttestation(key, values, errors)
  throwInvalid(errors, '')
}

/** Attestations are claims for a webhook, in tokens that are bound to that webhook. */
function checkAttestation(key: string, values: readonly string[], errors: ErrorList): void {
  const path = fieldPath('spec', 'attestations')
  if (values.length === 0) errors.invalid(path, key, 'may not specify empty value')
  else if (key !== API_GROUPS) errors.invalid(path, key, 'may not specify an unknown key')
  else if (values.length > 1) errors.invalid(path.child(key), key, 'must specify a single value')
  else if (values[0] === '') errors.invalid(path.child(key), key, 'may not be an empty string')
  else errors.forbidden(path, 'only tokens for webhooks have them, which are not issued here')
}

const API_GROUPS = 'admissionReviewAPIGroups'

function throwInvalid(errors: ErrorList, name: string): void {
  if (errors.errors.length > 0) throw invalidObject('authentication.k8s.io', 'TokenRequest', name, errors)
}
