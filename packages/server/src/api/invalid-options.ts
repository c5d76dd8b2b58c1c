import { StatusError } from '@kube-authn/core/adapter'
import type { ErrorList } from '@kube-authn/core/internal'

/** 422: options in the query are invalid. */
export function invalidOptions(errors: ErrorList): StatusError {
  return new StatusError({
    status: 422,
    reason: 'Invalid',
    message: `ListOptions.meta.k8s.io "" is invalid: ${errors.toString()}`,
    details: {
      group: 'meta.k8s.io',
      kind: 'ListOptions',
      causes: errors.errors.map(({ type, message, field }) => ({
        reason: `FieldValue${type}`,
        message,
        field,
      })),
    },
  })
}
