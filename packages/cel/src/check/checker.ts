import {
  type AgainNode,
  type CallNode,
  type FoldNode,
  type IdentNode,
  type ListNode,
  type LiteralValue,
  type MapNode,
  type Node,
  type OnceNode,
  OPERATORS,
  qualifiedName,
  type SelectNode,
} from '../syntax/ast.ts'
import { MAX_ISSUES, type Problem } from '../syntax/source.ts'
import { Uint } from '../values/uint.ts'
import type { FunctionDeclaration, Overload } from './declarations.ts'
import { resolveOverloads } from './overloads.ts'
import {
  candidates,
  type Declarations,
  findFunction,
  findGlobal,
  findLocal,
  type Local,
  type Reference,
  type Scope,
} from './scope.ts'
import { mostGeneral, Substitution } from './substitution.ts'
import {
  BOOL,
  BYTES,
  DOUBLE,
  DYN,
  ERROR,
  INT,
  isDynamic,
  isDynamicOrError,
  isOptional,
  listType,
  mapType,
  NULL,
  optionalType,
  parameterOf,
  printedType,
  STRING,
  type Type,
  UINT,
} from './types.ts'

/** A call and the overloads that fit its arguments. */
export interface ResolvedCall {
  readonly declaration: FunctionDeclaration
  readonly overloads: readonly Overload[]
  /** Whether the receiver is only a part of the name, as in `lists.range(1)`. */
  readonly isQualified: boolean
}

/** A checked expression. */
export interface Checked {
  readonly root: Node
  typeOf(node: Node): Type
  referenceOf(node: Node): Reference | undefined
  callOf(node: CallNode): ResolvedCall | undefined
  /** The variables of a comprehension: its accumulator first. */
  localsOf(node: FoldNode): readonly Local[]
}

/** How values are checked. */
export interface CheckOptions {
  /** Whether types are only known at evaluation. */
  readonly isDynamic: boolean
  /** Whether, as in the language but not in cel-go, a local variable hides all names that start with its name and a dot. */
  readonly isStrict: boolean
}

/**
 * Checks an expression.
 *
 * Source: cel-go `checker/checker.go`.
 */
export function check(
  root: Node,
  declarations: Declarations,
  options: CheckOptions,
): { readonly checked: Checked; readonly problems: readonly Problem[] } {
  const checker = new Checker(declarations, options)
  checker.check(root, undefined)
  return { checked: checker.result(root), problems: checker.problems }
}

class Checker {
  readonly problems: Problem[] = []
  readonly #declarations: Declarations
  readonly #options: CheckOptions
  readonly #substitution = new Substitution()
  readonly #types = new Map<Node, Type>()
  readonly #references = new Map<Node, Reference>()
  readonly #calls = new Map<CallNode, ResolvedCall>()
  readonly #locals = new Map<FoldNode, readonly Local[]>()
  readonly #repeated = new Map<OnceNode, readonly Problem[]>()

  constructor(declarations: Declarations, options: CheckOptions) {
    this.#declarations = declarations
    this.#options = options
  }

  result(root: Node): Checked {
    return {
      root,
      typeOf: (node) => this.#substitution.apply(this.#types.get(node) ?? DYN, true),
      referenceOf: (node) => this.#references.get(node),
      callOf: (node) => this.#calls.get(node),
      localsOf: (node) => this.#locals.get(node) ?? [],
    }
  }

  check(node: Node, scope: Scope | undefined): Type {
    const known = this.#types.get(node)
    if (known !== undefined) return known
    const type = this.#typeOf(node, scope)
    const kept = this.#options.isDynamic && type.kind !== 'error' ? DYN : type
    this.#types.set(node, kept)
    return kept
  }

