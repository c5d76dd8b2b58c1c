// Runs the conformance suites of cel-spec, and the expressions of the tests of cel-go, against @kube-authn/cel. Prints one line for each file, with what
// it leaves out and why.
//
// usage: node test/conformance/cel-spec.mjs [part of a name]
import {
  Duration,
  environment,
  fn,
  MapValue,
  method,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
} from '@kube-authn/cel'
import { tests as checking } from '@bufbuild/cel-spec/testdata/checking.js'
import { tests as comprehension } from '@bufbuild/cel-spec/testdata/comprehension.js'
import { tests as conformance } from '@bufbuild/cel-spec/testdata/conformance.js'
import { tests as parsing } from '@bufbuild/cel-spec/testdata/parsing.js'

/** Why a test does not apply. */
const MESSAGES = 'needs protobuf messages'
const ENUMS = 'needs protobuf enums'
const UNDECLARED = 'uses names that the suite does not declare'
const NUMBERS = 'compares numbers of different types, which Kubernetes and this package allow'
const QUOTED = 'quotes fields, which the language allows'
const LIMITS = 'has a lower limit than Kubernetes'

/** Tests that cel-go, the implementation in Kubernetes, does not pass either: its `conformance/BUILD.bazel` skips them. */
const UNLIKE_CEL_GO = new Map(
  Object.entries({
    'optionals/optionals/map_optional_select_has': 'differs in cel-go: has() of an optional',
    'string_ext/value_errors/indexof_out_of_range': 'differs in cel-go: an index past the end finds nothing',
    'string_ext/value_errors/lastindexof_out_of_range':
      'differs in cel-go: an index past the end finds nothing',
    'type_deductions/legacy_nullable_types/null_assignable_to_abstract_parameter_candidate':
      'differs in cel-go: the common type of a value and null',
    'timestamps/duration_converters/get_milliseconds':
      'differs in cel-go: the milliseconds of the whole duration',
    'type_deductions/wrappers/wrapper_promotion_2': 'differs in cel-go: the common type of a wrapper',
  }),
)

const PRIMITIVES = {
  BOOL: 'bool',
  BYTES: 'bytes',
  DOUBLE: 'double',
  INT64: 'int',
  STRING: 'string',
  UINT64: 'uint',
}

const [wanted = ''] = process.argv.slice(2)
const total = { passed: 0, failed: 0 }

for (const { name, ...file } of conformance.suites) report(name, testsOf(file, name), outcomeOf)
report('cel-go parsing', testsOf(parsing, 'parsing'), syntaxOutcome)
report('cel-go checking', testsOf(checking, 'checking'), checkOutcome)
report('cel-go comprehension', testsOf(comprehension, 'comprehension'), syntaxOutcome)
console.log(`${total.passed} passed, ${total.failed} failed`)
if (total.failed > 0) process.exitCode = 1

function* testsOf({ tests = [], suites = [] }, path) {
  for (const test of tests) yield { ...test, path: `${path}/${test.original.name ?? test.original.expr}` }
  for (const suite of suites) yield* testsOf(suite, `${path}/${suite.name}`)
}

/** Prints the line of a file, and its failures. */
function report(name, tests, run) {
  if (!name.includes(wanted)) return
  const left = new Map()
  const failures = []
  let passed = 0
  for (const test of tests) {
    const reason = reasonToLeaveOut(test)
    if (reason !== undefined) {
      left.set(reason, (left.get(reason) ?? 0) + 1)
      continue
    }
    let failure
    try {
      failure = run(test)
    } catch (error) {
      failure = `throws ${error.stack}`
    }
    if (failure === undefined) passed++
    else if (failure.leftOut !== undefined) left.set(failure.leftOut, (left.get(failure.leftOut) ?? 0) + 1)
    else failures.push(`FAILED ${test.path}: ${test.original.expr}: ${failure}`)
  }
  total.passed += passed
  total.failed += failures.length
  const reasons = [...left].map(([reason, count]) => `${count} left out: ${reason}`)
  console.log([`${name}: ${passed}/${passed + failures.length}`, ...reasons].join('; '))
  for (const failure of failures) console.log(failure)
}

