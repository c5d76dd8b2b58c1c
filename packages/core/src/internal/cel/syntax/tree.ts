import type { Node } from '../engine.ts'

/** The children of a node, in order. */
function children(node: Node): readonly Node[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return []
    case '.':
    case '.?':
      return [node.args[0]]
    case 'call':
      return node.args[1]
    case 'rcall':
      return [node.args[1], ...node.args[2]]
    case '!_':
    case '-_':
      return [node.args]
    case 'map':
      return node.args.flat()
    default:
      return node.args
  }
}

/** A node and all its descendants. Iterative, because a tree may be deeper than the stack. */
export function* nodesOf(root: Node): Generator<Node> {
  const waiting = [root]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node
    for (const child of children(node)) waiting.push(child)
  }
}

/** Counts the nodes. */
export function sizeOf(root: Node): number {
  let count = 0
  for (const _ of nodesOf(root)) count++
  return count
}

/** Whether the tree contains `variable.field` or `variable.?field`. */
export function selectsField(root: Node, variable: string, field: string): boolean {
  for (const node of nodesOf(root)) {
    if (node.op !== '.' && node.op !== '.?') continue
    const [operand, name] = node.args
    if (name === field && operand.op === 'id' && operand.args === variable) return true
  }
  return false
}
