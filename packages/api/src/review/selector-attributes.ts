import {
  type ErrorList,
  type FieldPath,
  type ObjectReader,
  parseFieldSelector,
  parseLabelSelector,
  type Selector,
  type SelectorRequirement,
} from '@kube-authn/core/internal'
import { labelValueProblems, qualifiedNameProblems } from '@kube-authn/internal/kubernetes-names'

/** A selector of an access review: the raw string, or its parsed requirements. */
export interface SelectorAttributes {
  readonly rawSelector: string
  /** Empty if there are more than the limit. */
  readonly requirements: readonly SentRequirement[]
  /** How many requirements and values were sent. */
  readonly parts: number
}

/** A requirement as it was sent. Newer clients may use more operators. */
interface SentRequirement {
  readonly key: string
  readonly operator: string
  readonly values: readonly string[]
}

/** The kind of a selector. */
export type SelectorKind = 'fieldSelector' | 'labelSelector'

/** Reads a selector of an access review; `undefined` if there is none. */
export function readSelector(attributes: ObjectReader, kind: SelectorKind): SelectorAttributes | undefined {
  const selector = attributes.object(kind)
  if (selector === undefined) return undefined
  const rawSelector = selector.string('rawSelector')
  const sent = selector.value('requirements')
  const isLong = Array.isArray(sent) && sent.length > MAX_PARTS
  const requirements = isLong ? [] : selector.objects('requirements').map(readRequirement)
  selector.end()
  const parts = isLong ? sent.length : requirements.reduce((sum, { values }) => sum + 1 + values.length, 0)
  return { rawSelector, requirements, parts }
}

/** Every authenticated user may send reviews, and each part costs time. */
const MAX_PARTS = 1000
const MAX_RAW_LENGTH = 65_536

function readRequirement(requirement: ObjectReader): SentRequirement {
  const read = {
    key: requirement.string('key'),
    operator: requirement.string('operator'),
    values: requirement.strings('values'),
  }
  requirement.end()
  return read
}

/** A selector as it was sent. */
export function selectorJson({ rawSelector, requirements }: SelectorAttributes): object {
  return withoutEmpty({
    rawSelector,
    // An empty operator is written too.
    requirements: requirements.map(({ key, operator, values }) => ({
      key,
      operator,
      ...(values.length > 0 && { values }),
    })),
  })
}

/**
 * Validates a selector. An unknown operator is not an error: without that requirement, the review only asks for more.
 *
 * Source: kubernetes `pkg/apis/authorization/validation/validation.go`, apimachinery `pkg/apis/meta/v1/validation/validation.go`.
 *
 * Deviation: the length is limited to that of a selector in a URL (`docs/deviations.md`, reviews).
 */
export function validateSelector(
  selector: SelectorAttributes,
  kind: SelectorKind,
  path: FieldPath,
  errors: ErrorList,
): void {
  const { rawSelector, requirements, parts } = selector
  if (rawSelector !== '' && parts > 0) {
    errors.invalid(
      path.child('rawSelector'),
      rawSelector,
      'may not specified at the same time as requirements',
    )
  }
  if (rawSelector === '' && parts === 0) {
    const detail = `when ${path.toString()} is specified, requirements or rawSelector is required`
    errors.required(path.child('requirements'), detail)
  }
  if (rawSelector.length > MAX_RAW_LENGTH) errors.tooLong(path.child('rawSelector'), MAX_RAW_LENGTH)
  if (parts > MAX_PARTS) {
    errors.tooMany(path.child('requirements'), parts, MAX_PARTS)
    return
  }
  for (const [position, requirement] of requirements.entries()) {
    validateRequirement(requirement, kind, path.child('requirements').index(position), errors)
  }
}

function validateRequirement(
  { key, operator, values }: SentRequirement,
  kind: SelectorKind,
  path: FieldPath,
  errors: ErrorList,
): void {
  if (kind === 'fieldSelector' && key === '') errors.required(path.child('key'), 'must be specified')
  if (['In', 'NotIn'].includes(operator) && values.length === 0) {
    errors.required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'")
  }
  if (['Exists', 'DoesNotExist'].includes(operator) && values.length > 0) {
    errors.forbidden(
      path.child('values'),
      "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
    )
  }
  if (kind === 'fieldSelector') return
  for (const problem of qualifiedNameProblems(key)) errors.invalid(path.child('key'), key, problem)
  for (const [position, value] of values.entries()) {
    for (const problem of labelValueProblems(value)) {
      errors.invalid(path.child('values').index(position), value, problem)
    }
  }
}

/**
 * The selector that the authorizer sees. Unsupported requirements are left out; the selector then has an `error` and selects more objects.
 *
 * Source: kubernetes `pkg/registry/authorization/util/helpers.go`.
 */
export function selectorOf({ rawSelector, requirements }: SelectorAttributes, kind: SelectorKind): Selector {
  if (requirements.length === 0) {
    return kind === 'fieldSelector' ? parseFieldSelector(rawSelector) : parseLabelSelector(rawSelector)
  }
  const told = requirements.flatMap((requirement) => knownRequirement(requirement, kind) ?? [])
  return {
    requirements: told,
    ...(told.length < requirements.length && { error: 'some of the requirements are not supported' }),
  }
}

function knownRequirement(
  { key, operator, values }: SentRequirement,
  kind: SelectorKind,
): SelectorRequirement | undefined {
  // Field selectors compare with exactly one value.
  if (kind === 'fieldSelector' && values.length !== 1) return undefined
  const known = OPERATORS[kind].find((each) => each === operator)
  return known === undefined ? undefined : { key, operator: known, values }
}

const OPERATORS = {
  fieldSelector: ['In', 'NotIn'],
  labelSelector: ['In', 'NotIn', 'Exists', 'DoesNotExist'],
} as const

/** A message for a selector that the authorizer saw only in part, or not at all; `undefined` if it saw all of it. */
export function ignoredPart(selector: Selector | undefined, kind: SelectorKind): string | undefined {
  if (selector?.error === undefined) return undefined
  const partially = selector.requirements.length > 0 ? 'partially ' : ''
  return `spec.resourceAttributes.${kind} ${partially}ignored due to parse error`
}

/** Omits fields that are empty strings or lists, as Kubernetes does. */
export function withoutEmpty(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) => value !== '' && !(Array.isArray(value) && value.length === 0),
    ),
  )
}
