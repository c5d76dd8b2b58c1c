import { isObject } from '@kube-authn/core/internal'
import { badRequest } from '../registry/status-errors.ts'
import { type Container, type Place, placeOf } from './json-pointer.ts'
import { areEqualTrees, copyOfTree, type JsonTree, sizeOfTree, treeOf, valueOfTree } from './json-tree.ts'
import { patchFailed, patchTooLarge } from './patch-errors.ts'

/** How many operations a patch may have, as in kube-apiserver. */
const MAX_OPERATIONS = 10_000
/** How many characters of JSON the `copy` operations of a patch may add: as in kube-apiserver, those of a request. */
const MAX_COPIED = 3_145_728
/** How many elements of lists a patch may move by inserting and removing others. */
const MAX_MOVED = 20_000_000

/** An operation of a patch. */
interface Operation {
  readonly op: string
  readonly path: string
  readonly from: string | undefined
  /** `undefined` if there is none. */
  readonly value: JsonTree | undefined
}

/** What the operations of one patch have done so far. */
interface Work {
  copied: number
  moved: number
}

/**
 * Applies a JSON patch: all of its operations, or none. Keys such as `__proto__` are ordinary ones, since a ConfigMap may have them.
 *
 * Libraries were considered: `fast-json-patch` 3.1 and `rfc6902` 5.4 lose or refuse the keys `__proto__` and `constructor`, and have no limits.
 *
 * Source: RFC 6902; apiserver `pkg/endpoints/handlers/patch.go` jsonPatcher.
 *
 * @param target is not changed.
 * @throws {StatusError} 400 if it is no JSON patch, 413 if it has too many operations, 422 if one of them fails.
 */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch must be a list of operations')
  if (patch.length > MAX_OPERATIONS) {
    const allowed = `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}`
    throw patchTooLarge(`${allowed}, got ${patch.length}`)
  }
  const work = { copied: 0, moved: 0 }
  let document = treeOf(target)
  for (const [index, sent] of patch.entries()) {
    document = applied(document, operationOf(sent, index), work)
  }
  return valueOfTree(document)
}

function operationOf(sent: unknown, index: number): Operation {
  if (!isObject(sent)) throw badRequest(`the operation ${index} of the JSON patch is not an object`)
  const { op, path, from, value } = sent
  if (typeof op !== 'string' || typeof path !== 'string') {
    throw patchFailed(`the operation ${index} must have "op" and "path"`)
  }
  return {
    op,
    path,
    from: typeof from === 'string' ? from : undefined,
    value: value === undefined ? undefined : treeOf(value),
  }
}

function applied(document: JsonTree, operation: Operation, work: Work): JsonTree {
  const { op, path } = operation
  switch (op) {
    case 'add':
      return added(document, path, valueIn(operation), work)
    case 'remove':
      remove(document, path, work)
      return document
    case 'replace': {
      const value = valueIn(operation)
      const place = placeOf(document, path)
      if (place === undefined) return value
      existing(place, path)
      place.container.set(place.key, value)
      return document
    }
    case 'move': {
      const from = fromIn(operation)
      if (path.startsWith(`${from}/`)) throw patchFailed('a value cannot be moved into itself')
      return added(document, path, remove(document, from, work), work)
    }
    case 'copy': {
      const value = found(document, fromIn(operation))
      work.copied += sizeOfTree(value)
      if (work.copied > MAX_COPIED) throw patchFailed('the patch copies too much')
      return added(document, path, copyOfTree(value), work)
    }
    case 'test': {
      if (!areEqualTrees(found(document, path), operation.value ?? null)) {
        throw patchFailed(`testing value ${shown(path)} failed`)
      }
      return document
    }
    default:
      throw patchFailed('the operation is none of add, remove, replace, move, copy and test')
  }
}

function added(document: JsonTree, path: string, value: JsonTree, work: Work): JsonTree {
  const place = placeOf(document, path)
  if (place === undefined) return value
  const { container, key } = place
  if (!container.canAdd(key)) throw patchFailed(`there is no place for ${shown(path)}`)
  count(container, work)
  container.add(key, value)
  return document
}

function remove(document: JsonTree, path: string, work: Work): JsonTree {
  const place = placeOf(document, path)
  if (place === undefined) throw patchFailed('the object itself cannot be removed')
  const value = existing(place, path)
  count(place.container, work)
  place.container.delete(place.key)
  return value
}

function found(document: JsonTree, path: string): JsonTree {
  const place = placeOf(document, path)
  return place === undefined ? document : existing(place, path)
}

function existing({ container, key }: Place, path: string): JsonTree {
  const value = container.get(key)
  if (value === undefined) throw patchFailed(`there is no value at ${shown(path)}`)
  return value
}

function count({ moves }: Container, work: Work): void {
  work.moved += moves
  if (work.moved > MAX_MOVED) throw patchFailed('the patch changes long lists too often')
}

function valueIn({ value }: Operation): JsonTree {
  if (value === undefined) throw patchFailed('the operation must have "value"')
  return value
}

function fromIn({ from }: Operation): string {
  if (from === undefined) throw patchFailed('the operation must have "from"')
  return from
}

function shown(path: string): string {
  return path.length > 256 ? `${path.slice(0, 256)}...` : path
}
