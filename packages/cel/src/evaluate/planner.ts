import type { Checked, ResolvedCall } from '../check/checked.ts'
import type { Local } from '../check/scope.ts'
import {
  type AgainNode,
  type BindNode,
  type CallNode,
  type FoldNode,
  type Node,
  type OnceNode,
  OPERATORS,
} from '../syntax/ast.ts'
import { Optional, TypeValue, type Value } from '../values/value.ts'
import { attributeRun, attributeStep, failQualifier, isKey, opened, presenceStep } from './attributes.ts'
import { alternativeStep, attempted, callRun, equalityRun, logicRun, membershipStep } from './calls.ts'
import { Abortion, fail, Failure, noSuchOverload, raise } from './evaluation.ts'
import { FOLDS } from './folds.ts'
import { type Attribute, constantStep, type Frame, type PlanContext, type Run, type Step } from './plan.ts'
import { listStep, mapStep } from './literals.ts'
import { ExpressionProblem } from '../syntax/source.ts'

/** Functions that are evaluated in advance if their argument is constant. */
const CONVERSIONS: ReadonlySet<string> = new Set(
  'bool bytes double duration dyn int string timestamp type uint'.split(' '),
)

/**
 * Turns a checked expression into closures. Constant parts are evaluated once, now.
 *
 * Source: cel-go `interpreter/planner.go`, `interpreter/decorators.go`.
 */
export class Planner {
  /** The slots of all variables: by name, or by the declaration of a local one. */
  readonly #slots = new Map<object | string, number>()
  /** The slots of the variables of the environment, by name. */
  readonly variables: Map<string, number> = new Map()
  readonly #checked: Checked
  readonly #context: PlanContext
  readonly #bindings = new Map<Local, Run>()

  constructor(checked: Checked, context: PlanContext) {
    this.#checked = checked
    this.#context = context
  }

