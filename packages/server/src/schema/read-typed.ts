import {
  type ErrorList,
  type FieldPath,
  isObject,
  type ObjectReader,
  shownName,
} from '@kube-authn/core/internal'
import { base64Length } from '@kube-authn/internal/base64'
import { rfc3339Of, timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import type { Field, ObjectType, Scalar } from '@kube-authn/api/internal'
import { objectTypeOf } from './object-types.ts'

/**
 * The fields of an object besides its version, kind and metadata, as the type of its kind has them.
 *
 * @param isWanted the fields to read. Default: those that have fields themselves.
 */
export function readFields(
  object: ObjectReader,
  kind: string,
  errors: ErrorList,
  isWanted: (field: Field) => boolean = ({ type }) => typeof type !== 'string',
): Readonly<Record<string, unknown>> {
  const fields: [string, unknown][] = []
  for (const [name, field] of objectTypeOf(kind)?.fields ?? []) {
    if (name === 'metadata' || !isWanted(field)) continue
    const value = object.value(name)
    if (value !== undefined) fields.push([name, readField(value, field, object.path.child(name), errors)])
  }
  return Object.fromEntries(fields)
}

/** Reads a value of this type, as Go reads JSON: fields that are `null` are absent, and unknown ones and those of the wrong type are errors and left out. */
export function readTyped(value: unknown, type: ObjectType, path: FieldPath, errors: ErrorList): object {
  if (!isObject(value)) {
    errors.typeInvalid(path, value, 'must be an object')
    return {}
  }
  const read: [string, unknown][] = []
  for (const [name, each] of Object.entries(value)) {
    const field = type.fields.get(name)
    if (field === undefined) errors.unknown(path.child(shownName(name) || '?'))
    else if (each !== null) read.push([name, readField(each, field, path.child(name), errors)])
  }
  return Object.fromEntries(read.filter(([, kept]) => kept !== undefined))
}

/** Reads the value of a field of this type, which is not `null`. */
function readField(value: unknown, { type, many }: Field, path: FieldPath, errors: ErrorList): unknown {
  if (many === 'list') {
    if (Array.isArray(value)) {
      return value.map((each: unknown, index) =>
        readOne(each ?? emptyOf(type), type, path.index(index), errors),
      )
    }
    errors.typeInvalid(path, value, 'must be a list of values')
    return []
  }
  if (many === 'map') {
    if (isObject(value)) {
      const read = Object.entries(value).map(([key, each]) => {
        return [key, readOne(each ?? emptyOf(type), type, path.key(key), errors)] as const
      })
      return Object.fromEntries(read)
    }
    errors.typeInvalid(path, value, 'must be an object')
    return {}
  }
  return readOne(value, type, path, errors)
}

function readOne(value: unknown, type: Scalar | ObjectType, path: FieldPath, errors: ErrorList): unknown {
  if (typeof type !== 'string') return readTyped(value, type, path, errors)
  const { problem, read } = RULES[type]
  const why = problem(value)
  if (why !== undefined) errors.typeInvalid(path, value, why)
  return read === undefined ? value : read(value)
}

function emptyOf(type: Scalar | ObjectType): unknown {
  return typeof type === 'string' ? RULES[type].empty : {}
}

interface Rule {
  readonly empty: unknown
  /** Why a value is not of the type; `undefined` if it is. */
  readonly problem: (value: unknown) => string | undefined
  /** What is kept; `undefined` if it is as if absent. Default: the value. */
  readonly read?: (value: unknown) => unknown
}

function rule(
  expected: string,
  empty: unknown,
  isValid: (value: unknown) => boolean,
  read?: Rule['read'],
): Rule {
  const problem: Rule['problem'] = (value) => (isValid(value) ? undefined : `must be ${expected}`)
  return { empty, problem, ...(read !== undefined && { read }) }
}

/** Source: apimachinery `pkg/api/resource/quantity.go`. */
const QUANTITY = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/

const RULES: Readonly<Record<Scalar, Rule>> = {
  string: rule('a string', '', (value) => typeof value === 'string'),
  bool: rule('true or false', false, (value) => typeof value === 'boolean'),
  int32: integers(2 ** 31),
  int64: integers(2 ** 63),
  bytes: rule(
    'standard base64',
    '',
    (value) => typeof value === 'string' && base64Length(withoutLineBreaks(value)) !== undefined,
    (value) => (typeof value === 'string' ? withoutLineBreaks(value) : value),
  ),
  Time: rule(
    'a time in the form of RFC 3339',
    '1970-01-01T00:00:00Z',
    (value) => typeof value === 'string' && timeOfRfc3339(value) !== undefined,
    storedTime,
  ),
  MicroTime: {
    empty: '1970-01-01T00:00:00.000000Z',
    problem: (value) => microTimeIn(value).problem,
    read: (value) => presentTime(microTimeIn(value).time),
  },
  Quantity: rule(
    'a quantity, such as 500m or 1Gi',
    '0',
    (value) => ['string', 'number'].includes(typeof value) && QUANTITY.test(String(value)),
    String,
  ),
  IntOrString: rule(
    'a number or a string',
    0,
    (value) => typeof value === 'string' || Number.isInteger(value),
  ),
  ExtraValue: rule(
    'a list of strings',
    [],
    (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
  ),
  FieldsV1: rule('an object', {}, isObject),
}

/** Go skips them in base64. */
function withoutLineBreaks(base64: string): string {
  return base64.replaceAll(/[\r\n]/g, '')
}

/** In UTC and whole seconds, as Kubernetes keeps times. What is not a time stays as it is. */
function storedTime(value: unknown): unknown {
  const timeMs = typeof value === 'string' ? timeOfRfc3339(value) : undefined
  return timeMs === undefined ? value : presentTime(rfc3339Of(timeMs))
}

function microTimeIn(value: unknown): MicroTime {
  return typeof value === 'string' ? microTimeOf(value) : { problem: 'must be a time with six decimals' }
}

/** Go's time that is none is absent. */
function presentTime(time: string | undefined): string | undefined {
  return time !== undefined && /^0001-01-01T00:00:00(?:\.0+)?Z$/.test(time) ? undefined : time
}

function integers(end: number): Rule {
  const isValid = (value: unknown): boolean =>
    Number.isInteger(value) && Number(value) >= -end && Number(value) < end
  return rule('an integer', 0, isValid)
}

/** A time that was read, in UTC; or why it is none, in the words of Go. */
type MicroTime =
  | { readonly time: string; readonly problem?: never }
  | { readonly time?: never; readonly problem: string }

/** A longer text is not repeated in an error. */
const MAX_SHOWN = 64

/** The parts of Go's layout, and what each takes. */
const LAYOUT: readonly (readonly [string, RegExp])[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d{2}/],
  ['-', /^-/],
  ['02', /^\d{2}/],
  ['T', /^T/],
  ['15', /^\d{1,2}/],
  [':', /^:/],
  ['04', /^\d{2}/],
  [':', /^:/],
  ['05', /^\d{2}/],
  ['.000000', /^[.,]\d{6}/],
  ['Z07:00', /^(?:Z$|[+-]\d{2}:\d{2}$)/],
]
const NAME = LAYOUT.map(([part]) => part).join('')

/**
 * Reads a time with exactly six decimals. `Date.prototype.toISOString` writes three, which Kubernetes refuses: clients have `V1MicroTime` for that.
 *
 * Source: apimachinery `pkg/apis/meta/v1/micro_time.go`; Go `time.Parse`.
 */
function microTimeOf(text: string): MicroTime {
  const shown = text.length > MAX_SHOWN ? '' : ` ${JSON.stringify(text)}`
  const failed = (why: string): MicroTime => ({ problem: `parsing time${shown} as "${NAME}": ${why}` })
  let rest = text
  for (const [part, pattern] of LAYOUT) {
    const [found] = pattern.exec(rest) ?? []
    if (found === undefined) {
      return failed(`cannot parse ${JSON.stringify(rest.slice(0, MAX_SHOWN))} as "${part}"`)
    }
    rest = rest.slice(found.length)
  }
  const timeMs = timeOfRfc3339(text)
  if (timeMs === undefined) return failed('a part is out of range')
  const micros = /[.,](\d{6})/.exec(text)?.[1] ?? ''
  return { time: rfc3339Of(timeMs).replace('Z', `.${micros}Z`) }
}
