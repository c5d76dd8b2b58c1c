import { ConfigurationError, type ConfigurationProblem } from '../../authenticator/errors.ts'
import { quoted } from '@kube-authn/internal/quote'
import type { FieldPath } from './path.ts'

/** The kind of an error. `Unknown` is an unknown field; the others are Kubernetes' own. More may be added in a minor version; handle the rest. */
export type FieldErrorType =
  | 'Duplicate'
  | 'Forbidden'
  | 'Invalid'
  | 'NotSupported'
  | 'Required'
  | 'TooLong'
  | 'TooMany'
  | 'TypeInvalid'
  | 'Unknown'

/** An error in one field. `message` is what Kubernetes prints after the field. */
export interface FieldError extends ConfigurationProblem {
  readonly type: FieldErrorType
  /** The field within its object, as in `rules[0].verbs`; `path` may also name the object. */
  readonly field: string
  readonly detail: string
}

const TITLES: Readonly<Record<FieldErrorType, string>> = {
  Duplicate: 'Duplicate value',
  Forbidden: 'Forbidden',
  Invalid: 'Invalid value',
  NotSupported: 'Unsupported value',
  Required: 'Required value',
  TooLong: 'Too long',
  TooMany: 'Too many',
  TypeInvalid: 'Invalid value',
  Unknown: 'Unknown field',
}

export interface ErrorListOptions {
  /** Leaves the value out of messages, for objects with passwords or keys. Default `false`. */
  readonly hideValues?: boolean
  /** The maximum number of characters of a value that are shown. Default 256, so that a sent object is not repeated in full. */
  readonly maxValueLength?: number
}

/**
 * Collects all errors in an object, so that they are reported together.
 *
 * Source: apimachinery `pkg/util/validation/field/errors.go`.
 *
 * @example
 * const errors = errorList()
 * errors.required(fieldPath('roleRef', 'name'))
 * errors.toString() // 'roleRef.name: Required value'
 */
export function errorList(options: ErrorListOptions = {}): ErrorList {
  return new ErrorList(options)
}

export class ErrorList {
  readonly #errors: FieldError[] = []
  readonly #hideValues: boolean
  readonly #maxValueLength: number

  constructor({ hideValues = false, maxValueLength = 256 }: ErrorListOptions = {}) {
    this.#hideValues = hideValues
    this.#maxValueLength = maxValueLength
  }

  /** The errors found so far, in order. */
  get errors(): readonly FieldError[] {
    return this.#errors
  }

  /** A required value is missing. */
  required(path: FieldPath, detail = ''): void {
    this.#add('Required', path, detail)
  }

  /** The value is malformed. */
  invalid(path: FieldPath, value: unknown, detail: string): void {
    this.#add('Invalid', path, detail, this.#printed(value))
  }

  /** The value is not one of the supported values. */
  notSupported(path: FieldPath, value: unknown, supported: readonly string[]): void {
    const detail = supported.length === 0 ? '' : `supported values: ${supported.map(quoted).join(', ')}`
    this.#add('NotSupported', path, detail, this.#printed(value))
  }

  /** The value must be unique, but is not. */
  duplicate(path: FieldPath, value: unknown): void {
    this.#add('Duplicate', path, '', this.#printed(value))
  }

  /** No value is allowed here. */
  forbidden(path: FieldPath, detail: string): void {
    this.#add('Forbidden', path, detail)
  }

  /** The value is longer than this many bytes. The message does not quote it. */
  tooLong(path: FieldPath, maxBytes: number): void {
    this.#add('TooLong', path, `may not be more than ${maxBytes} bytes`)
  }

  /** There are more than this many items. */
  tooMany(path: FieldPath, count: number, maxItems: number): void {
    this.#add('TooMany', path, `must have at most ${maxItems} items`, String(count))
  }

  /**
   * The value has the wrong type, such as a string instead of a list. The message has the type that it has and never the value, which may be anything,
   * such as a file of tokens that was given instead of a manifest.
   *
   * Deviation: Kubernetes prints the value (`docs/deviations.md`, values of wrong types).
   */
  typeInvalid(path: FieldPath, value: unknown, detail: string): void {
    this.#add('TypeInvalid', path, this.#hideValues ? detail : `${detail}, but is ${typeName(value)}`)
  }

  /** The field is unknown. A misspelt restriction must not go unnoticed. */
  unknown(path: FieldPath): void {
    this.#add('Unknown', path, '')
  }

  /** Adds errors of another list; `object` names the object they belong to. */
  addAll(errors: readonly FieldError[], object?: string): void {
    for (const error of errors) {
      const path = [object, error.path].filter((part) => part !== undefined && part !== '').join(': ')
      if (!this.#isFull) this.#errors.push({ ...error, path })
    }
  }

  /** @throws {ConfigurationError} with all errors, if there are any. */
  throwIfAny(options?: { readonly cause?: unknown }): void {
    if (this.#errors.length > 0) throw new ConfigurationError(this.#errors, options)
  }

  /** The errors as Kubernetes prints an aggregate: without duplicates, several in brackets. Empty if there are none. */
  toString(): string {
    const texts = [...new Set(this.#errors.map((error) => `${error.path}: ${error.message}`))]
    return texts.length > 1 ? `[${texts.join(', ')}]` : (texts[0] ?? '')
  }

  #printed(value: unknown): string {
    if (this.#isFull) return ''
    const text = printed(value, this.#maxValueLength + 1)
    return text.length > this.#maxValueLength ? `${text.slice(0, this.#maxValueLength)}...` : text
  }

  /** Further errors are not looked at: there may be one for each of many elements. */
  get #isFull(): boolean {
    return this.#errors.length >= MAX_ERRORS
  }

  #add(type: FieldErrorType, path: FieldPath, detail: string, value?: string): void {
    if (this.#isFull) return
    const field = path.toString()
    const message = [TITLES[type], this.#hideValues ? undefined : value, detail]
      .filter((part) => part !== undefined && part !== '')
      .join(': ')
    this.#errors.push({ path: field, message, type, field, detail })
  }
}

/** The maximum number of errors that are collected. */
const MAX_ERRORS = 1000

/** So much of a value that its JSON begins with the same `length` characters: each element and member has at least one. */
function beginningOf(value: unknown, length: number): unknown {
  let left = length
  const beginning = (each: unknown): unknown => {
    if (typeof each === 'string') return each.slice(0, length)
    if (typeof each !== 'object' || each === null || typeof Reflect.get(each, 'toJSON') === 'function')
      return each
    if (Array.isArray(each))
      return each.slice(0, left).map((element) => (left-- > 0 ? beginning(element) : 0))
    const kept: Record<string, unknown> = Object.create(null) as Record<string, unknown>
    for (const key in each) {
      const member: unknown = Object.hasOwn(each, key) ? Reflect.get(each, key) : undefined
      if (member === undefined) continue
      if (left-- <= 0) break
      kept[key] = beginning(member)
    }
    return kept
  }
  return beginning(value)
}

/** At least the first `length` characters. */
function printed(value: unknown, length: number): string {
  try {
    const beginning = beginningOf(value, length)
    return typeof beginning === 'string' ? quoted(beginning) : (JSON.stringify(beginning) ?? 'null')
  } catch {
    // The value is nested too deeply to be printed.
    return '...'
  }
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
