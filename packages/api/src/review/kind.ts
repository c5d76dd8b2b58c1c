import type { Awaitable, Context, UserInfo } from '@kube-authn/core'
import type { ObjectReader } from '@kube-authn/core/internal'
import type { SentMetadata } from './metadata.ts'

/** A kind of review: the client sends an object, and the answer is the same object with its status set. */
export interface ReviewKind {
  readonly group: 'authentication.k8s.io' | 'authorization.k8s.io'
  readonly versions: readonly string[]
  readonly kind: string
  /** The plural name in paths. */
  readonly resource: string
  /** Only served below a namespace. Default `false`. */
  readonly isNamespaced?: boolean
  /** About the caller, so every authenticated user may create it. Default `false`. */
  readonly isAboutCaller?: boolean
  /**
   * Reads the spec. The reader collects values of the wrong type, and fields that were not read.
   *
   * @returns a function that answers the review; to be called only if the whole object was valid.
   */
  read(object: ObjectReader, version: string): AnswerReview
  /** Reads the status that the client sent. It is ignored, but its errors are reported. */
  readStatus(status: ObjectReader): void
}

/** Answers a review that was read. @throws {StatusError} when the review is invalid. */
export type AnswerReview = (asked: AskedReview) => Awaitable<ReviewAnswer>

/** The context of a review. */
export interface AskedReview {
  readonly caller: UserInfo
  /** The namespace in the path; `''` if there is none. */
  readonly namespace: string
  readonly context: Context
  readonly metadata: SentMetadata
}

/** The answered object, without its kind and version. */
export interface ReviewAnswer {
  readonly metadata?: object
  readonly spec?: object
  readonly status: object
}
