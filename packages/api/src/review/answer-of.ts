import type { HttpAnswer } from '@kube-authn/core/adapter'
import { internalFailure, isStatusError, methodNotAllowed } from '@kube-authn/core/internal'
import type { AuthenticationRequest } from '@kube-authn/core'

/** @throws {StatusError} 405. */
export function requirePost({ method }: AuthenticationRequest): void {
  if (method !== 'POST') throw methodNotAllowed('POST')
}

/** Returns the result of `work`. A thrown `StatusError` is the answer; any other error becomes the `cause` of a 500. */
export async function answerOf(work: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
  try {
    return await work()
  } catch (thrown) {
    return isStatusError(thrown) ? thrown : internalFailure('the review failed unexpectedly', thrown)
  }
}
