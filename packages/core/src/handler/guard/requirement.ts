import { isPlainObject, problemOf } from '../../internal/options/check.ts'
import { aNonEmptyString, type Check, nonEmptyListOf, optionProblems } from '../../internal/options/index.ts'
import type { UserInfo } from '../../authenticator/user.ts'

/** One value; at least one of several; or all of several. No more will be added. */
export type RequiredValues =
  | string
  | { readonly anyOf: readonly string[] }
  | { readonly allOf: readonly string[] }

/** What a guard requires of a user. */
export interface Requirement {
  /** The name of the guard, for events. */
  readonly name: string
  isMetBy(user: UserInfo): boolean
  /** Follows the message of a refusal. */
  readonly reason: string
  /** Further headers of a refusal. */
  readonly headers?: Readonly<Record<string, string>>
}

/** A check of {@link RequiredValues} whose values pass another check. */
/* @__NO_SIDE_EFFECTS__ */
export function requiredValues(each: Check = aNonEmptyString): Check {
  const list = nonEmptyListOf(each)
  return (value, path) => {
    if (typeof value === 'string') return each(value, path)
    if (!isPlainObject(value) || Object.keys(value).length !== 1) return problemOf(value, path, EXPECTED)
    return optionProblems({ anyOf: list, allOf: list }, value, path)
  }
}

const EXPECTED = 'must be a string, { anyOf: [...] } or { allOf: [...] }'

/** The values themselves, copied. */
export function valuesIn(required: RequiredValues): readonly string[] {
  if (typeof required === 'string') return [required]
  return 'anyOf' in required ? [...required.anyOf] : [...required.allOf]
}

/** Whether a user with these values has those that are required. */
export function hasRequired(
  required: RequiredValues,
  values: readonly string[],
): (has: (value: string) => boolean) => boolean {
  return typeof required !== 'string' && 'anyOf' in required
    ? (has) => values.some(has)
    : (has) => values.every(has)
}

/** As in `one of the groups "a", "b"`. */
export function sentenceOf(required: RequiredValues, values: readonly string[], noun: string): string {
  const listed = values.map((value) => JSON.stringify(value)).join(', ')
  if (values.length === 1) return `the ${noun} ${listed}`
  return `${typeof required !== 'string' && 'anyOf' in required ? 'one of' : 'all of'} the ${noun}s ${listed}`
}
