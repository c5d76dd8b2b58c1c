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

/** The first call that nobody may make, or name that nobody may use. */
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
 * The same expression with calls of our own functions, which have other names because the library lets nobody replace its own. It
 * is changed in place, by position: a tree that the library prints is not always one that it can read.
 */
export function withOwnFunctions(source: string, root: Node): string {
  const characters = [...splitUnits(source)]
  for (const node of nodesOf(root)) {
    const place = ownCall(source, node)
    if (place !== undefined) characters[place] = ownName(characters[place] ?? '')
  }
  return characters.join('')
}

/** Whether a call of a function that we replace is still there. */
export function hasReplacedCall(root: Node): boolean {
  for (const node of nodesOf(root)) {
    if (namespaceOf(node) !== undefined) return true
    if (node.op === 'call' && OWN_FUNCTIONS.has(node.args[0])) return true
    if (node.op === 'rcall' && OWN_METHODS.has(node.args[0]) && !isOwnNamespace(node.args[1])) return true
  }
  return false
}

/** Where the name of the function is, or that of what it belongs to, when it is one of ours. */
function ownCall(source: string, node: Node): number | undefined {
  const namespace = namespaceOf(node)
  if (namespace !== undefined) return namespace.start
  if (node.op === 'call') return OWN_FUNCTIONS.has(node.args[0]) ? node.start : undefined
  if (node.op !== 'rcall' || !OWN_METHODS.has(node.args[0])) return undefined
  // Behind the receiver there may be brackets that close, and comments.
  const between = /(?:[\s)]|\/\/[^\n]*\n)*\.(?:\s|\/\/[^\n]*\n)*/y
  between.lastIndex = node.args[1].end
  return between.test(source) ? between.lastIndex : undefined
}

/** The name that a function belongs to, as `sets` in `sets.contains(a, b)`. */
function namespaceOf(node: Node): Node | undefined {
  if (node.op !== 'rcall') return undefined
  const [name, receiver] = node.args
  const isNamespace = receiver.op === 'id' && NAMESPACES.get(receiver.args)?.has(name) === true
  return isNamespace ? receiver : undefined
}

function isOwnNamespace(node: Node): boolean {
  return node.op === 'id' && [...NAMESPACES.keys()].some((name) => ownName(name) === node.args)
}

/** UTF-16 units, which is what positions count. */
function* splitUnits(text: string): Generator<string> {
  for (let index = 0; index < text.length; index++) yield text.charAt(index)
}