  #typeOf(node: Node, scope: Scope | undefined): Type {
    switch (node.kind) {
      case 'literal':
        return literalType(node.value)
      case 'ident':
        return this.#ident(node, scope)
      case 'select':
        return this.#select(node, scope)
      case 'call':
        return this.#call(node, scope)
      case 'list':
        return this.#list(node, scope)
      case 'map':
        return this.#map(node, scope)
      case 'message':
        return this.#message(node.name, node.offset)
      case 'fold':
        return this.#fold(node, scope)
      case 'once':
        return this.#once(node, scope)
      case 'again':
        return this.#again(node, scope)
    }
  }

  #once(node: OnceNode, scope: Scope | undefined): Type {
    const start = this.problems.length
    const type = this.check(node.node, scope)
    this.#repeated.set(node, this.problems.slice(start))
    return type
  }

  /** cel-go checks the node once more, and reports its mistakes again. */
  #again({ of }: AgainNode, scope: Scope | undefined): Type {
    const type = this.check(of, scope)
    const problems = this.#repeated.get(of) ?? []
    // A repetition in a repetition in a repetition ... doubles them each time.
    if (this.problems.length < MAX_ISSUES) this.problems.push(...problems)
    return type
  }

  #report(node: Node, message: string): Type {
    this.problems.push({ message, offset: node.offset })
    return ERROR
  }

  /** The error of an unknown name or function; where types are dynamic, the evaluation of a call fails. */
  #unknownFunction(node: CallNode): Type {
    return this.#options.isDynamic ? DYN : this.#undeclared(node, node.name)
  }

  #undeclared(node: Node, name: string): Type {
    return this.#report(
      node,
      `undeclared reference to '${name}' (in container '${this.#declarations.container}')`,
    )
  }

  #ident(node: IdentNode, scope: Scope | undefined): Type {
    const local = findLocal(scope, node.name)
    const reference: Reference | undefined =
      local === undefined ? findGlobal(this.#declarations, node.name) : { kind: 'local', local }
    if (reference === undefined) {
      if (!this.#options.isDynamic) return this.#undeclared(node, node.name)
      // The evaluation fails.
      this.#references.set(node, { kind: 'variable', name: node.name, type: DYN })
      return DYN
    }
    this.#references.set(node, reference)
    return reference.kind === 'local' ? reference.local.type : reference.type
  }

  #select(node: SelectNode, scope: Scope | undefined): Type {
    const names = qualifiedName(node)
    const isShadowed = this.#options.isStrict && findLocal(scope, names?.[0] ?? '') !== undefined
    if (names !== undefined && !isShadowed) {
      const reference = findGlobal(this.#declarations, names.join('.'))
      if (reference !== undefined && reference.kind !== 'local') {
        this.#references.set(node, reference)
        return reference.type
      }
    }
    const type = this.#field(node, node.operand, node.field, false, scope)
    return node.isTest ? BOOL : type
  }

  #field(
    node: Node,
    operand: Node,
    field: string,
    isOptionalSelect: boolean,
    scope: Scope | undefined,
  ): Type {
    const type = this.#substitution.apply(this.check(operand, scope))
    const target = isOptional(type) ? parameterOf(type, 0) : type
    const result = this.#substitution.apply(this.#fieldOf(node, target, field))
    return isOptionalSelect || isOptional(type) ? optionalType(result) : result
  }

  #fieldOf(node: Node, target: Type, field: string): Type {
    switch (target.kind) {
      case 'map':
        return parameterOf(target, 1)
      case 'struct': {
        const fields = this.#declarations.fields.get(target.name)
        if (fields === undefined)
          return this.#report(node, `unexpected failed resolution of '${target.name}'`)
        return fields.get(field) ?? this.#report(node, `undefined field '${field}'`)
      }
      case 'parameter':
        this.#substitution.isAssignable(DYN, target)
        return DYN
      default:
        if (!isDynamicOrError(target)) {
          this.#report(node, `type '${printedType(target)}' does not support field selection`)
        }
        return DYN
    }
  }

  #call(node: CallNode, scope: Scope | undefined): Type {
    const { name, target, args } = node
    if (name === OPERATORS.optionalSelect) {
      const [operand, field] = args
      if (operand !== undefined && field?.kind === 'literal' && typeof field.value === 'string') {
        return this.#field(node, operand, field.value, true, scope)
      }
    }
    for (const each of args) this.check(each, scope)
    if (target === undefined) {
      const declaration = findFunction(this.#declarations, name)
      return declaration === undefined
        ? this.#unknownFunction(node)
        : this.#resolve(node, declaration, args, false, false)
    }
    const prefix = qualifiedName(target)
    const qualified =
      prefix === undefined ? undefined : findFunction(this.#declarations, [...prefix, name].join('.'))
    if (qualified !== undefined) return this.#resolve(node, qualified, args, false, true)
    this.check(target, scope)
    const declaration = findFunction(this.#declarations, name)
    return declaration === undefined
      ? this.#unknownFunction(node)
      : this.#resolve(node, declaration, [target, ...args], true, false)
  }

  #resolve(
    node: CallNode,
    declaration: FunctionDeclaration,
    args: readonly Node[],
    isMember: boolean,
    isQualified: boolean,
  ): Type {
    const types = args.map((each) => this.#types.get(each) ?? DYN)
    if (declaration.name === OPERATORS.and || declaration.name === OPERATORS.or) {
      this.#calls.set(node, { declaration, overloads: declaration.overloads, isQualified })
      let isValid = true
      for (const [index, type] of types.entries()) {
        if (this.#substitution.isAssignable(type, BOOL)) continue
        isValid = false
        this.#mismatch(args[index] ?? node, BOOL, type)
      }
      return isValid ? BOOL : ERROR
    }
    const resolved = resolveOverloads(declaration, types, isMember, this.#substitution)
    if (resolved !== undefined) {
      this.#calls.set(node, { declaration, overloads: resolved.overloads, isQualified })
      return resolved.type
    }
    const [receiver, ...rest] = types.map((type) => printedType(this.#substitution.apply(type, true)))
    const applied = isMember
      ? `${receiver ?? ''}.(${rest.join(', ')})`
      : `(${receiver === undefined ? '' : [receiver, ...rest].join(', ')})`
    return this.#report(node, `found no matching overload for '${declaration.name}' applied to '${applied}'`)
  }

  #mismatch(node: Node, expected: Type, found: Type): Type {
    return this.#report(node, `expected type '${printedType(expected)}' but found '${printedType(found)}'`)
  }

  #list({ elements }: ListNode, scope: Scope | undefined): Type {
    let type: Type | undefined
    for (const { value, isOptional: isMarked } of elements) {
      type = this.#joined(type, this.#item(value, isMarked, scope))
    }
    return listType(type ?? this.#substitution.fresh())
  }

  #map({ entries }: MapNode, scope: Scope | undefined): Type {
    let keyType: Type | undefined
    let valueType: Type | undefined
    for (const { key, value, isOptional: isMarked } of entries) {
      keyType = this.#joined(keyType, this.check(key, scope))
      valueType = this.#joined(valueType, this.#item(value, isMarked, scope))
    }
    return mapType(keyType ?? this.#substitution.fresh(), valueType ?? this.#substitution.fresh())
  }

  /** The type of an element or value, which must be optional after a question mark. */
  #item(node: Node, isMarked: boolean, scope: Scope | undefined): Type {
    const type = this.check(node, scope)
    if (!isMarked) return type
    if (isOptional(type)) return parameterOf(type, 0)
    if (!isDynamic(type)) this.#mismatch(node, optionalType(type), type)
    return type
  }

  #joined(previous: Type | undefined, current: Type): Type {
    if (previous === undefined) return current
    return this.#substitution.isAssignable(previous, current) ? mostGeneral(previous, current) : DYN
  }

  /** Deviation: messages are not supported (`docs/deviations.md`, CEL messages). */
  #message(name: string, offset: number): Type {
    const { container, types, unboundTypes } = this.#declarations
    const reference = findGlobal(this.#declarations, name)
    if (reference?.kind === 'variable' && reference.type.kind !== 'type') {
      this.problems.push({ offset, message: `'${reference.type.name}' is not a type` })
      return ERROR
    }
    const names = candidates(container, name)
    const type = names.map((each) => types.get(each)).find((each) => each !== undefined)
    const isMessage =
      type?.kind === 'duration' || type?.kind === 'timestamp' || names.some((each) => unboundTypes.has(each))
    const message = isMessage
      ? `a message such as '${name}' cannot be constructed`
      : type === undefined
        ? `undeclared reference to '${name}' (in container '${container}')`
        : `'${type.name}' is not a message type`
    this.problems.push({ offset, message })
    return ERROR
  }

  #fold(node: FoldNode, scope: Scope | undefined): Type {
    const range = this.#substitution.apply(this.check(node.range, scope))
    const accumulator: Local = { name: node.accumulator, type: this.check(node.initial, scope) }
    const outer: Scope = { locals: [accumulator], outer: scope }
    const types = this.#itemTypes(node, range)
    const variables = node.variables.map((name, index) => ({ name, type: types[index] ?? ERROR }))
    this.#locals.set(node, [accumulator, ...variables])
    const inner: Scope = { locals: variables, outer }
    this.check(node.condition, inner)
    this.#require(node.condition, BOOL)
    this.check(node.step, inner)
    this.#require(node.step, accumulator.type)
    return this.#substitution.apply(this.check(node.result, outer))
  }

  /** The types of the variables: an element, or an index and an element; a key, or a key and a value. */
  #itemTypes(node: FoldNode, range: Type): readonly Type[] {
    const hasTwo = node.variables.length === 2
    switch (range.kind) {
      case 'list':
        return hasTwo ? [INT, parameterOf(range, 0)] : [parameterOf(range, 0)]
      case 'map':
        return [parameterOf(range, 0), parameterOf(range, 1)]
      // Deviation: `any`, the type of a claim, is a range too (`docs/deviations.md`, CEL ranges).
      case 'any':
      case 'dyn':
      case 'error':
      case 'parameter':
        this.#substitution.isAssignable(DYN, range)
        return [DYN, DYN]
      default: {
        const type = printedType(range)
        const message = `expression of type '${type}' cannot be range of a comprehension (must be list, map, or dynamic)`
        this.#report(node.range, message)
        return [ERROR, ERROR]
      }
    }
  }

  #require(node: Node, type: Type): void {
    const found = this.#types.get(node) ?? DYN
    if (!this.#substitution.isAssignable(type, found)) this.#mismatch(node, type, found)
  }
}

function literalType(value: LiteralValue): Type {
  switch (typeof value) {
    case 'string':
      return STRING
    case 'number':
      return DOUBLE
    case 'bigint':
      return INT
    case 'boolean':
      return BOOL
    default:
      return value === null ? NULL : value instanceof Uint ? UINT : BYTES
  }
}
