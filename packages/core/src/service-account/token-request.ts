import { badRequest, invalidObject } from '../api/errors.ts'
import { type ErrorList, errorList } from '../field/errors.ts'
import { fieldPath } from '../field/path.ts'
import { type ObjectReader, readObject } from '../field/reader.ts'

/** The object that a token is to be bound to. */
export interface BoundObjectReference {
  readonly kind: string
  readonly apiVersion: string
  readonly name: string
  /** `''`: whichever has this name now. */
  readonly uid: string
}

/** What is asked for, with defaults filled in. */
export interface TokenRequestSpec {
  readonly audiences: readonly string[]
  readonly expirationSeconds: number
  readonly boundObjectRef?: BoundObjectReference
}

/** A request for a token as it was sent: nothing in it is checked but its types. */
export interface TokenRequestBody {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string }
  readonly spec: TokenRequestSpec
  readonly hasAttestations: boolean
}

const DEFAULT_EXPIRATION_SECONDS = 3600
const MIN_EXPIRATION_SECONDS = 600
const MAX_EXPIRATION_SECONDS = 2 ** 32

/**
 * Reads an `authentication.k8s.io/v1` TokenRequest. A status in it does not count.
 *
 * @param defaultAudiences what the token is for when the request does not say.
 * @throws {StatusError} 400 when something in it has another type.
 */
export function readTokenRequest(body: unknown, defaultAudiences: readonly string[]): TokenRequestBody {
  const errors = errorList({ hideValues: true })
  const request = readObject(body, fieldPath(), errors)
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
  const attestations = spec?.object('attestations') && spec.value('attestations')
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
    hasAttestations: typeof attestations === 'object' && Object.keys(attestations ?? {}).length > 0,
  }
  if (errors.errors.length > 0) {
    throw badRequest(errors.toString())
  }
  return read
}

function readReference(reference: ObjectReader): BoundObjectReference {
  return {
    kind: reference.string('kind'),
    apiVersion: reference.string('apiVersion'),
    name: reference.string('name'),
    uid: reference.string('uid'),
  }
}

/**
 * Checks that a request is for the service account in its path.
 *
 * @throws {StatusError} 422.
 */
export function checkTarget({ metadata }: TokenRequestBody, namespace: string, name: string): void {
  const errors = errorList()
  if (metadata.name !== '' && metadata.name !== name) {
    errors.invalid(
      fieldPath('metadata', 'name'),
      metadata.name,
      'must match the service account name if specified',
    )
  }
  if (metadata.namespace !== '' && metadata.namespace !== namespace) {
    errors.invalid(
      fieldPath('metadata', 'namespace'),
      metadata.namespace,
      'must match the service account namespace if specified',
    )
  }
  throwInvalid(errors, name)
}

/**
 * Checks what a request asks for.
 *
 * Source: kubernetes `pkg/apis/authentication/validation/validation.go`.
 *
 * @throws {StatusError} 422.
 */
export function checkSpec({ spec, hasAttestations }: TokenRequestBody, name: string): void {
  const errors = errorList()
  const expiration = fieldPath('spec', 'expirationSeconds')
  if (spec.expirationSeconds < MIN_EXPIRATION_SECONDS) {
    errors.invalid(expiration, spec.expirationSeconds, 'may not specify a duration less than 10 minutes')
  }
  if (spec.expirationSeconds > MAX_EXPIRATION_SECONDS) {
    errors.invalid(expiration, spec.expirationSeconds, 'may not specify a duration larger than 2^32 seconds')
  }
  if (hasAttestations) {
    errors.invalid(fieldPath('spec', 'attestations'), 'attestations', 'may not specify an unknown key')
  }
  throwInvalid(errors, name)
}

function throwInvalid(errors: ErrorList, name: string): void {
  if (errors.errors.length > 0) {
    throw invalidObject('authentication.k8s.io', 'TokenRequest', name, errors)
  }
}
