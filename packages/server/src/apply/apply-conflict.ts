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
  const told = conflicts
    .map(({ entry, path }) => ({ owner: nameOf(entry), path }))
    .toSorted((a, b) => (a.owner < b.owner ? -1 : a.owner > b.owner ? 1 : 0))
    .slice(0, MAX_TOLD)
  return new StatusError({
    status: 409,
    reason: 'Conflict',
    message: `Apply failed with ${wordsOf(told, conflicts.length)}`,
    details: {
      causes: told.map(({ owner, path }) => ({
        reason: 'FieldManagerConflict',
        message: `conflict with ${owner}`,
        field: path,
      })),
    },
  })
}

interface Told {
  readonly owner: string
  readonly path: string
}

function wordsOf(told: readonly Told[], count: number): string {
  const [first] = told
  if (first !== undefined && count === 1) return `1 conflict: conflict with ${first.owner}: ${first.path}`
  const owners = [...new Set(told.map(({ owner }) => owner))]
  const lines = owners.flatMap((each) => [
    `conflicts with ${each}:`,
    ...told.filter(({ owner }) => owner === each).map(({ path }) => `- ${path}`),
  ])
  return `${count} conflicts: ${lines.join('\n')}`
}

/** An applier has one set of fields whatever the version, an updater one for each. */
function nameOf({ manager, subresource, operation, apiVersion }: ManagedFieldsEntry): string {
  const part = subresource === undefined ? '' : ` with subresource ${quoted(subresource)}`
  return `${quoted(manager)}${part}${operation === 'Update' ? ` using ${apiVersion}` : ''}`
}
