import { ConfigurationError, type ConfigurationProblem } from '../../authenticator/errors.ts'
import { quoted } from '../quote.ts'
import type { FieldPath } from './path.ts'

/** What is wrong with a field, in one word. `Unknown` is a field that nobody knows; the others are Kubernetes' own. */
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

/** One field that is wrong. `message` is what Kubernetes prints after the field. */
export interface FieldError extends ConfigurationProblem {
  readonly type: FieldErrorType
  /** The field within its object, as in `rules[0].verbs`; `path` may say which object as well. */
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

/** Options of {@link errorList}. */
export interface ErrorListOptions {
  /** Messages tell the field and the rule, and nothing of the value: for what holds passwords and keys. Default `false`. */
  readonly hideValues?: boolean
  /** Characters of a value that are shown. Default 256: whoever sends an object is not told all of it again. */
  readonly maxValueLength?: number
}

/**
 * Collects everything that is wrong with an object, so that its author hears of all of it at once.
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

/** See {@link errorList}. */
export class ErrorList {
  readonly #errors: FieldError[] = []
  readonly #hideValues: boolean
  readonly #maxValueLength: number

  constructor({ hideValues = false, maxValueLength = 256 }: ErrorListOptions = {}) {
    this.#hideValues = hideValues
    this.#maxValueLength = maxValueLength
  }

  /** What was found, in order. */
  get errors(): readonly FieldError[] {
    return this.#errors
  }

  /** There is no value where there must be one. */
  required(path: FieldPath, detail = ''): void {
    this.#add('Required', path, detail)
  }

  /** The value is malformed. */
  invalid(path: FieldPath, value: unknown, detail: string): void {
    this.#add('Invalid', path, detail, this.#printed(value))
  }

  /** The value is none of those there are. */
  notSupported(path: FieldPath, value: unknown, supported: readonly string[]): void {
    const detail = supported.length === 0 ? '' : `supported values: ${supported.map(quoted).join(', ')}`
    this.#add('NotSupported', path, detail, this.#printed(value))
  }

  /** The value must be unique, and is not. */
  duplicate(path: FieldPath, value: unknown): void {
    this.#add('Duplicate', path, '', this.#printed(value))
  }

  /** There must be no value here, as things are. */
  forbidden(path: FieldPath, detail: string): void {
    this.#add('Forbidden', path, detail)
  }

  /** The value is longer than this many bytes. It is not repeated. */
  tooLong(path: FieldPath, maxBytes: number): void {
    this.#add('TooLong', path, `may not be more than ${maxBytes} bytes`)
  }

  /** There are more than this many items. */
  tooMany(path: FieldPath, count: number, maxItems: number): void {
    this.#add('TooMany', path, `must have at most ${maxItems} items`, String(count))
  }

  /** The value is of another type, as in a text where a list belongs. */
  typeInvalid(path: FieldPath, value: unknown, detail: string): void {
    this.#add('TypeInvalid', path, detail, this.#printed(value))
  }

  /** There is no such field. A misspelt restriction must not go unnoticed. */
  unknown(path: FieldPath): void {
    this.#add('Unknown', path, '')
  }

  /** Takes over what was found elsewhere; `object` says in which object. */
  addAll(errors: readonly FieldError[], object?: string): void {
    for (const error of errors) {
      this.#keep(object === undefined ? error : { ...error, path: `${object}: ${error.path}` })
    }
  }

  /** @throws {ConfigurationError} when something was found, with all of it. */
  throwIfAny(options?: { readonly cause?: unknown }): void {
    if (this.#errors.length > 0) throw new ConfigurationError(this.#errors, options)
  }

  /** As Kubernetes prints an aggregate: equal texts once, several in brackets. Empty when nothing was found. */
  toString(): string {
    const texts = [...new Set(this.#errors.map((error) => `${error.path}: ${error.message}`))]
    return texts.length > 1 ? `[${texts.join(', ')}]` : (texts[0] ?? '')
  }

  #printed(value: unknown): string {
    const text = printed(value)
    return text.length > this.#maxValueLength ? `${text.slice(0, this.#maxValueLength)}...` : text
  }

  #add(type: FieldErrorType, path: FieldPath, detail: string, value?: string): void {
    const field = path.toString()
    const message = [TITLES[type], this.#hideValues ? undefined : value, detail]
      .filter((part) => part !== undefined && part !== '')
      .join(': ')
    this.#keep({ path: field, message, type, field, detail })
  }

  #keep(error: FieldError): void {
    if (this.#errors.length < MAX_ERRORS) this.#errors.push(error)
  }
}

/** Whoever has more to mend has these to begin with. */
const MAX_ERRORS = 1000

function printed(value: unknown): string {
  try {
    return typeof value === 'string' ? quoted(value) : (JSON.stringify(value) ?? 'null')
  } catch {
    // What is nested too deep to be printed is no more than wrong.
    return '...'
  }
}
