import type { Node } from './engine.ts'

/** The nodes directly below a node, in order. */
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

/** A node and everything below it. No recursion: a tree may be deeper than the stack. */
export function* nodesOf(root: Node): Generator<Node> {
  const waiting = [root]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node
    for (const child of children(node)) waiting.push(child)
  }
}

/** How often a value is gone through in full, each time that this is evaluated. */
export function linearOperations(root: Node): number {
  let count = 0
  for (const { op } of nodesOf(root)) {
    if (op === 'in' || op === '==' || op === '!=' || op === '+' || op === '<' || op === '<=') count++
    else if (op === '>' || op === '>=' || op === 'call' || op === 'rcall') count++
  }
  return count
}

/** Whether `variable.field` or `variable.?field` is anywhere in it. */
export function selectsField(root: Node, variable: string, field: string): boolean {
  for (const node of nodesOf(root)) {
    if (node.op !== '.' && node.op !== '.?') continue
    const [operand, name] = node.args
    if (name === field && operand.op === 'id' && operand.args === variable) return true
  }
  return false
}
