import type { Checker, Node, Type } from './engine.ts'

/** Whether a value of one type may be of the other, as far as is known statically. */
export function agree(a: Type, b: Type): boolean {
  if (isUnknown(a) || isUnknown(b) || a.name === b.name) return true
  if (a.kind !== b.kind || a.valueType === undefined || b.valueType === undefined) return false
  const keysAgree = a.keyType === undefined || b.keyType === undefined || agree(a.keyType, b.keyType)
  return keysAgree && agree(a.valueType, b.valueType)
}

/** Whether the type is only known at evaluation. An unknown type, such as that of the elements of `[]`, may be anything. */
export function isUnknown(type: Type): boolean {
  return type.kind === 'dyn' || type.kind === 'param'
}

/** The common type of all, or any. */
export function commonType(checker: Checker, types: readonly Type[]): Type {
  const [first, ...rest] = types
  return first !== undefined && !first.hasPlaceholderType && rest.every(({ name }) => name === first.name)
    ? first
    : checker.getType('dyn')
}

/** The type as cel-go prints it. */
export function printedType(name: string): string {
  return name
    .replaceAll(/\b[A-Z]\b/g, 'dyn')
    .replaceAll('<', '(')
    .replaceAll('>', ')')
    .replaceAll(/\boptional\(/g, 'optional_type(')
    .replaceAll(/\bCelUser\b/g, 'kubernetes.UserInfo')
}

/** Whether the node is directly under `claims`: its type is `any`, which cel-go distinguishes from `dyn`. */
export function isClaim(node: Node): boolean {
  if (node.op === '.' || node.op === '[]') return node.args[0].op === 'id' && node.args[0].args === 'claims'
  if (node.op !== 'rcall' || !['OrValue', 'value'].includes(node.args[0])) return false
  const [, optional] = node.args
  const isOptional = optional.op === '.?' || optional.op === '[?]'
  return isOptional && optional.args[0].op === 'id' && optional.args[0].args === 'claims'
}
