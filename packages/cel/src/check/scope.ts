import { TypeValue, type Value } from '../values/value.ts'
import type { FunctionDeclaration } from './declarations.ts'
import { type Type, typeType } from './types.ts'

/** A variable that a comprehension declares. */
export interface Local {
  readonly name: string
  readonly type: Type
}

/** What a name stands for. A variable is of the environment, or `local`. */
export type Reference =
  | { readonly kind: 'variable'; readonly name: string; readonly type: Type; readonly local?: Local }
  | { readonly kind: 'constant'; readonly value: Value; readonly type: Type }

/** The variables, types and functions of an environment. */
export interface Declarations {
  readonly container: string
  readonly variables: ReadonlyMap<string, Type>
  readonly types: ReadonlyMap<string, Type>
  /** Types that the checker knows by name, but that are no values. */
  readonly unboundTypes: ReadonlyMap<string, Type>
  readonly functions: ReadonlyMap<string, FunctionDeclaration>
  readonly fields: ReadonlyMap<string, ReadonlyMap<string, Type>>
  /** Whether a value of the type `any` is a range. */
  readonly hasRangesOfAny: boolean
}

/** The variables of a comprehension, and those outside of it. */
export interface Scope {
  readonly locals: readonly Local[]
  readonly outer: Scope | undefined
}

export function findLocal(scope: Scope | undefined, name: string): Local | undefined {
  for (let each = scope; each !== undefined; each = each.outer) {
    const found = each.locals.find((local) => local.name === name)
    if (found !== undefined) return found
  }
  return undefined
}

/** The variable or type of this name, as seen from the container. */
export function findGlobal(declarations: Declarations, name: string): Reference | undefined {
  for (const candidate of candidates(declarations.container, name)) {
    const variable = declarations.variables.get(candidate)
    if (variable !== undefined) return { kind: 'variable', name: candidate, type: variable }
    const type = declarations.types.get(candidate)
    if (type !== undefined) return { kind: 'constant', value: new TypeValue(type.name), type: typeType(type) }
    const unbound = declarations.unboundTypes.get(candidate)
    if (unbound !== undefined) return { kind: 'variable', name: candidate, type: typeType(unbound) }
  }
  return undefined
}

/** The function of this name, as seen from the container. */
export function findFunction(
  { container, functions }: Declarations,
  name: string,
): FunctionDeclaration | undefined {
  return candidates(container, name)
    .map((candidate) => functions.get(candidate))
    .find((found) => found !== undefined)
}

/**
 * The names to look up, in the container and in those around it.
 *
 * Source: cel-spec, "Name Resolution".
 */
export function candidates(container: string, name: string): readonly string[] {
  if (name.startsWith('.')) return [name.slice(1)]
  const parts = container === '' ? [] : container.split('.')
  return [...parts.map((_, index) => `${parts.slice(0, parts.length - index).join('.')}.${name}`), name]
}
