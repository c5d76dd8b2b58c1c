import { colonsOf, membersOf } from '../json/colons.ts'
import { isObject } from '../objects.ts'
import { WebhookCallError } from './webhook-call-error.ts'

/** The fields of a JSON object. */
export type Fields = Readonly<Record<string, unknown>>

export interface ExpectedReview {
  readonly kind: string
  /** That of the request. */
  readonly apiVersion: string
  /** The name of the webhook in errors. */
  readonly title: string
}

/**
 * Parses a review in JSON or YAML and returns its `status`; `undefined` if it has none. `kind` and `apiVersion` may be missing. The content
 * type is ignored.
 *
 * Source: client-go `rest/request.go` Into, apimachinery `pkg/runtime/serializer/json`.
 *
 * @throws {WebhookCallError} if it is not such a review.
 */
export async function readReviewStatus(text: string, expected: ExpectedReview): Promise<Fields | undefined> {
  const { kind, apiVersion, title } = expected
  if (text === '') throw unusable(title, '0-length response')
  const review = await parsed(text)
  if (review === null) return undefined
  if (!isObject(review)) throw unusable(title, 'it must be an object in JSON or YAML')
  if (isPresent(review['kind']) && review['kind'] !== kind) throw unusable(title, `its kind must be ${kind}`)
  if (isPresent(review['apiVersion']) && review['apiVersion'] !== apiVersion) {
    throw unusable(title, `its API version must be ${apiVersion}, as in the request: unknown conversion`)
  }
  const status = review['status'] ?? undefined
  if (status === undefined) return undefined
  if (!isObject(status)) throw unusable(title, 'its status must be an object')
  return status
}

/** Whether a member is repeated in a text that {@link readReviewStatus} has read: parsers differ in which one counts. YAML with one is never read. */
export function hasRepeatedMembers(text: string): boolean {
  return text.trimStart().startsWith('{') && colonsOf(text) !== membersOf(JSON.parse(text))
}

/** The error of an answer that is not such a review. */
export function unusable(title: string, why: string): WebhookCallError {
  return new WebhookCallError(`${title} gave no usable answer: ${why}`)
}

/** Parses JSON or YAML; returns `undefined` if it is neither. */
export async function parsed(text: string): Promise<unknown> {
  try {
    return JSON.parse(text)
  } catch {
    // Broken JSON is not parsed as YAML, which would accept some of it.
    if (text.length > MAX_YAML_LENGTH || text.trimStart().startsWith('{')) return undefined
  }
  try {
    // Loaded on demand: hardly any webhook answers in YAML.
    const { yamlDocument } = await import('../yaml/yaml-documents.ts')
    return yamlDocument(text, 'answer')
  } catch {
    return undefined
  }
}

const MAX_YAML_LENGTH = 65_536

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}
