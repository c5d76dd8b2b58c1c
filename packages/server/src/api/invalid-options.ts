import { StatusError } from '@kube-authn/core/adapter'
import type { ErrorList } from '@kube-authn/core/internal'

/** The kinds of options that a query or a body has. */
export type OptionsKind = 'CreateOptions' | 'DeleteOptions' | 'ListOptions' | 'PatchOptions' | 'UpdateOptions'

/** @throws {StatusError} 422 if there are errors. */
export function requireValid(kind: OptionsKind, errors: ErrorList): void {
  if (errors.errors.length === 0) return
  throw new StatusError({
    status: 422,
    reason: 'Invalid',
    message: `${kind}.meta.k8s.io "" is invalid: ${errors.toString()}`,
    details: {
      group: 'meta.k8s.io',
      kind,
      causes: errors.errors.map(({ type, message, field }) => ({
        reason: `FieldValue${type}`,
        message,
        field,
      })),
    },
  })
}
