import type { Node } from '../engine.ts'
import {
  FUNCTIONS,
  HIDDEN_NAMES,
  METHODS,
  NAMESPACES,
  OWN_FUNCTIONS,
  OWN_METHODS,
  ownName,
} from './functions.ts'
import { nodesOf } from './tree.ts'

/** The first call or name that is not allowed. */
export function forbiddenNode(root: Node): { readonly node: Node; readonly name: string } | undefined {
  const namespaces = new Set<Node>()
  for (const node of nodesOf(root)) {
    const namespace = namespaceOf(node)
    if (namespace !== undefined) namespaces.add(namespace)
    else if (node.op === 'id' && HIDDEN_NAMES.has(node.args) && !namespaces.has(node)) {
      return { node, name: node.args }
    } else if (node.op === 'call' && !FUNCTIONS.has(node.args[0])) return { node, name: node.args[0] }
    else if (node.op === 'rcall' && !METHODS.has(node.args[0])) return { node, name: node.args[0] }
  }
  return undefined
}

/**
 * Renames calls of functions that we replace, because cel-js does not allow replacing its own. The source is changed in place, by position:
 * cel-js cannot always parse the trees that it prints.
 */
export function withOwnFunctions(source: string, root: Node): string {
  const characters = [...splitUnits(source)]
  for (const node of nodesOf(root)) {
    const place = ownCall(source, node)
    if (place !== undefined) characters[place] = ownName(characters[place] ?? '')
  }
  return characters.join('')
}

/** Whether the tree still calls a function that we replace. */
export function hasReplacedCall(root: Node): boolean {
  for (const node of nodesOf(root)) {
    if (namespaceOf(node) !== undefined) return true
    if (node.op === 'call' && OWN_FUNCTIONS.has(node.args[0])) return true
    if (node.op === 'rcall' && OWN_METHODS.has(node.args[0]) && !isOwnNamespace(node.args[1])) return true
  }
  return false
}

/** The position of the name to capitalise: of the function, or of its namespace. */
function ownCall(source: string, node: Node): number | undefined {
  const namespace = namespaceOf(node)
  if (namespace !== undefined) return namespace.start
  if (node.op === 'call') return OWN_FUNCTIONS.has(node.args[0]) ? node.start : undefined
  if (node.op !== 'rcall' || !OWN_METHODS.has(node.args[0])) return undefined
  // Closing brackets and comments may follow the receiver.
  const between = /(?:[\s)]|\/\/[^\n]*\n)*\.(?:\s|\/\/[^\n]*\n)*/y
  between.lastIndex = node.args[1].end
  return between.test(source) ? between.lastIndex : undefined
}

/** The namespace of a function, such as `sets` in `sets.contains(a, b)`. */
function namespaceOf(node: Node): Node | undefined {
  if (node.op !== 'rcall') return undefined
  const [name, receiver] = node.args
  const isNamespace = receiver.op === 'id' && NAMESPACES.get(receiver.args)?.has(name) === true
  return isNamespace ? receiver : undefined
}

function isOwnNamespace(node: Node): boolean {
  return node.op === 'id' && [...NAMESPACES.keys()].some((name) => ownName(name) === node.args)
}

/** UTF-16 units, as positions count them. */
function* splitUnits(text: string): Generator<string> {
  for (let index = 0; index < text.length; index++) yield text.charAt(index)
}
