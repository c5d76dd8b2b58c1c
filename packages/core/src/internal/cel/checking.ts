import {
  type Check,
  type Checker,
  type Declaration,
  isChangeable,
  type MethodCallNode,
  type Node,
  type Scope,
  type Type,
} from './engine.ts'
import { noOverload } from './issues.ts'
import { checkTextFormat, isFormatCall, literalsWithin, mixtureCheck } from './library/text-format-check.ts'
import { nodesOf } from './syntax/tree.ts'
import { agree, commonType, isClaim, isUnknown, printedType } from './types.ts'

/**
 * Extends the static checks of cel-js to those of cel-go: the key types of maps, that a user has no keys, and whether any overload fits the
 * arguments, for receivers of any type.
 *
 * Source: cel-go `checker/checker.go`.
 */
export function refineChecks(root: Node): void {
  const mixtures = new Set<Node>()
  for (const node of nodesOf(root)) {
    if (isFormatCall(node)) for (const each of literalsWithin(node.args[2])) mixtures.add(each)
    if (!isChangeable(node)) continue
    const { check } = node.meta
    const refined = mixtures.has(node) ? mixtureCheck(node) : refinedCheck(node, check)
    // Our functions are synchronous.
    node.setMeta('async', false)
    if (refined !== undefined) node.setMeta('check', refined)
  }
}

function refinedCheck(node: Node, check: Check): Check | undefined {
  switch (node.op) {
    case '.':
    case '.?':
    case '[]':
    case '[?]':
      return (checker, _node, scope) => selectionType(checker, node, scope)
    case 'rcall':
      return (checker, _node, scope) => {
        const type = check(checker, node, scope)
        if (!isMethodCall(node)) return type
        if (isFormatCall(node)) checkTextFormat(checker, node, scope)
        return methodType(checker, node, scope, type)
      }
    case '+':
      return (checker, _node, scope) => {
        const type = check(checker, node, scope)
        // cel-js uses the type of the left side.
        const right = checker.check(node.args[1], scope)
        return type.name === DURATION && right.name === TIMESTAMP ? right : type
      }
    case 'list':
      return (checker, _node, scope) => {
        const type = check(checker, node, scope)
        requireOneType(checker, node.args, scope)
        return type
      }
    case 'map':
      return (checker, _node, scope) => {
        const type = check(checker, node, scope)
        for (const part of [0, 1] as const) {
          requireOneType(
            checker,
            node.args.map((entry) => entry[part]),
            scope,
          )
        }
        return type
      }
    default:
      return undefined
  }
}

/** cel-js lets empty lists and maps match every type, and does not know `any`. */
function requireOneType(checker: Checker, [first, ...rest]: readonly Node[], scope: Scope): void {
  if (first === undefined) return
  const wanted = checker.check(first, scope)
  for (const node of rest) {
    const type = checker.check(node, scope)
    const isSame = agree(wanted, type) && (wanted.kind === 'dyn') === (type.kind === 'dyn')
    if (isSame && isClaim(first) === isClaim(node)) continue
    const [one, other] = [shownType(first, wanted), shownType(node, type)]
    const message = `expected type '${one}' but found '${other}'`
    throw checker.createError('type_mismatch', message, node)
  }
}

function shownType(node: Node, type: Type): string {
  return isClaim(node) ? 'any' : printedType(type.name)
}

const DURATION = 'google.protobuf.Duration'
const TIMESTAMP = 'google.protobuf.Timestamp'

type Selection = Extract<Node, { readonly op: '.' | '.?' | '[]' | '[?]' }>

function selectionType(checker: Checker, node: Selection, scope: Scope): Type {
  const operand = checker.check(node.args[0], scope)
  const target = operand.kind === 'optional' ? (operand.valueType ?? operand) : operand
  const type =
    node.op === '.' || node.op === '.?'
      ? fieldType(checker, target, node)
      : elementType(checker, target, node, checker.check(node.args[1], scope))
  const isOptional = operand.kind === 'optional' || node.op === '.?' || node.op === '[?]'
  return isOptional ? checker.registry.getOptionalType(type) : type
}

function fieldType(checker: Checker, target: Type, node: Extract<Node, { readonly op: '.' | '.?' }>): Type {
  if (isUnknown(target)) return checker.getType('dyn')
  if (target.kind === 'map' && target.valueType !== undefined) return target.valueType
  const fields = checker.objectTypes.get(target.name)?.fields
  if (fields === undefined) {
    const message = `type '${printedType(target.name)}' does not support field selection`
    throw checker.createError('cannot_index_type', message, node)
  }
  const [, name] = node.args
  const type = fields[name]
  if (type !== undefined) return type
  throw checker.createError('no_such_key', `undefined field '${name}'`, node)
}

function elementType(checker: Checker, target: Type, node: Selection, index: Type): Type {
  if (isUnknown(target)) return checker.getType('dyn')
  const wanted =
    target.kind === 'list' ? checker.getType('int') : target.kind === 'map' ? target.keyType : undefined
  if (wanted !== undefined && agree(wanted, index)) return target.valueType ?? checker.getType('dyn')
  const types = `(${printedType(target.name)}, ${printedType(index.name)})`
  const message = noOverload(node.op === '[?]' ? '_[?_]' : '_[_]', types)
  throw checker.createError('no_matching_overload', message, node)
}

/** Whether the node is a function call, not a macro. */
function isMethodCall(node: Node): node is MethodCallNode {
  return node.op === 'rcall' && 'candidates' in node
}

function methodType(checker: Checker, node: MethodCallNode, scope: Scope, type: Type): Type {
  const [name, receiverNode, argumentNodes] = node.args
  const receiver = checker.check(receiverNode, scope)
  const values = argumentNodes.map((each) => checker.check(each, scope))
  const fitting = [...node.candidates].filter((each) => fits(each, receiver, values))
  if (fitting.length === 0) {
    const types = values.map((each) => printedType(each.name)).join(', ')
    const message = noOverload(name, `${printedType(receiver.name)}.(${types})`)
    throw checker.createError('no_matching_overload', message, node)
  }
  const isSure = !receiver.hasDynType && !values.some((each) => each.hasDynType)
  if (isSure) return type
  return commonType(checker, type.hasPlaceholderType ? [] : fitting.map((each) => each.returnType))
}

function fits({ receiverType, argTypes }: Declaration, receiver: Type, values: readonly Type[]): boolean {
  return (
    (receiverType === null || agree(receiver, receiverType)) &&
    argTypes.every((type, index) => {
      const value = values[index]
      return value !== undefined && agree(value, type)
    })
  )
}
