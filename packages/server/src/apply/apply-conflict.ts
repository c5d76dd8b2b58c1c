import { StatusError } from '@kube-authn/core/adapter'
import { quoted } from '@kube-authn/core/internal'
import type { ManagedFieldsEntry } from '../registry/kube-object.ts'

/** A field that another manager owns. */
export interface Conflict {
  readonly entry: ManagedFieldsEntry
  readonly path: string
}

/** How many conflicts are told. */
const MAX_TOLD = 100

/**
 * 409: others own fields that are applied with other values. No values are shown.
 *
 * Source: apimachinery `pkg/util/managedfields/internal/conflict.go`.
 */
export function applyConflict(conflicts: readonly Conflict[]): StatusError {
  const told = conflicts.slice(0, MAX_TOLD)
  const words = told.map(({ entry, path }) => `${withWhom(entry)}: ${path}`)
  const count = conflicts.length === 1 ? '1 conflict' : `${conflicts.length} conflicts`
  return new StatusError({
    status: 409,
    reason: 'Conflict',
    message: `Apply failed with ${count}: ${words.join(', ')}`,
    details: {
      causes: told.map(({ entry, path }) => ({
        reason: 'FieldManagerConflict',
        message: withWhom(entry),
        field: path,
      })),
    },
  })
}

function withWhom({ manager, subresource, apiVersion }: ManagedFieldsEntry): string {
  const part = subresource === undefined ? '' : ` with subresource ${quoted(subresource)}`
  return `conflict with ${quoted(manager)}${part} using ${apiVersion}`
}
