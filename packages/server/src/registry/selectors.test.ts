import { parseFieldSelector, parseLabelSelector, type SelectorRequirement } from '@kube-authn/core/internal'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from './kube-object.ts'
import { allResources } from './resources/index.ts'
import { type SentSelectors, selectsOf } from './selectors.ts'

const maps = allResources.find(({ plural }) => plural === 'configmaps')!
const objectOf = (labels: Record<string, string>, name = 'm'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', labels },
})
const selected = (selectors: SentSelectors, object: KubeObject): boolean =>
  selectsOf(maps, selectors)?.(object) ?? true

/** Requirement by requirement, as Kubernetes compares them. */
function holds(
  { key, operator, values }: SelectorRequirement,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  if (operator === 'NotIn') return value === undefined || !values.includes(value)
  if (operator === 'DoesNotExist') return value === undefined
  if (value === undefined) return false
  if (operator === 'Exists') return true
  if (operator === 'In') return values.includes(value)
  if (!/^-?\d+$/.test(value)) return false
  return operator === 'Gt' ? Number(value) > Number(values[0]) : Number(value) < Number(values[0])
}

const key = fc.constantFrom('a', 'b', '__proto__', 'toString')
const value = fc.constantFrom('', 'x', 'y', '1', '2', '3', '__proto__')
const requirement = fc.oneof(
  fc
    .tuple(key, fc.constantFrom('in', 'notin'), fc.array(value, { minLength: 1, maxLength: 3 }))
    .map(([name, operator, values]) => `${name} ${operator} (${values.join(',')})`),
  fc.tuple(key, fc.constantFrom('=', '!='), value).map((parts) => parts.join('')),
  fc.tuple(key, fc.constantFrom('<', '>'), fc.constantFrom('1', '2')).map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom('', '!'), key).map((parts) => parts.join('')),
)

describe('a selector', () => {
  it('of labels selects what meets each of its requirements', () => {
    const labels = fc.dictionary(key, value, { maxKeys: 3 })
    fc.assert(
      fc.property(fc.array(requirement, { maxLength: 5 }), labels, (requirements, given) => {
        const labelSelector = requirements.join(',')
        const parsed = parseLabelSelector(labelSelector)
        fc.pre(parsed.error === undefined)
        const expected = parsed.requirements.every((each) => holds(each, given))
        expect(selected({ labelSelector }, objectOf(given))).toBe(expected)
      }),
    )
  })

  it('of fields selects what meets each of its requirements', () => {
    const term = fc
      .tuple(
        fc.constantFrom('metadata.name', 'metadata.namespace'),
        fc.constantFrom('=', '!='),
        fc.constantFrom('default', 'm', 'x'),
      )
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.array(term, { maxLength: 4 }), fc.constantFrom('m', 'x'), (terms, name) => {
        const fieldSelector = terms.join(',')
        const fields: Record<string, string> = { 'metadata.name': name, 'metadata.namespace': 'default' }
        const expected = parseFieldSelector(fieldSelector).requirements.every((each) => holds(each, fields))
        expect(selected({ fieldSelector }, objectOf({}, name))).toBe(expected)
      }),
    )
  })

  it.each([
    ['of labels that an object lacks', { labelSelector: keysOf((index) => `!k${index}`) }],
    ['of values of one label', { labelSelector: keysOf((index) => `a!=k${index}`) }],
    ['of values of one field', { fieldSelector: keysOf((index) => `metadata.name!=k${index}`) }],
  ])('with a thousand requirements %s looks at each part of an object once', (_, selectors) => {
    let reads = 0
    const object = objectOf({})
    const counted = new Proxy<Record<string, string>>(
      { a: 'x', b: 'y' },
      {
        get: (target, name) => {
          reads++
          return typeof name === 'string' ? target[name] : undefined
        },
      },
    )
    const metadata = {
      ...object.metadata,
      labels: counted,
      get name() {
        reads++
        return 'm'
      },
    }
    expect(selected(selectors, { ...object, metadata })).toBe(true)
    expect(reads).toBeLessThanOrEqual(3)
  })
})

function keysOf(term: (index: number) => string): string {
  return Array.from({ length: 1000 }, (_, index) => term(index)).join(',')
}
