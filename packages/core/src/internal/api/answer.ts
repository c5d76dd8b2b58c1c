import { withWarnings } from '../warning-headers.ts'
import type { HttpAnswer, StatusError } from '../../authenticator/status.ts'

/**
 * An answer with an object, as the Kubernetes API sends it: uncacheable JSON.
 *
 * @param warnings messages for `Warning` headers.
 */
export function objectAnswer(status: number, object: object, warnings: readonly string[] = []): HttpAnswer {
  return {
    status,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-cache, private',
      ...withWarnings(warnings),
    },
    content: JSON.stringify(object),
  }
}

/** Adds `Warning` headers to a refusal. */
export function refusalWithWarnings(
  { status, headers, content }: StatusError,
  warnings: readonly string[],
): HttpAnswer {
  return { status, headers: { ...headers, ...withWarnings(warnings) }, content }
}
