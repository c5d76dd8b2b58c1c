import { withWarnings } from '../warning-headers.ts'
import type { HttpAnswer, StatusError } from '../../authenticator/status.ts'

/**
 * An object as the Kubernetes API answers with it: JSON that nobody keeps.
 *
 * @param warnings texts for the client.
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

/** A refusal with texts for the client beside it. */
export function refusalWithWarnings(
  { status, headers, content }: StatusError,
  warnings: readonly string[],
): HttpAnswer {
  return { status, headers: { ...headers, ...withWarnings(warnings) }, content }
}
