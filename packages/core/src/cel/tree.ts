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

/**
 * How often a value may be gone through in full, each time that this is evaluated. Functions take a tenth of a
 * comparison or of a list that grows; with a literal these cost nothing to speak of.
 */
export function linearOperations(root: Node): number {
  let count = 0
  for (const node of nodesOf(root)) {
    if (node.op === 'in' || node.op === '==' || node.op === '!=') {
      if (!node.args.some(isShort)) count++
    } else if (node.op === '+') {
      if (!node.args.some(({ op }) => op === 'value')) count++
    } else if (node.op === 'call' || node.op === 'rcall') count += 0.1
  }
  return count
}

function isShort(operand: Node): boolean {
  return operand.op === 'value' || (operand.op === 'list' && operand.args.every(({ op }) => op === 'value'))
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
