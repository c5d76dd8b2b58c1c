import { isObject } from '@kube-authn/core/internal'

/** A JSON value that can be changed: objects are maps, so that no key has a meaning of its own. */
export type JsonTree = string | number | boolean | null | JsonTree[] | Map<string, JsonTree>

/** A copy of a JSON value, as a tree. */
export function treeOf(value: unknown): JsonTree {
  if (Array.isArray(value)) return value.map(treeOf)
  if (isObject(value)) return new Map(Object.entries(value).map(([key, each]) => [key, treeOf(each)]))
  return isPrimitive(value) ? value : null
}

function isPrimitive(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/** The JSON value of a tree. */
export function valueOfTree(tree: JsonTree): unknown {
  if (Array.isArray(tree)) return tree.map(valueOfTree)
  if (!(tree instanceof Map)) return tree
  return Object.fromEntries([...tree].map(([key, each]) => [key, valueOfTree(each)]))
}

/** About how many characters of JSON a tree has. */
export function sizeOfTree(tree: JsonTree): number {
  if (typeof tree === 'string') return tree.length + 2
  if (Array.isArray(tree)) return tree.reduce((sum: number, each) => sum + sizeOfTree(each) + 1, 2)
  if (!(tree instanceof Map)) return 5
  let size = 2
  for (const [key, each] of tree) size += key.length + 4 + sizeOfTree(each)
  return size
}

/** Whether two trees are equal as JSON values: the order of keys does not matter. */
export function areEqualTrees(a: JsonTree, b: JsonTree): boolean {
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((each, index) => isEqualTo(each, b[index]))
  }
  if (!(a instanceof Map)) return a === b
  return b instanceof Map && a.size === b.size && [...a].every(([key, each]) => isEqualTo(each, b.get(key)))
}

function isEqualTo(a: JsonTree, b: JsonTree | undefined): boolean {
  return b !== undefined && areEqualTrees(a, b)
}
