import { isObject } from '@kube-authn/core/internal'
import type { KubeObject } from '../registry/kube-object.ts'
import { isDeeperThan, MAX_DEPTH } from '../registry/json-values.ts'
import { apiVersionOf, type Fields, type Resource } from '../registry/resource.ts'
import { partIn } from '../registry/resources/field-values.ts'
import { difference, type FieldSet, NO_FIELDS, union } from './field-set.ts'
import { changesOfObject, fieldsOfConfiguration, ownable } from './owners.ts'

/** Where `kubectl apply` keeps what it has applied. */
const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration'
/** The only manager that takes over from it. */
const KUBECTL = 'kubectl'
/** Annotations of an object together, in bytes. */
const MAX_ANNOTATIONS_BYTES = 262_144

/**
 * The fields that `kubectl apply` has written as they are: `kubectl apply --server-side` takes them over without a conflict.
 *
 * Source: apimachinery `pkg/util/managedfields/internal/lastappliedmanager.go`.
 */
export function fieldsOfLastApplied(resource: Resource, live: KubeObject, manager: string): FieldSet {
  const applied = manager === KUBECTL ? parsed(live.metadata.annotations?.[ANNOTATION]) : undefined
  if (applied === undefined || applied['apiVersion'] !== apiVersionOf(resource)) return NO_FIELDS
  const wanted = ownable(applied)
  const { changed, removed } = changesOfObject(resource, wanted, ownable(live))
  return difference(fieldsOfConfiguration(resource, wanted), union(changed, removed))
}

/**
 * The object with the annotation of `kubectl apply` as if that had applied the configuration: who goes back to it finds the present one.
 *
 * Source: apimachinery `pkg/util/managedfields/internal/lastappliedupdater.go`.
 */
export function withLastApplied(value: Fields, configuration: Fields, manager: string): Fields {
  const { metadata } = value
  if (manager !== KUBECTL || !isObject(metadata)) return value
  const { annotations } = metadata
  if (!isObject(annotations) || (annotations[ANNOTATION] ?? '') === '') return value
  const { [ANNOTATION]: _, ...others } = annotations
  const current = { ...others, [ANNOTATION]: lastApplied(configuration) }
  return { ...value, metadata: { ...metadata, annotations: isTooLarge(current) ? others : current } }
}

function lastApplied(configuration: Fields): string {
  const { metadata: _, ...fields } = configuration
  const { annotations: _annotations, ...marks } = partIn(configuration, 'metadata')
  const { [ANNOTATION]: _last, ...others } = partIn(partIn(configuration, 'metadata'), 'annotations')
  const kept = { ...marks, ...(Object.keys(others).length > 0 && { annotations: others }) }
  return `${JSON.stringify({ ...fields, metadata: kept })}\n`
}

function isTooLarge(annotations: Fields): boolean {
  const texts = Object.entries(annotations).flat().map(String)
  return UTF8.encode(texts.join('')).length > MAX_ANNOTATIONS_BYTES
}

const UTF8 = new TextEncoder()

/** `undefined` if it is not an object, or too deep for one. Any user may have written it. */
function parsed(annotation: string | undefined): Fields | undefined {
  try {
    const value: unknown = JSON.parse(annotation ?? '')
    return isObject(value) && !isDeeperThan(value, MAX_DEPTH) ? value : undefined
  } catch {
    return undefined
  }
}
