import { WebhookCallError } from './webhook-call-error.ts'

/** The fields of a JSON object. */
export type Fields = Readonly<Record<string, unknown>>

/** What kind of review is expected. */
export interface ExpectedReview {
  readonly kind: string
  /** Either version will do, whichever was asked in. */
  readonly group: string
  /** What the webhook is called in errors. */
  readonly title: string
}

/**
 * The `status` of a review that came back in JSON or YAML; `undefined` when there is none. A kind or a version that is missing is
 * taken for the right one. What content type it came as does not matter.
 *
 * Source: client-go `rest/request.go` Into, apimachinery `pkg/runtime/serializer/json`.
 *
 * @throws {WebhookCallError} when it is no such review.
 */
export async function readReviewStatus(text: string, expected: ExpectedReview): Promise<Fields | undefined> {
  const { kind, group, title } = expected
  const unusable = (why: string): WebhookCallError =>
    new WebhookCallError(`${title} gave no usable answer: ${why}`)
  if (text === '') throw unusable('0-length response')
  const review = await parsed(text)
  if (review === null) return undefined
  if (!isFields(review)) throw unusable('it is no object in JSON or YAML')
  if (isPresent(review['kind']) && review['kind'] !== kind) throw unusable('it is of another kind')
  if (
    isPresent(review['apiVersion']) &&
    !VERSIONS.some((each) => review['apiVersion'] === `${group}/${each}`)
  ) {
    throw unusable('it is of another API version')
  }
  const status = review['status'] ?? undefined
  if (status === undefined) return undefined
  if (!isFields(status)) throw unusable('its status is no object')
  return status
}

/** What the text is; `undefined` when it is neither JSON nor YAML. */
export async function parsed(text: string): Promise<unknown> {
  try {
    return JSON.parse(text)
  } catch {
    // What begins as JSON is broken JSON, although YAML would take some of it.
    if (text.length > MAX_YAML_LENGTH || text.trimStart().startsWith('{')) return undefined
  }
  try {
    // Hardly any webhook answers in YAML, so few have to load its parser.
    const { yamlDocument } = await import('../yaml/index.ts')
    return yamlDocument(text, 'answer')
  } catch {
    return undefined
  }
}

const VERSIONS = ['v1', 'v1beta1'] as const
const MAX_YAML_LENGTH = 65_536

/** Whether it is an object, and no list. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}
