import type { KubeObject } from '../registry/kube-object.ts'
import type { Resource } from '../registry/resource.ts'

/** The annotation of the bookmark after the initial events. Source: apimachinery `pkg/apis/meta/v1/types.go`. */
export const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'

export interface TableContent {
  readonly resource: Resource
  readonly objects: readonly KubeObject[]
  /** The metadata of the list; those of the object if there is only one. */
  readonly metadata: object
  /** `includeObject`: what each row has besides its cells. */
  readonly include: 'None' | 'Metadata' | 'Object'
  readonly nowMs: number
  /** Whether the columns are described. Default `true`. */
  readonly hasColumns?: boolean
}

/** What the rows of a table have. */
export type RowContent = Pick<TableContent, 'resource' | 'include' | 'nowMs'>

/**
 * Objects as the rows of a table, as `kubectl get` prints it.
 *
 * Source: apimachinery `pkg/apis/meta/v1/types.go` Table; apiserver `pkg/endpoints/handlers/response.go`.
 */
export function tableOf({ objects, ...content }: TableContent): object {
  return { ...tableHead(content), rows: objects.map((object) => rowOf(content, object)) }
}

export function tableHead({
  resource,
  metadata,
  hasColumns = true,
}: Pick<TableContent, 'resource' | 'metadata' | 'hasColumns'>): object {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: hasColumns ? columnsOf(resource) : null,
  }
}

// Deviation: columns have no description (`docs/deviations.md`, descriptions of columns).
function columnsOf({ columns }: Resource): readonly object[] {
  return columns.map(({ name, type, format = '', priority = 0 }) => ({
    name,
    type,
    format,
    description: '',
    priority,
  }))
}

export function rowOf({ resource, include, nowMs }: RowContent, object: KubeObject): object {
  const hasObject = include !== 'None' || object.metadata.annotations?.[INITIAL_EVENTS_END] === 'true'
  return {
    cells: resource.columns.map((column) => column.cell(object, nowMs)),
    object: !hasObject ? null : include === 'Object' ? object : partialObject(object),
  }
}

/**
 * The metadata of an object, as an object.
 *
 * Source: apimachinery `pkg/api/meta/meta.go` AsPartialObjectMetadata.
 */
export function partialObject({ metadata }: KubeObject): object {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
}
