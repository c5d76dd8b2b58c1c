import {
  type AgainNode,
  type BindNode,
  type CallNode,
  type FoldNode,
  type IdentNode,
  type ListNode,
  type MapNode,
  type Node,
  type OnceNode,
  OPERATORS,
  qualifiedName,
  type SelectNode,
} from '../syntax/ast.ts'
import { MAX_ISSUES, type Problem } from '../syntax/source.ts'
import { type Checked, type CheckOptions, type CheckState, Issues, type ResolvedCall } from './checked.ts'
import type { FunctionDeclaration } from './declarations.ts'
import { fieldType, itemTypes, literalType, messageType, resolveOverloads } from './expression-types.ts'
import {
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
  DYN,
  ERROR,
  isDynamic,
  isOptional,
  listType,
  mapType,
  optionalType,
  parameterOf,
  printedType,
  type Type,
} from './types.ts'

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
  return { checked: checker.result(root), problems: checker.issues.problems }
}

class Checker {
  readonly #declarations: Declarations
  readonly #options: CheckOptions
  readonly #substitution = new Substitution()
  readonly issues: Issues = new Issues()
  readonly #state: CheckState
  readonly #types = new Map<Node, Type>()
  readonly #references = new Map<Node, Reference>()
  readonly #calls = new Map<CallNode, ResolvedCall>()
  readonly #locals = new Map<FoldNode | BindNode, readonly Local[]>()
  readonly #repeated = new Map<OnceNode, readonly Problem[]>()

  constructor(declarations: Declarations, options: CheckOptions) {
    this.#declarations = declarations
    this.#options = options
    this.#state = { declarations, substitution: this.#substitution, issues: this.issues }
  }

  result(root: Node): Checked {
    return {
      root,
      typeOf: (node) => this.#substitution.apply(this.#types.get(node) ?? DYN, true),
      referenceOf: (node) => this.#references.get(node),
      callOf: (node) => this.#calls.get(node),
      localsOf: (node) => this.#locals.get(node) ?? [],
      typeOfLocal: (local) => this.#substitution.apply(local.type, true),
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
        return messageType(node, this.#state)
      case 'fold':
        return this.#fold(node, scope)
      case 'bind':
        return this.#bind(node, scope)
      case 'once':
        return this.#once(node, scope)
      case 'again':
        return this.#again(node, scope)
    }
  }

  #once(node: OnceNode, scope: Scope | undefined): Type {
    const { problems } = this.issues
    const start = problems.length
    const type = this.check(node.node, scope)
    this.#repeated.set(node, problems.slice(start))
    return type
  }

  /** cel-go checks the node once more, and reports its mistakes again. */
  #again({ of }: AgainNode, scope: Scope | undefined): Type {
    const type = this.check(of, scope)
    const problems = this.#repeated.get(of) ?? []
    // A repetition in a repetition in a repetition ... doubles them each time.
    const all = this.issues.problems
    if (all.length < MAX_ISSUES) all.push(...problems)
    return type
  }

  /** The error of an unknown name or function; where types are dynamic, the evaluation fails. */
  #undeclared(node: IdentNode | CallNode): Type {
    if (this.#options.isDynamic) return DYN
    return this.issues.undeclared(node, node.name, this.#declarations.container)
  }

  #ident(node: IdentNode, scope: Scope | undefined): Type {
    // Deviation: a leading dot hides the variables of macros (`docs/deviations.md`, names with a leading dot).
    const local = findLocal(scope, node.name)
    const reference: Reference | undefined =
      local === undefined ? findGlobal(this.#declarations, node.name) : { kind: 'variable', ...local, local }
    this.#references.set(node, reference ?? { kind: 'variable', name: node.name, type: DYN })
    return reference === undefined ? this.#undeclared(node) : reference.type
  }

  #select(node: SelectNode, scope: Scope | undefined): Type {
    const names = qualifiedName(node)
    const isShadowed = this.#options.isStrict && findLocal(scope, names?.[0] ?? '') !== undefined
    if (names !== undefined && !isShadowed) {
      const reference = findGlobal(this.#declarations, names.join('.'))
      if (reference !== undefined) {
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
    const result = this.#substitution.apply(fieldType(node, target, field, this.#state))
    return isOptionalSelect || isOptional(type) ? optionalType(result) : result
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
    const prefix = target && qualifiedName(target)
    const qualified = prefix && findFunction(this.#declarations, [...prefix, name].join('.'))
    if (qualified !== undefined) return this.#resolve(node, qualified, args, false)
    if (target !== undefined) this.check(target, scope)
    const declaration = findFunction(this.#declarations, name)
    if (declaration === undefined) return this.#undeclared(node)
    return target === undefined
      ? this.#resolve(node, declaration, args, false)
      : this.#resolve(node, declaration, [target, ...args], true)
  }

  #resolve(node: CallNode, declaration: FunctionDeclaration, args: readonly Node[], isMember: boolean): Type {
    const types = args.map((each) => this.#types.get(each) ?? DYN)
    if (declaration.name === OPERATORS.and || declaration.name === OPERATORS.or) {
      this.#calls.set(node, { declaration, overloads: declaration.overloads, args })
      let isValid = true
      for (const [index, type] of types.entries()) {
        if (this.#substitution.isAssignable(type, BOOL)) continue
        isValid = false
        this.issues.mismatch(args[index] ?? node, BOOL, type)
      }
      return isValid ? BOOL : ERROR
    }
    const resolved = resolveOverloads(declaration, types, isMember, this.#substitution)
    if (resolved !== undefined) {
      this.#calls.set(node, { declaration, overloads: resolved.overloads, args })
      return resolved.type
    }
    const shown = types.map((type) => printedType(this.#substitution.apply(type, true)))
    return this.issues.noOverload(node, declaration.name, shown, isMember)
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
    if (!isDynamic(type)) this.issues.mismatch(node, optionalType(type), type)
    return type
  }

  #joined(previous: Type | undefined, current: Type): Type {
    if (previous === undefined) return current
    return this.#substitution.isAssignable(previous, current) ? mostGeneral(previous, current) : DYN
  }

  #fold(node: FoldNode, scope: Scope | undefined): Type {
    const range = this.#substitution.apply(this.check(node.range, scope))
    const accumulator: Local = { name: node.accumulator, type: this.check(node.initial, scope) }
    const outer: Scope = { locals: [accumulator], outer: scope }
    const types = itemTypes(node, range, this.#state)
    const variables = node.variables.map((name, index) => ({ name, type: types[index] ?? ERROR }))
    this.#locals.set(node, variables)
    const inner: Scope = { locals: variables, outer }
    this.check(node.condition, inner)
    this.#require(node.condition, BOOL)
    this.check(node.step, inner)
    this.#require(node.step, accumulator.type)
    return this.#substitution.apply(this.check(node.result, outer))
  }

  #bind(node: BindNode, scope: Scope | undefined): Type {
    // In cel-go it is a comprehension over an empty list. Errors show the number of a type parameter.
    this.#substitution.fresh()
    const locals = [{ name: node.name, type: this.check(node.value, scope) }]
    this.#locals.set(node, locals)
    return this.#substitution.apply(this.check(node.body, { locals, outer: scope }))
  }

  #require(node: Node, type: Type): void {
    const found = this.#types.get(node) ?? DYN
    if (!this.#substitution.isAssignable(type, found)) this.issues.mismatch(node, type, found)
  }
}
