import { DYN, isDynamic, isDynamicOrError, isSameType, parameterType, Type } from './types.ts'

/**
 * What is known about type parameters.
 *
 * Source: cel-go `checker/types.go`, `checker/mapping.go`.
 */
export class Substitution {
  #bound = new Map<string, Type>()
  #count = 0

  fresh(): Type {
    return parameterType(`_var${this.#count++}`)
  }

  /** The type with new parameters instead of its own. The same names become the same parameters. */
  instantiated(type: Type, fresh: Map<string, Type>): Type {
    if (type.kind === 'parameter') {
      const made = fresh.get(type.name) ?? this.fresh()
      fresh.set(type.name, made)
      return made
    }
    return withParameters(type, (each) => this.instantiated(each, fresh))
  }

  /** Replaces bound parameters, and others by `dyn` if `isFinal`. */
  apply(type: Type, isFinal = false): Type {
    if (type.kind === 'parameter') {
      const bound = this.#bound.get(type.name)
      if (bound !== undefined) return this.apply(bound, isFinal)
      return isFinal ? DYN : type
    }
    return withParameters(type, (each) => this.apply(each, isFinal))
  }

  /** Whether all types are assignable. If so, it binds their parameters. */
  areAssignable(from: readonly Type[], to: readonly Type[]): boolean {
    if (from.length !== to.length) return false
    const before = new Map(this.#bound)
    if (this.#allAssignable(from, to)) return true
    this.#bound = before
    return false
  }

  /** Whether values of one type can be used as the other. */
  isAssignable(from: Type, to: Type): boolean {
    return this.areAssignable([from], [to])
  }

  #allAssignable(from: readonly Type[], to: readonly Type[]): boolean {
    return (
      from.length === to.length && from.every((each, index) => this.#isAssignable(each, to[index] ?? DYN))
    )
  }

  #isAssignable(one: Type, other: Type): boolean {
    if (other.kind === 'parameter') {
      const { isValid, isBound } = this.#substitutes(one, other)
      if (isValid) return true
      if (isBound) return false
    }
    if (one.kind === 'parameter') return this.#substitutes(other, one).isValid
    if (isDynamicOrError(one) || isDynamicOrError(other)) return true
    if (one.kind === 'null') return isNullable(other)
    if (other.kind === 'null') return isNullable(one)
    switch (one.kind) {
      case 'list':
      case 'map':
      case 'opaque':
        return one.name === other.name && this.#allAssignable(one.parameters, other.parameters)
      case 'type':
        return other.kind === 'type'
      default:
        return one.kind === other.kind && one.name === other.name
    }
  }

  /** Whether a type can stand for the parameter, which is then bound to the more general of both. */
  #substitutes(type: Type, parameter: Type): { readonly isValid: boolean; readonly isBound: boolean } {
    if (isSameType(type, parameter)) return { isValid: true, isBound: true }
    const bound = this.#bound.get(parameter.name)
    if (bound === undefined) {
      const isValid = !this.#occursIn(parameter, type)
      if (isValid) this.#bound.set(parameter.name, type)
      return { isValid, isBound: false }
    }
    if (isSameType(type, bound)) return { isValid: true, isBound: true }
    if (!this.#isAssignable(type, bound)) return { isValid: false, isBound: true }
    const general = mostGeneral(type, bound)
    if (!this.#occursIn(parameter, general)) this.#bound.set(parameter.name, general)
    return { isValid: true, isBound: true }
  }

  #occursIn(parameter: Type, type: Type): boolean {
    if (isSameType(parameter, type)) return true
    if (type.kind === 'parameter') {
      const bound = this.#bound.get(type.name)
      return bound !== undefined && this.#occursIn(parameter, bound)
    }
    return type.parameters.some((each) => this.#occursIn(parameter, each))
  }
}

/** The more general of two types that unify. */
export function mostGeneral(a: Type, b: Type): Type {
  return isAsGeneral(a, b) ? a : b
}

function isAsGeneral(a: Type, b: Type): boolean {
  if (isDynamic(a) || a.kind === 'parameter') return true
  if (isDynamic(b) || b.kind === 'parameter' || a.kind !== b.kind) return false
  if (a.kind === 'type') return true
  if (a.name !== b.name || a.parameters.length !== b.parameters.length) return false
  return a.parameters.every((each, index) => isAsGeneral(each, b.parameters[index] ?? DYN))
}

function isNullable({ kind, isWrapper }: Type): boolean {
  return isWrapper || ['any', 'duration', 'null', 'opaque', 'struct', 'timestamp'].includes(kind)
}

function withParameters(type: Type, change: (type: Type) => Type): Type {
  if (type.parameters.length === 0) return type
  return new Type(type.kind, type.name, type.parameters.map(change), type.isWrapper)
}