  /** A frame without any values. */
  get frame(): Frame {
    return Array.from(this.#slots, () => undefined)
  }

  /** @throws {ExpressionProblem} if a constant part fails. */
  plan(node: Node): Step {
    try {
      return this.#step(node)
    } catch (error) {
      if (error instanceof Failure || error instanceof Abortion)
        throw new ExpressionProblem(error.message, node.offset)
      throw error
    }
  }

  #step(node: Node): Step {
    const { meter, isStrict } = this.#context
    switch (node.kind) {
      case 'literal':
        return constantStep(node.value)
      case 'ident':
        return this.#name(node) ?? { run: () => fail(`no such attribute(s): ${node.name}`) }
      case 'select': {
        const found = this.#name(node)
        if (found !== undefined) return found
        const attribute = this.#attributeOf(this.plan(node.operand))
        if (node.isTest) return presenceStep(attribute, node.field, this.#context)
        return this.#qualified(attribute, constantStep(node.field), false)
      }
      case 'call':
        return this.#call(node)
      case 'list':
        return listStep(
          node.elements.map(({ value, isOptional }) => ({ step: this.plan(value), isOptional })),
          meter,
        )
      case 'map':
        return mapStep(
          node.entries.map(({ key, value, isOptional }) => ({
            key: this.plan(key),
            step: this.plan(value),
            isOptional,
          })),
          isStrict,
          meter,
        )
      case 'fold':
        return { run: this.#fold(node) }
      case 'bind':
        return { run: this.#bind(node) }
      case 'once':
        return { run: this.#once(node) }
      case 'again':
        return { run: this.#again(node) }
      case 'message':
        return fail('messages cannot be constructed')
    }
  }

  /** A variable or constant; `undefined` if the node is not a name. */
  #name(node: Node): Step | undefined {
    const reference = this.#checked.referenceOf(node)
    if (reference === undefined) return undefined
    if (reference.kind === 'constant') return constantStep(reference.value)
    const { name, local } = reference
    if (!this.#context.isStrict && this.#checked.typeOf(node).kind === 'type') return this.#typeNamed(name)
    const slot = this.#slot(local ?? name)
    if (local === undefined) this.variables.set(name, slot)
    const bound = local && this.#bindings.get(local)
    const base = this.#openedRun(bound ?? ((frame) => defined(frame[slot], name)))
    return attributeStep({ base, baseCost: 1, qualifiers: [] }, this.#context)
  }

  /**
   * As in cel-go, what has the type of a type is taken for the name of one, also if it is a variable.
   *
   * Source: cel-go `interpreter/planner.go` (`planCheckedIdent`).
   */
  #typeNamed(name: string): Step {
    const type = this.#context.types.get(name)
    return type === undefined
      ? fail(`reference to undefined type: ${name}`)
      : constantStep(new TypeValue(type.name))
  }

  /** Plans a variable that its macro reads, even if the expression does not. */
  #planLocal(local: Local | undefined): void {
    if (this.#context.isStrict || local === undefined) return
    if (this.#checked.typeOfLocal(local).kind === 'type') this.#typeNamed(local.name)
  }

  #qualified(attribute: Attribute, key: Step, isOptional: boolean): Step {
    if (!this.#context.isStrict && key.constant !== undefined && !isKey(key.constant))
      failQualifier(key.constant, true)
    const qualifiers = [...attribute.qualifiers, { key: this.#nestedRun(key), isOptional }]
    return attributeStep({ ...attribute, qualifiers }, this.#context)
  }

  #call(node: CallNode): Step {
    const call = this.#checked.callOf(node)
    const { target, args: others } = node
    const nodes = call?.args ?? (target === undefined ? others : [target, ...others])
    const args = nodes.map((each) => this.plan(each))
    const special = this.#special(node.name, args, call) ?? alternativeStep(node, args, this.#context)
    if (special !== undefined) return special
    if (call === undefined) return { run: () => noSuchOverload(node.name) }
    const { declaration, overloads } = call
    const constants = args.map(({ constant }) => constant)
    this.#context.preparations.get(declaration.name)?.(constants)
    // cel-go plans these for any number of arguments, and stops at the first that fails.
    const isInOrder =
      declaration.name === 'format' ||
      (overloads.length > 1 && declaration.operate === undefined) ||
      (typeof constants[1] === 'string' && this.#context.preparations.has(declaration.name))
    const runs = args.map((each) => each.run)
    const run = callRun(call, runs, isInOrder, this.#context.meter)
    const isConstant = args.length === 1 && constants[0] !== undefined && CONVERSIONS.has(declaration.name)
    // A constant does not cost anything.
    return isConstant ? constantStep(this.#context.meter.separately(() => run([]))) : { run }
  }

  #special(name: string, args: readonly Step[], call: ResolvedCall | undefined): Step | undefined {
    const { meter } = this.#context
    const [first, second, third] = args
    const runs = args.map(({ run }) => run)
    if (name === OPERATORS.and) return { run: logicRun(runs, false, meter) }
    if (name === OPERATORS.or) return { run: logicRun(runs, true, meter) }
    if (first === undefined || second === undefined) return undefined
    switch (name) {
      case OPERATORS.conditional:
        return third === undefined ? undefined : this.#conditional(first, second, third)
      case OPERATORS.equals:
      case '_!=_':
        return { run: equalityRun(first.run, second.run, name === '_!=_', meter) }
      case OPERATORS.index:
        return this.#qualified(this.#attributeOf(first), second, false)
      case OPERATORS.optionalIndex:
      case OPERATORS.optionalSelect:
        return this.#qualified(this.#attributeOf(first), second, true)
      case OPERATORS.in:
        return membershipStep(call, first, second, meter)
      default:
        return undefined
    }
  }

  #attributeOf({ attribute, run }: Step): Attribute {
    return attribute ?? { base: this.#openedRun(run), baseCost: 1, qualifiers: [] }
  }

  #nestedRun({ attribute, run, nested }: Step): Run {
    if (attribute !== undefined) return attributeRun(attribute, this.#context, 0)
    return this.#context.isStrict ? run : (nested ?? run)
  }

  #openedRun(run: Run): Run {
    if (this.#context.isStrict) return run
    return (frame) => {
      const value = run(frame)
      return value instanceof Optional ? opened(value) : value
    }
  }

  #conditional(condition: Step, consequent: Step, alternative: Step): Step {
    const branch = (step: Step): Run =>
      step.attribute === undefined ? this.#openedRun(this.#nestedRun(step)) : this.#nestedRun(step)
    const [yes, no] = [branch(consequent), branch(alternative)]
    const base: Run = (frame) => {
      const value = condition.run(frame)
      return value === true ? yes(frame) : value === false ? no(frame) : noSuchOverload()
    }
    return attributeStep({ base, baseCost: 0, qualifiers: [] }, this.#context)
  }

  #fold(node: FoldNode): Run {
    const [first, second] = this.#checked.localsOf(node)
    const range = this.plan(node.range)
    if (node.form === 'map') this.#planLocal(first)
    const body = this.plan(node.body)
    return FOLDS[node.form]({
      range: range.run,
      first: this.#slot(first ?? node),
      second: second === undefined ? undefined : this.#slot(second),
      predicate: node.predicate === undefined ? undefined : this.plan(node.predicate).run,
      body: body.run,
      isConstant: body.constant !== undefined,
      meter: this.#context.meter,
    })
  }

  /** The value is evaluated when it is first used. */
  #bind(node: BindNode): Run {
    const [local] = this.#checked.localsOf(node)
    const initial = this.plan(node.value).run
    this.#planLocal(local)
    const slot = this.#slot(local ?? node)
    if (local !== undefined) {
      this.#bindings.set(local, (frame) => {
        frame[slot] ??= attempted(initial, frame, this.#context.meter)
        return defined(frame[slot], local.name)
      })
    }
    const body = this.plan(node.body).run
    return (frame) => {
      frame[slot] = undefined
      return body(frame)
    }
  }

  #once(node: OnceNode): Run {
    const { meter } = this.#context
    const { run } = this.plan(node.node)
    const [value, cost] = this.#repeated(node)
    return (frame) => {
      const before = meter.cost
      const result = run(frame)
      frame[value] = result
      frame[cost] = meter.cost - before
      return result
    }
  }

  #again({ of }: AgainNode): Run {
    const { meter } = this.#context
    const [value, cost] = this.#repeated(of)
    return (frame) => {
      meter.charge(Number(frame[cost]))
      return defined(frame[value], 'value')
    }
  }

  #slot(variable: object | string): number {
    const slot = this.#slots.get(variable) ?? this.#slots.size
    this.#slots.set(variable, slot)
    return slot
  }

  #repeated(node: OnceNode): readonly [value: number, cost: number] {
    return [this.#slot(node), this.#slot(node.node)]
  }
}

function defined(value: Frame[number], name: string): Value {
  if (value instanceof Failure) return raise(value)
  return value === undefined ? fail(`no such attribute(s): ${name}`) : value
}
