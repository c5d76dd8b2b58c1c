import { warningHeader } from '../headers/warning.ts'
import type { HttpAnswer } from '../status.ts'

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
      ...(warnings.length > 0 && { warning: warnings.map(warningHeader) }),
    },
    content: JSON.stringify(object),
  }
}
