import { isObject } from '@kube-authn/core/internal'
/** The versions of TokenReview; they have the same fields. More may be added in a minor version; handle the rest. */
export type TokenReviewVersion = 'v1' | 'v1beta1'

/** A TokenReview that a webhook received. */
export interface ReceivedReview {
  readonly version: TokenReviewVersion
  readonly token: string
  /** The requested audiences. Absent if not requested. */
  readonly audiences?: readonly string[]
}

/** Parses the body of a TokenReview; `undefined` if it is invalid. */
export function readReview(text: string): ReceivedReview | undefined {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(body) || !isObject(body['spec']) || body['kind'] !== 'TokenReview') return undefined
  const version = VERSIONS.find((each) => body['apiVersion'] === `authentication.k8s.io/${each}`)
  const { token, audiences } = body['spec']
  if (version === undefined || typeof token !== 'string') return undefined
  if (audiences === undefined) return { version, token }
  return isTexts(audiences) ? { version, token, audiences } : undefined
}

const VERSIONS: readonly TokenReviewVersion[] = ['v1', 'v1beta1']

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
