import { StatusError } from '@kube-authn/core/adapter'
import { isObject, shownName } from '@kube-authn/core/internal'
import type { Scalar } from '@kube-authn/api/internal'
import { stepOf } from './field-set.ts'
import { isDivided, isNamed, keyOf, type Slot, slotOfPart } from './parts.ts'

const MAX_TOLD = 10

/**
 * Requires that a configuration is of the type of the object, so that each of its fields can have an owner.
 *
 * Source: structured-merge-diff `typed/validate.go`; apimachinery `pkg/util/managedfields/internal/structuredmerge.go` Apply.
 *
 * @param what the object, for the message.
 * @throws {StatusError} 500, as in Kubernetes.
 */
export function requireTyped(value: unknown, slot: Slot, what: string): void {
  const problems = problemsOf(value, slot, '').slice(0, MAX_TOLD)
  const [first] = problems
  if (first === undefined) return
  const words = problems.length === 1 ? first : ['errors:', ...problems.map((each) => `  ${each}`)].join('\n')
  const message = `failed to create typed patch object (${what}): ${words}`
  throw new StatusError({ status: 500, message })
}

function problemsOf(value: unknown, slot: Slot, path: string): readonly string[] {
  if (value === null) return []
  const { type, many } = slot
  if (many === 'list') return Array.isArray(value) ? inList(value, slot, path) : [`${path}: expected list`]
  if (many === undefined && typeof type === 'string') {
    const expected = expectedOf(value, type)
    return expected === undefined ? [] : [`${path}: expected ${expected}`]
  }
  if (!isObject(value)) return [`${path}: expected map`]
  return Object.entries(value).flatMap(([name, each]) => {
    const at = `${path}.${shownName(name) || '?'}`
    if (many === undefined && !isNamed(slot, `f:${name}`)) return [`${at}: field not declared in schema`]
    return problemsOf(each, slotOfPart(slot, name), at)
  })
}

function inList(list: readonly unknown[], slot: Slot, path: string): readonly string[] {
  const seen = new Set<string>()
  return list.flatMap((each, index) => {
    const key = isDivided(slot) ? keyOf(each, slot) : undefined
    if (isDivided(slot) && key === undefined) {
      return [`${path}: element ${index}: associative list with keys has an element that omits a key field`]
    }
    if (key !== undefined && seen.has(key)) return [`${path}: duplicate entries for key ${stepOf(key)}`]
    if (key !== undefined) seen.add(key)
    return problemsOf(each, slotOfPart(slot, ''), `${path}${key === undefined ? `[${index}]` : stepOf(key)}`)
  })
}

/** What a scalar should be; `undefined` if it is. */
function expectedOf(value: unknown, type: Scalar): string | undefined {
  switch (type) {
    case 'bool':
      return typeof value === 'boolean' ? undefined : 'boolean'
    case 'int32':
    case 'int64':
      return typeof value === 'number' ? undefined : 'numeric (int or float)'
    case 'Quantity':
    case 'IntOrString':
      return ['string', 'number', 'boolean'].includes(typeof value) ? undefined : 'any scalar'
    case 'ExtraValue':
      return Array.isArray(value) ? undefined : 'list'
    case 'FieldsV1':
      return isObject(value) ? undefined : 'map'
    default:
      return typeof value === 'string' ? undefined : 'string'
  }
}
