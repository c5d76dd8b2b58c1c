import type { HttpAnswer, StatusError } from '@kube-authn/core/adapter'
import { withWarnings } from '@kube-authn/core/internal'

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
