import type { Node } from '../syntax/ast.ts'
import type { Problem } from '../syntax/source.ts'
import { ERROR, printedType, type Type } from './types.ts'

/** The problems that a check finds. Each method returns the type of an expression that has one. */
export class Issues {
  readonly problems: Problem[] = []

  report({ offset }: Pick<Node, 'offset'>, message: string): Type {
    this.problems.push({ message, offset })
    return ERROR
  }

  undeclared(node: Pick<Node, 'offset'>, name: string, container: string): Type {
    return this.report(node, `undeclared reference to '${name}' (in container '${container}')`)
  }

  mismatch(node: Node, expected: Type, found: Type): Type {
    return this.report(node, `expected type '${printedType(expected)}' but found '${printedType(found)}'`)
  }

  /** @param types of the arguments; the receiver first, if the call has one. */
  noOverload(node: Node, name: string, [receiver = '', ...rest]: readonly string[], isMember: boolean): Type {
    const applied = isMember ? `${receiver}.(${rest.join(', ')})` : `(${[receiver, ...rest].join(', ')})`
    return this.report(node, `found no matching overload for '${name}' applied to '${applied}'`)
  }
}
