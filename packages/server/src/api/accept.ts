import type { RequestHeaders } from '@kube-authn/core'
import { asksFor, asksForConversion, clausesFor, YAML_MEDIA_TYPE } from '@kube-authn/api/internal'
import { notAcceptable } from '@kube-authn/core/internal'

/** What an answer is: the object itself, a table, or the metadata of an object or of each object in a list. */
export type Form = 'object' | 'table' | 'metadata' | 'metadataList'

/** The answer that a client prefers among those that are served. */
export interface Accepted {
  readonly form: Form
  /** Whether it is in YAML. */
  readonly isYaml: boolean
}

const JSON_MEDIA_TYPE = 'application/json'
const TYPES = [JSON_MEDIA_TYPE, YAML_MEDIA_TYPE]

/**
 * The answer that a client prefers: a table if it asks for one before a plain object, as `kubectl get` does, or metadata, as informers of metadata do.
 *
 * Source: apiserver `pkg/endpoints/handlers/negotiation/negotiate.go`, `pkg/endpoints/handlers/response.go`.
 *
 * Deviation: not in protobuf and CBOR (`docs/deviations.md`, content of objects).
 *
 * @throws {StatusError} 406 if the client accepts none.
 */
export function acceptedOf(headers: RequestHeaders): Accepted {
  const clauses = clausesFor(headers, TYPES)
  if (clauses.length === 0) return { form: 'object', isYaml: false }
  for (const clause of clauses) {
    const isYaml = clause.type === YAML_MEDIA_TYPE
    if (!asksForConversion(clause)) return { form: 'object', isYaml }
    const form = CONVERSIONS.find(({ kind, versions }) =>
      asksFor(clause, kind, 'meta.k8s.io', versions),
    )?.form
    if (form !== undefined) return { form, isYaml }
  }
  throw notAcceptable(TYPES)
}

const CONVERSIONS = [
  { kind: 'Table', versions: ['v1', 'v1beta1'], form: 'table' },
  { kind: 'PartialObjectMetadata', versions: ['v1'], form: 'metadata' },
  { kind: 'PartialObjectMetadataList', versions: ['v1'], form: 'metadataList' },
] as const

/** Requires that a client does not ask for something else than the answer is. @throws {StatusError} 406 */
export function requireOtherForm(form: Form, impossible: Form): void {
  if (form === impossible) throw notAcceptable(TYPES)
}

/** A watch is a stream of JSON. @throws {StatusError} 406 */
export function requireStream({ form, isYaml }: Accepted): void {
  if (isYaml) throw notAcceptable([`${JSON_MEDIA_TYPE};stream=watch`])
  requireOtherForm(form, 'metadataList')
}
