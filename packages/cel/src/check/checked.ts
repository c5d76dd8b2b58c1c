import type { BindNode, CallNode, FoldNode, Node } from '../syntax/ast.ts'
import type { FunctionDeclaration, Overload } from './declarations.ts'
import type { Declarations, Local, Reference } from './scope.ts'
import type { Substitution } from './substitution.ts'
import { ERROR, printedType, type Type } from './types.ts'
import type { Problem } from '../syntax/source.ts'

/** A call and the overloads that fit its arguments. */
export interface ResolvedCall {
  readonly declaration: FunctionDeclaration
  readonly overloads: readonly Overload[]
  /** The receiver, unless it is only a part of the name, as in `lists.range(1)`, and the arguments. */
  readonly args: readonly Node[]
}

export interface Checked {
  readonly root: Node
  typeOf(node: Node): Type
  referenceOf(node: Node): Reference | undefined
  callOf(node: CallNode): ResolvedCall | undefined
  /** The variables of a comprehension, or that of a named value. */
  localsOf(node: FoldNode | BindNode): readonly Local[]
  typeOfLocal(local: Local): Type
}

export interface CheckOptions {
  /** Whether types are only known at evaluation. */
  readonly isDynamic: boolean
  /** Whether, as in the language but not in cel-go, a local variable hides all names that start with its name and a dot. */
  readonly isStrict: boolean
}

export interface CheckState {
  readonly declarations: Declarations
  readonly substitution: Substitution
  readonly issues: Issues
}

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
