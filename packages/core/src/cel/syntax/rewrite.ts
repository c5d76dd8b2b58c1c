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
  for (const node of nodesOf(root)) {
    if (node.op === 'id' && HIDDEN_NAMES.has(node.args)) return { node, name: node.args }
    if (node.op === 'call' && !FUNCTIONS.has(node.args[0])) return { node, name: node.args[0] }
    if (node.op === 'rcall' && !methodsOf(node.args[1]).has(node.args[0])) return { node, name: node.args[0] }
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
    if (node.op === 'call' && OWN_FUNCTIONS.has(node.args[0])) return true
    if (node.op === 'rcall' && isOwnMethod(node.args[1], node.args[0])) return true
  }
  return false
}

/** Where the name of the function is, when it is one of ours. */
function ownCall(source: string, node: Node): number | undefined {
  if (node.op === 'call') return OWN_FUNCTIONS.has(node.args[0]) ? node.start : undefined
  if (node.op !== 'rcall' || !isOwnMethod(node.args[1], node.args[0])) return undefined
  // Behind the receiver there may be brackets that close, and comments.
  const between = /(?:[\s)]|\/\/[^\n]*\n)*\.(?:\s|\/\/[^\n]*\n)*/y
  between.lastIndex = node.args[1].end
  return between.test(source) ? between.lastIndex : undefined
}

function isOwnMethod(receiver: Node, name: string): boolean {
  return OWN_METHODS.has(name) && methodsOf(receiver) === METHODS
}

function methodsOf(receiver: Node): ReadonlySet<string> {
  return (receiver.op === 'id' ? NAMESPACES.get(receiver.args) : undefined) ?? METHODS
}

/** UTF-16 units, which is what positions count. */
function* splitUnits(text: string): Generator<string> {
  for (let index = 0; index < text.length; index++) yield text.charAt(index)
}
