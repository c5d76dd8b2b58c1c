import { StatusError } from '@kube-authn/core/adapter'

/*
 * The refusals of patches.
 *
 * Source: apiserver `pkg/endpoints/handlers/patch.go`; apimachinery `pkg/api/errors/errors.go` NewGenericServerResponse.
 *
 * Deviation: the reason is told, without values (`docs/deviations.md`, words of refusals).
 */

/** 422: the patch does not fit the object. */
export function patchFailed(why: string): StatusError {
  const message = `the server rejected our request due to an error in our request: ${why}`
  return new StatusError({ status: 422, reason: 'Invalid', message, details: {} })
}

/** 413: the patch asks for too much. */
export function patchTooLarge(message: string): StatusError {
  return new StatusError({ status: 413, reason: 'RequestEntityTooLarge', message })
}
