import type { Awaitable } from '../internal/awaitable.ts'
import type { Context } from '../authenticator/context.ts'
import type { ObjectReader } from '../internal/field/reader.ts'
import type { UserInfo } from '../authenticator/user.ts'
import type { SentMetadata } from './metadata.ts'

/** A kind of review: a question that is put as an object, and answered with the same object and its status. */
export interface ReviewKind {
  readonly group: 'authentication.k8s.io' | 'authorization.k8s.io'
  readonly versions: readonly string[]
  readonly kind: string
  /** What it is called in paths. */
  readonly resource: string
  /** Asked in a namespace, and nowhere else. Default `false`. */
  readonly isNamespaced?: boolean
  /** About the caller, so everybody who is known may ask. Default `false`. */
  readonly isAboutCaller?: boolean
  /**
   * Reads the question. What has the wrong type is reported to the reader, which is also told of every field that is known.
   *
   * @returns how to answer it, once it is sure that everything in it was readable.
   */
  read(object: ObjectReader, version: string): AnswerReview
  /** Reads the status that a client sends, which does not count, so that what is wrong with it is told. */
  readStatus(status: ObjectReader): void
}

/** Answers a question that was read. @throws {StatusError} when it cannot be asked in this way. */
export type AnswerReview = (asked: AskedReview) => Awaitable<ReviewAnswer>

/** What surrounds a question. */
export interface AskedReview {
  /** Who asks. */
  readonly caller: UserInfo
  /** The namespace in the path; `''` where there is none. */
  readonly namespace: string
  readonly context: Context
  /** What the metadata says. */
  readonly metadata: SentMetadata
}

/** An object but for its kind and version. */
export interface ReviewAnswer {
  readonly metadata?: object
  readonly spec?: object
  readonly status: object
}
