import { type OptionsShape, required } from '@kube-authn/core/adapter'
import { aString, must } from '@kube-authn/core/internal'
import { transportShape } from './transport-shape.ts'
import type { Endpoint } from './endpoint.ts'

const CREDENTIAL_TYPES: ReadonlySet<unknown> = new Set(['token', 'tokenFile', 'basic'])

/** The checks of an {@link Endpoint}. */
export const endpointShape: OptionsShape<Endpoint> = {
  ...transportShape,
  server: required(aString),
  credential: must(
    "must be a credential of type 'token', 'tokenFile' or 'basic'",
    (value) =>
      typeof value === 'object' && value !== null && 'type' in value && CREDENTIAL_TYPES.has(value.type),
  ),
}
