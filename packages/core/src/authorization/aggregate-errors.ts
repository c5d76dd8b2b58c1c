import { AuthorizationError } from './errors.ts'

/**
 * Combines errors into one, with the message of Kubernetes' aggregate: flattened, without duplicates, `[first, second]`.
 *
 * Source: apimachinery `pkg/util/errors`.
 */
export function aggregateErrors(errors: readonly AuthorizationError[]): AuthorizationError | undefined {
  const flat = new Map<string, AuthorizationError>()
  for (const error of errors.flatMap((each) => (each.errors.length > 0 ? each.errors : [each]))) {
    if (!flat.has(error.message)) flat.set(error.message, error)
  }
  const distinct = [...flat.values()]
  if (distinct.length <= 1) return distinct[0]
  const waits = distinct.flatMap(({ retryAfterSeconds: seconds }) => (seconds === undefined ? [] : [seconds]))
  return new AuthorizationError(aggregateText([...flat.keys()]), {
    errors: distinct,
    ...(waits.length > 0 && { retryAfterSeconds: Math.max(...waits) }),
  })
}

/** The message of Kubernetes' aggregate of these messages. There must be at least one. */
export function aggregateText(texts: readonly string[]): string {
  const distinct = [...new Set(texts)]
  return distinct.length > 1 ? `[${distinct.join(', ')}]` : (distinct[0] ?? '')
}
