import type { ASTNode, Environment, TypeDeclaration } from '@marcbachmann/cel-js'

/*
 * The interface between cel-js and macros. Its own macros use it, but cel-js does not declare it, so its version is pinned.
 */

/** Registers a function or an overload. */
export type Register = (signature: string, handler: (...values: never[]) => unknown) => void

/** Registers synchronous functions. */
export function registrar(environment: Environment): Register {
  return (signature, handler) => {
    environment.registerFunction(signature, handler, { async: false })
  }
}

/** A node of the syntax tree. */
export type Node = ASTNode

/** Computes a static type in cel-js. */
export type Check = (checker: Checker, node: Node, scope: Scope) => Type

/** A node whose check and evaluation can be replaced. */
interface Changeable {
  readonly meta: { readonly check: Check }
  setMeta(key: 'async' | 'check' | 'evaluate', value: unknown): void
}

/** Every node is changeable at run time. */
export function isChangeable(node: Node): node is Node & Changeable {
  return 'setMeta' in node
}

/** A list or map literal. */
export type LiteralNode = Extract<Node, { readonly op: 'list' | 'map' }> & Changeable

/** A checked function call. */
export type CallNode = Extract<Node, { readonly op: 'call' }> & {
  readonly argTypes: readonly Type[]
  handle(values: readonly unknown[], node: Node, evaluator?: Evaluator): unknown
}

/** A checked method call. The receiver comes first. */
export type MethodCallNode = Extract<Node, { readonly op: 'rcall' }> & {
  readonly candidates: Iterable<Declaration>
  handle(values: readonly unknown[], evaluator: Evaluator, node: Node): unknown
}

/** One overload of a function. */
export interface Declaration {
  readonly receiverType: Type | null
  readonly argTypes: readonly Type[]
  readonly returnType: Type
}

/** A static type. */
export type Type = TypeDeclaration

/** The visible variables and their values. */
export interface Scope {
  forkWithVariable(name: string, type: Type): Scope
  reuse(parent: Scope): Scope
  setIterValue(value: unknown, evaluator: Evaluator): Scope
}

/** Computes static types. */
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

/** Evaluates nodes. */
export interface Evaluator {
  /** The type of a value, without its elements. */
  debugType(value: unknown): Type
  /** The type of a value including its elements. */
  debugTypeDeep(value: unknown): Type
  run(node: Node, scope: Scope): unknown
  createError(code: string, message: string, node?: Node): Error
}

/** A parsed macro call. */
export interface MacroCall {
  readonly args: readonly Node[]
  readonly receiver: Node | null
}

/** A macro: its arguments are not evaluated beforehand. `self` is the macro itself. */
export interface Macro {
  readonly async: false
  typeCheck(checker: Checker, self: unknown, scope: Scope): Type
  evaluate(evaluator: Evaluator, self: unknown, scope: Scope): unknown
}

/** Returns the variable name that a macro binds. */
export function boundName(checker: Checker, node: Node): string {
  if (node.op === 'id') return node.args
  throw checker.createError('invalid_macro_argument', 'argument must be a simple name', node)
}

/** Refuses a predicate that cannot be a bool. */
export function requireBool(checker: Checker, type: Type, node: Node): void {
  if (type.type === 'bool' || type.kind === 'dyn') return
  throw checker.createError('type_mismatch', `expected type 'bool' but found '${type.name}'`, node)
}
