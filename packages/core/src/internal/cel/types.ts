import type { Checker, Node, Type } from './engine.ts'

/** Whether a value of the one type may be one of the other, as far as is known before it is there. */
export function agree(a: Type, b: Type): boolean {
  if (isUnknown(a) || isUnknown(b) || a.name === b.name) return true
  if (a.kind !== b.kind || a.valueType === undefined || b.valueType === undefined) return false
  const keysAgree = a.keyType === undefined || b.keyType === undefined || agree(a.keyType, b.keyType)
  return keysAgree && agree(a.valueType, b.valueType)
}

/** Whether only the evaluation tells what it is. What nothing is known of, as of the elements of `[]`, may be anything. */
export function isUnknown(type: Type): boolean {
  return type.kind === 'dyn' || type.kind === 'param'
}

/** The one type that they all are, or any. */
export function commonType(checker: Checker, types: readonly Type[]): Type {
  const [first, ...rest] = types
  return first !== undefined && !first.hasPlaceholderType && rest.every(({ name }) => name === first.name)
    ? first
    : checker.getType('dyn')
}

/** A type as cel-go prints it. */
export function printedType(name: string): string {
  return name
    .replaceAll(/\b[A-Z]\b/g, 'dyn')
    .replaceAll('<', '(')
    .replaceAll('>', ')')
    .replaceAll(/\boptional\(/g, 'optional_type(')
    .replaceAll(/\bCelUser\b/g, 'kubernetes.UserInfo')
}

/** Whether it is what is directly under `claims`: that is `any`, which cel-go does not take for `dyn`. */
export function isClaim(node: Node): boolean {
  if (node.op === '.' || node.op === '[]') return node.args[0].op === 'id' && node.args[0].args === 'claims'
  if (node.op !== 'rcall' || !['OrValue', 'value'].includes(node.args[0])) return false
  const [, optional] = node.args
  const isOptional = optional.op === '.?' || optional.op === '[?]'
  return isOptional && optional.args[0].op === 'id' && optional.args[0].args === 'claims'
}
