import { type ErrorList, type FieldPath, isObject, shownName } from '@kube-authn/core/internal'
import { rfc3339Of, timeOfRfc3339 } from '@kube-authn/internal/rfc3339'
import { base64Length } from '@kube-authn/internal/base64'
import type { Field, ObjectType, Scalar } from './object-type.ts'

/**
 * Reads a value of this type, as Go reads JSON: fields that are `null` are absent, and unknown ones and those of the wrong type are errors and
 * left out.
 */
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
export function readField(
  value: unknown,
  { type, many }: Field,
  path: FieldPath,
  errors: ErrorList,
): unknown {
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
  const { expected, isValid, read } = RULES[type]
  if (!isValid(value)) errors.typeInvalid(path, value, `must be ${expected}`)
  return read === undefined ? value : read(value)
}

function emptyOf(type: Scalar | ObjectType): unknown {
  return typeof type === 'string' ? RULES[type].empty : {}
}

interface Rule {
  readonly expected: string
  readonly empty: unknown
  readonly isValid: (value: unknown) => boolean
  /** What is kept; `undefined` if it is as if absent. Default: the value. */
  readonly read?: (value: unknown) => unknown
}

const STRING: Rule = { expected: 'a string', empty: '', isValid: (value) => typeof value === 'string' }
const TIME: Rule = {
  expected: 'a time in the form of RFC 3339',
  empty: '1970-01-01T00:00:00Z',
  isValid: (value) => typeof value === 'string' && timeOfRfc3339(value) !== undefined,
}

/** Source: apimachinery `pkg/api/resource/quantity.go`. */
const QUANTITY = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/

const RULES: Readonly<Record<Scalar, Rule>> = {
  string: STRING,
  bool: { expected: 'true or false', empty: false, isValid: (value) => typeof value === 'boolean' },
  int32: integers(2 ** 31),
  int64: integers(2 ** 63),
  bytes: {
    expected: 'standard base64',
    empty: '',
    isValid: (value) => typeof value === 'string' && base64Length(withoutLineBreaks(value)) !== undefined,
    read: (value) => (typeof value === 'string' ? withoutLineBreaks(value) : value),
  },
  Time: { ...TIME, read: storedTime },
  MicroTime: TIME,
  Quantity: {
    expected: 'a quantity, such as 500m or 1Gi',
    empty: '0',
    isValid: (value) => ['string', 'number'].includes(typeof value) && QUANTITY.test(String(value)),
    read: String,
  },
  IntOrString: {
    expected: 'a number or a string',
    empty: 0,
    isValid: (value) => typeof value === 'string' || Number.isInteger(value),
  },
  ExtraValue: {
    expected: 'a list of strings',
    empty: [],
    isValid: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
  },
  FieldsV1: { expected: 'an object', empty: {}, isValid: isObject },
}

/** Go skips them in base64. */
function withoutLineBreaks(base64: string): string {
  return base64.replaceAll(/[\r\n]/g, '')
}

/** Go's time that is none. */
const NO_TIME = '0001-01-01T00:00:00Z'

/** In UTC and whole seconds, as Kubernetes keeps times; one that is none is absent. What is not a time stays as it is. */
function storedTime(value: unknown): unknown {
  const timeMs = typeof value === 'string' ? timeOfRfc3339(value) : undefined
  if (timeMs === undefined) return value
  const time = rfc3339Of(timeMs)
  return time === NO_TIME ? undefined : time
}

function integers(end: number): Rule {
  return {
    expected: 'an integer',
    empty: 0,
    isValid: (value) => Number.isInteger(value) && Number(value) >= -end && Number(value) < end,
  }
}
