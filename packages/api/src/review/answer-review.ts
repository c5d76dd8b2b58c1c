import { objectAnswer, refusalWithWarnings } from '../objects/answer.ts'
import type { AuthenticationRequest } from '@kube-authn/core'
import { type HttpAnswer, type OptionsShape, wholeNumber } from '@kube-authn/core/adapter'
import { internalFailure, isStatusError, methodNotAllowed, type ReadBody } from '@kube-authn/core/internal'
import { checkFields, type FieldValidation } from '../objects/field-validation.ts'
import { MAX_BODY_BYTES, readObjectBody } from '../objects/read-object.ts'
import type { AskedReview, ReviewKind } from './kind.ts'
import { readMetadata } from './metadata.ts'

/** The size limit of request bodies. */
export interface BodyLimit {
  /**
   * Bytes; a longer body gets a 413. Default 1,048,576.
   *
   * Deviation: kube-apiserver accepts 3 MiB (`docs/deviations.md`, content of reviews).
   */
  readonly maxBytes?: number
}

/** The checks of {@link BodyLimit}. */
export const bodyLimitShape: OptionsShape<BodyLimit> = { maxBytes: wholeNumber(1) }

/** How a review is answered. */
export interface AnswerOptions extends BodyLimit {
  /** 201, or 200 for a webhook. */
  readonly status: 200 | 201
  /** The accepted versions. A body without a version has the first one. */
  readonly versions: readonly [string, ...string[]]
  readonly validation: FieldValidation
}

/**
 * Reads a review from the request body and answers it in the version of the request.
 *
 * @throws {StatusError} when the review cannot be read or answered.
 */
export async function answerReview(
  review: ReviewKind,
  request: AuthenticationRequest,
  body: ReadBody,
  asked: Omit<AskedReview, 'metadata'>,
  { status, versions: [first, ...others], validation, maxBytes = MAX_BODY_BYTES }: AnswerOptions,
): Promise<HttpAnswer> {
  const { kind, group } = review
  const inGroup = (version: string): string => `${group}/${version}`
  const { apiVersion, object, duplicates, errors } = await readObjectBody(
    request,
    body,
    { kind, apiVersions: [inGroup(first), ...others.map(inGroup)] },
    maxBytes,
  )
  const sent = readMetadata(object.object('metadata'), review.isNamespaced ?? false)
  const sentStatus = object.object('status')
  if (sentStatus !== undefined) review.readStatus(sentStatus)
  sentStatus?.end()
  const answer = review.read(object, apiVersion.slice(group.length + 1))
  object.end()
  const warnings = checkFields(errors, validation, duplicates)
  try {
    const { metadata = {}, ...rest } = await answer({ ...asked, metadata: sent })
    return objectAnswer(status, { kind, apiVersion, metadata, ...rest }, warnings)
  } catch (thrown) {
    if (!isStatusError(thrown) || warnings.length === 0) throw thrown
    return refusalWithWarnings(thrown, warnings)
  }
}

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
