import type { ASTNode, Environment, TypeDeclaration } from '@marcbachmann/cel-js'

/*
 * What the library hands to a macro. It is the same that its own macros use; the library declares none of it, and is pinned.
 */

/** Adds a function, or an overload of one. */
export type Register = (signature: string, handler: (...values: never[]) => unknown) => void

/** Adds functions that nobody has to wait for. */
export function registrar(environment: Environment): Register {
  return (signature, handler) => {
    environment.registerFunction(signature, handler, { async: false })
  }
}

/** A node of the syntax tree. */
export type Node = ASTNode

/** How the library finds out a static type. */
export type Check = (checker: Checker, node: Node, scope: Scope) => Type

/** A node whose types or values can be told anew. */
interface Changeable {
  readonly meta: { readonly check: Check }
  setMeta(key: 'async' | 'check' | 'evaluate', value: unknown): void
}

/** Every node is one. */
export function isChangeable(node: Node): node is Node & Changeable {
  return 'setMeta' in node
}

/** A list or a map that is written out. */
export type LiteralNode = Extract<Node, { readonly op: 'list' | 'map' }> & Changeable

/** The call of a function that was checked. */
export type CallNode = Extract<Node, { readonly op: 'call' }> & {
  readonly argTypes: readonly Type[]
  handle(values: readonly unknown[], node: Node, evaluator?: Evaluator): unknown
}

/** The call of a function of a value that was checked. The value comes first. */
export type MethodCallNode = Extract<Node, { readonly op: 'rcall' }> & {
  readonly candidates: Iterable<Declaration>
  handle(values: readonly unknown[], evaluator: Evaluator, node: Node): unknown
}

/** One of the functions of a name. */
export interface Declaration {
  readonly receiverType: Type | null
  readonly argTypes: readonly Type[]
  readonly returnType: Type
}

/** A static type. */
export type Type = TypeDeclaration

/** The variables that are visible, and their values. */
export interface Scope {
  forkWithVariable(name: string, type: Type): Scope
  reuse(parent: Scope): Scope
  setIterValue(value: unknown, evaluator: Evaluator): Scope
}

/** Tells types, before anything is evaluated. */
export interface Checker {
  readonly objectTypes: ReadonlyMap<string, { readonly fields?: Readonly<Record<string, Type>> }>
  readonly registry: {
    getListType(type: Type): Type
    getMapType(key: Type, value: Type): Type
    getOptionalType(type: Type): Type
  }
  check(node: Node, scope: Scope): Type
  getType(name: string): Type
  createError(code: string, message: string, node: Node): Error
}

/** Tells values. */
export interface Evaluator {
  /** The type of a value, on the outside. */
  debugType(value: unknown): Type
  /** The type of a value with what is in it. */
  debugTypeDeep(value: unknown): Type
  run(node: Node, scope: Scope): unknown
  createError(code: string, message: string, node?: Node): Error
}

/** A call of a macro, as it was parsed. */
export interface MacroCall {
  readonly args: readonly Node[]
  readonly receiver: Node | null
}

/** A call whose arguments are not evaluated before it. `self` is the macro itself. */
export interface Macro {
  readonly async: false
  typeCheck(checker: Checker, self: unknown, scope: Scope): Type
  evaluate(evaluator: Evaluator, self: unknown, scope: Scope): unknown
}

/** The name that a macro binds. */
export function boundName(checker: Checker, node: Node): string {
  if (node.op === 'id') return node.args
  throw checker.createError('invalid_macro_argument', 'argument must be a simple name', node)
}

/** Refuses a predicate that is never true or false. */
export function requireBool(checker: Checker, type: Type, node: Node): void {
  if (type.type === 'bool' || type.kind === 'dyn') return
  throw checker.createError('type_mismatch', `expected type 'bool' but found '${type.name}'`, node)
}
