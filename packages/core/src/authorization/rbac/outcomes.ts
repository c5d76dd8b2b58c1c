import { type ErrorList, errorList } from '../../internal/field/errors.ts'
import { memberOf } from '../../internal/objects.ts'
import { ReadItems } from '../../internal/yaml/json-pieces.ts'
import { objectText, type RbacAdvice } from './advice.ts'
import { decodeObject, type ForeignObject, isForeign } from './decode.ts'
import { listed } from './listed.ts'
import type { RbacObject } from './objects.ts'
import { SharedParts } from './shared-parts.ts'
import { validateObject } from './validate.ts'

/** What was made of an object: a small copy of a valid role or binding, or what is to be said of any other. */
export type Outcome = RbacObject | Doubtful

/** Anything but a valid role or binding of which nothing is to be said. */
export interface Doubtful {
  /** The copy, unless it could not be made. */
  readonly object?: RbacObject
  readonly errors: ErrorList
  /** In messages; `undefined` if it has no name, or is none of ours. */
  readonly name?: string | undefined
  /** @param path where the object is. */
  readonly adviceAt: (path: string) => readonly RbacAdvice[]
}

/** Returns a function that decodes and validates an object, and keeps nothing else of it. */
export function objectReader(namespace: string | undefined): (value: unknown) => Outcome {
  const shared = new SharedParts()
  return (value) => {
    const errors = errorList()
    const decoded = decodeObject(value, errors)
    if (decoded === undefined) return { errors, adviceAt: () => [] }
    if (isForeign(decoded)) return { errors, adviceAt: (path) => [foreignObject(decoded, path)] }
    const object = placed(decoded, namespace)
    const isIgnored = isClusterScoped(decoded) && decoded.namespace !== ''
    const doubtful = (copy?: RbacObject): Doubtful => ({
      errors,
      name: object.name === '' ? undefined : objectText(object),
      adviceAt: () => (isIgnored ? [ignoredNamespace(decoded)] : []),
      ...(copy !== undefined && { object: copy }),
    })
    // A value of the wrong type was read as empty, and would also be reported as missing.
    if (errors.errors.length > 0) return doubtful()
    validateObject(object, value, errors)
    const copy = shared.copy(object)
    return errors.errors.length === 0 && !isIgnored ? copy : doubtful(copy)
  }
}

/** What is made of the objects of a document, or was made of them by `itemReader`. */
export function* outcomesIn(document: unknown, read: (value: unknown) => Outcome): Iterable<Outcome> {
  const items = memberOf(document, 'items')
  if (items instanceof ReadItems) yield* items.items as readonly Outcome[]
  else for (const value of listed([document])) yield read(value)
}

function isClusterScoped({ kind }: RbacObject): boolean {
  return kind === 'ClusterRole' || kind === 'ClusterRoleBinding'
}

/**
 * The object with its effective namespace: none if it is cluster-scoped; the default one if it has none.
 *
 * Source: apiserver `pkg/registry/rest/create.go` (`EnsureObjectNamespaceMatchesRequestNamespace`).
 */
function placed(object: RbacObject, ofOthers = ''): RbacObject {
  if (isClusterScoped(object)) return object.namespace === '' ? object : { ...object, namespace: '' }
  return object.namespace === '' ? { ...object, namespace: ofOthers } : object
}

function ignoredNamespace(object: RbacObject): RbacAdvice {
  return {
    code: 'ignoredNamespace',
    path: `${objectText({ ...object, namespace: '' })}: metadata.namespace`,
    message: `a ${object.kind} has no namespace, so ${JSON.stringify(object.namespace)} is ignored, as the API server does`,
  }
}

function foreignObject(object: ForeignObject, path: string): RbacAdvice {
  return {
    code: 'foreignObject',
    path,
    message: `${object.description} is neither a role nor a binding, and is ignored`,
  }
}