function reasonToLeaveOut({ path, original, error = '' }) {
  const { expr, typeEnv = [], value, bindings } = original
  if (path.startsWith('enums/')) return ENUMS
  if (original.name === undefined) {
    // The errors are those of cel-go with the options of its own tests.
    if (error.includes("unsupported syntax: '`'")) return QUOTED
    if (
      /applied to '\((?:int|uint|double), (?:int|uint|double)\)'/.test(error) &&
      path.startsWith('checking/')
    )
      return NUMBERS
    if (/recursion (?:limit|depth)|code point size|recovery (?:attempt )?limit|token lookahead/.test(error))
      return LIMITS
  }
  // A name before a brace.
  if (
    /(?<![\w.]in)(?<=[\w.])\s*\{/.test(expr.replaceAll(/"[^"]*"|'[^']*'/g, '""')) &&
    !expr.startsWith('int{')
  )
    return MESSAGES
  const known = UNLIKE_CEL_GO.get(path)
  if (known !== undefined) return known
  const all = JSON.stringify([expr, typeEnv, value, bindings, original.typedResult])
  if (/proto[23]|TestAllTypes|objectValue|"messageType"|enumValue/.test(all)) return MESSAGES
  if (/google\.protobuf\.(?!Timestamp\b|Duration\b)/.test(all) || /google\.protobuf\.\w+\s*\{/.test(expr))
    return MESSAGES
  return undefined
}

/** Parses; whether names are declared does not matter. */
function syntaxOutcome({ original: { expr }, ast, error = '' }) {
  const { issues } = environment({ libraries: [] }).compile(expr)
  const syntax = issues.find(({ message }) => isSyntaxError(message))
  if (ast !== undefined) return syntax === undefined ? undefined : `has a syntax error: ${syntax.message}`
  if (syntax === undefined) return `has no syntax error, but: ${error.split('\n')[0]}`
  return undefined
}

function isSyntaxError(message) {
  return !/^(?:undeclared reference|found no matching overload|expected type|expression of type|type '|undefined field|messages such as|unexpected|invalid (?:duration|timestamp|matches) argument)/.test(
    message,
  )
}

/** Checks without any variables, and compares the type or the place of the first error. */
function checkOutcome({ original: { expr }, ast, type, error }) {
  const { program, issues } = environment({ libraries: [] }).compile(expr)
  const isDeclared = !issues.some(({ message }) => message.startsWith('undeclared reference to'))
  if (!isDeclared && !error?.includes('undeclared reference')) return { leftOut: UNDECLARED }
  if (type !== undefined) {
    if (program === undefined) return `does not compile: ${issues[0].message}`
    return normalized(program.type) === normalized(type)
      ? undefined
      : `is of the type ${program.type} instead of ${type}`
  }
  if (program !== undefined) return `compiles in spite of: ${error}`
  if (ast === undefined) return undefined
  const [, line, column, message] = /^ERROR: <input>:(\d+):(\d+): (.*)/.exec(error) ?? []
  const [first] = issues
  const isSame = `${first.line}:${first.column}: ${first.message}` === `${line}:${column}: ${message}`
  return isSame
    ? undefined
    : `says ${first.line}:${first.column}: ${first.message} instead of ${error.split('\n')[0]}`
}

function normalized(type) {
  return type.replaceAll(/_var\d+/g, 'dyn')
}

function outcomeOf({ original }) {
  const { expr, container = '', disableCheck, checkOnly, typedResult } = original
  const { env, bindings } = environmentOf(original)
  const { program, issues } = env.compile(expr)
  const wantsError = original.evalError !== undefined
  if (program === undefined)
    return wantsError ? undefined : `does not compile: ${issues[0].message} (${container})`
  const expectedType = typedResult?.deducedType
  if (expectedType !== undefined && disableCheck !== true) {
    const wantedType = typeText(expectedType)
    if (program.type !== wantedType && !(wantedType === 'null_type' && program.type === 'null')) {
      return `is of the type ${program.type} instead of ${wantedType}`
    }
  }
  if (checkOnly === true) return undefined
  const { value, error } = program.evaluate(bindings)
  if (wantsError) return error === undefined ? `has the value ${shown(value)} instead of an error` : undefined
  if (error !== undefined) return `fails: ${error}`
  const expected = original.value ?? typedResult?.result ?? { boolValue: true }
  return isExpected(value, expected) ? undefined : `is ${shown(value)} instead of ${JSON.stringify(expected)}`
}

function environmentOf({ typeEnv = [], bindings = {}, container = '', disableCheck }) {
  const variables = {}
  const functions = []
  for (const { name, ident, function: declared } of typeEnv) {
    if (ident !== undefined) variables[name] = typeText(ident.type)
    for (const { params = [], resultType, isInstanceFunction } of declared?.overloads ?? []) {
      const types = params.map(typeText)
      const result = typeText(resultType)
      const unavailable = () => {
        throw new Error('only declared')
      }
      functions.push(
        isInstanceFunction === true
          ? method(`${types[0]}.${name}(${types.slice(1).join(', ')}): ${result}`, unavailable)
          : fn(`${name}(${types.join(', ')}): ${result}`, unavailable),
      )
    }
  }
  const values = Object.fromEntries(
    Object.entries(bindings).map(([name, { value }]) => [name, valueOf(value)]),
  )
  for (const name of Object.keys(values)) variables[name] ??= 'dyn'
  const env = environment({
    variables,
    functions,
    container,
    types: disableCheck === true ? 'dynamic' : 'checked',
  })
  return { env, bindings: values }
}

/** A type as the package writes it. */
function typeText(type = {}) {
  const { primitive, wellKnown, listType, mapType, wrapper, abstractType, typeParam } = type
  if (primitive !== undefined) return PRIMITIVES[primitive]
  if (wellKnown !== undefined) return { ANY: 'any', TIMESTAMP: 'timestamp', DURATION: 'duration' }[wellKnown]
  if (listType !== undefined) return `list(${typeText(listType.elemType)})`
  if (mapType !== undefined) return `map(${typeText(mapType.keyType)}, ${typeText(mapType.valueType)})`
  if (wrapper !== undefined) return `wrapper(${PRIMITIVES[wrapper]})`
  if (typeParam !== undefined) return typeParam
  if (abstractType !== undefined)
    return `${abstractType.name}(${(abstractType.parameterTypes ?? []).map(typeText).join(', ')})`
  if ('type' in type) return Object.keys(type.type).length === 0 ? 'type' : `type(${typeText(type.type)})`
  return 'null' in type ? 'null' : 'dyn'
}

/** A value of a binding. */
function valueOf(value) {
  const [[kind, content]] = Object.entries(value)
  switch (kind) {
    case 'int64Value':
      return BigInt(content)
    case 'uint64Value':
      return new Uint(BigInt(content))
    case 'doubleValue':
      return Number(content)
    case 'bytesValue':
      return bytesOf(content)
    case 'nullValue':
      return null
    case 'listValue':
      return (content.values ?? []).map(valueOf)
    case 'mapValue':
      return new Map((content.entries ?? []).map(({ key, value: each }) => [valueOf(key), valueOf(each)]))
    case 'typeValue':
      return new TypeValue(content)
    default:
      return content
  }
}

function isExpected(value, expected) {
  const [[kind, content]] = Object.entries(expected)
  switch (kind) {
    case 'boolValue':
    case 'stringValue':
      return value === content
    case 'int64Value':
      return value === BigInt(content)
    case 'uint64Value':
      return value instanceof Uint && value.value === BigInt(content)
    case 'doubleValue':
      return (
        typeof value === 'number' && (value === Number(content) || (Number.isNaN(value) && content === 'NaN'))
      )
    case 'bytesValue':
      return value instanceof Uint8Array && Buffer.compare(value, bytesOf(content)) === 0
    case 'nullValue':
      return value === null
    case 'typeValue':
      return value instanceof TypeValue && value.name === content
    case 'listValue': {
      const elements = content.values ?? []
      return (
        Array.isArray(value) &&
        value.length === elements.length &&
        elements.every((each, index) => isExpected(value[index], each))
      )
    }
    case 'mapValue': {
      const entries = content.entries ?? []
      if (!(value instanceof MapValue) || value.size !== entries.length) return false
      return entries.every(({ key, value: each }) => {
        const found = value.find(valueOf(key))
        return found !== undefined && isExpected(found, each)
      })
    }
    default:
      return false
  }
}

function bytesOf(base64) {
  return new Uint8Array(Buffer.from(base64, 'base64'))
}

function shown(value) {
  if (value instanceof Optional || value instanceof Duration || value instanceof Timestamp)
    return value.constructor.name
  return JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}n` : each))
}
