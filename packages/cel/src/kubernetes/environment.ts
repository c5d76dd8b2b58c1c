import { ANY, mapType, parsedType, STRING, structType, type Type } from '../check/types.ts'
import { Engine, type EngineOptions } from '../engine.ts'
import type { Library } from '../check/declarations.ts'
import { Meter } from '../evaluate/evaluation.ts'
import { authorizer } from '../library/authorizer.ts'
import { kubernetesLibraries, languageLibraries } from '../library/foundations.ts'
import { listExtensions } from '../library/lists.ts'
import { optionals } from '../library/optionals.ts'
import { Patterns } from '../library/regular-expressions.ts'
import { sets } from '../library/sets.ts'
import { strings } from '../library/strings.ts'
import { kubernetesStyle } from '../library/text-format-styles.ts'
import { textFormat } from '../library/text-format.ts'
import {
  OPTIONAL_MACROS,
  SORTING_MACROS,
  STANDARD_MACROS,
  TWO_VARIABLE_MACROS,
} from '../syntax/standard-macros.ts'
import type { Value } from '../values/value.ts'
import type { CelCompilerOptions, CelInputs, CelVariable, KubernetesVersion } from './cel.ts'
import { claimsValue } from './claims.ts'
import { REQUEST, REQUEST_FIELDS, requestValue } from './request.ts'
import { USER, USER_FIELDS, userValue } from './user.ts'

/**
 * Maximum cost of an evaluation.
 *
 * Source: apiserver `pkg/apis/cel/config.go` (`PerCallLimit`).
 */
const MAX_COST = 1_000_000
/** Maximum work of an evaluation, which takes less than 50 ms. */
const MAX_WORK = 200_000
/** Maximum length of an expression in characters, as in cel-go. */
const MAX_LENGTH = 100_000

interface Variable<Input> {
  readonly type: Type
  readonly fields: NonNullable<EngineOptions['fields']>
  readonly valueOf: (input: Input) => Value
}

export const VARIABLES: { readonly [V in CelVariable]: Variable<CelInputs[V]> } = {
  claims: { type: mapType(STRING, ANY), fields: new Map(), valueOf: claimsValue },
  request: { type: REQUEST, fields: REQUEST_FIELDS, valueOf: requestValue },
  user: { type: USER, fields: USER_FIELDS, valueOf: userValue },
}

/**
 * Types that the checker of Kubernetes knows, but not its evaluator.
 *
 * Source: apiserver `pkg/cel/types.go` (`findScalar`); cel-go `common/types/provider.go`.
 */
const UNBOUND_TYPES = {
  duration: 'duration',
  timestamp: 'timestamp',
  'google.protobuf.Any': 'any',
  'google.protobuf.BoolValue': 'wrapper(bool)',
  'google.protobuf.BytesValue': 'wrapper(bytes)',
  'google.protobuf.DoubleValue': 'wrapper(double)',
  'google.protobuf.FloatValue': 'wrapper(double)',
  'google.protobuf.Int32Value': 'wrapper(int)',
  'google.protobuf.Int64Value': 'wrapper(int)',
  'google.protobuf.ListValue': 'list(dyn)',
  'google.protobuf.StringValue': 'wrapper(string)',
  'google.protobuf.Struct': 'map(string, dyn)',
  'google.protobuf.UInt32Value': 'wrapper(uint)',
  'google.protobuf.UInt64Value': 'wrapper(uint)',
  'google.protobuf.Value': 'dyn',
}

/**
 * The environment with all functions and the one variable.
 *
 * Source: apiserver `pkg/authentication/cel/compile.go`, `pkg/authorization/cel/compile.go`, `pkg/cel/environment/base.go`.
 */
export function kubernetesEngine(
  variable: CelVariable,
  { asKubeApiserver, kubernetesVersion }: Required<CelCompilerOptions>,
): Engine {
  const { type: variableType, fields } = VARIABLES[variable]
  const meter = new Meter({ maxCost: MAX_COST, maxWork: MAX_WORK })
  return new Engine({
    variables: new Map([[variable, variableType]]),
    meter,
    libraries: libraries(meter, kubernetesVersion),
    macros: [...STANDARD_MACROS, ...OPTIONAL_MACROS, ...TWO_VARIABLE_MACROS, ...SORTING_MACROS],
    fields,
    hasRangesOfAny: !asKubeApiserver,
    unboundTypes: new Map([
      ...Object.entries(UNBOUND_TYPES).map(([name, type]) => [name, parsedType(type, new Map())] as const),
      ...Array.from(fields.keys(), (name) => [name, structType(name)] as const),
    ]),
    maxLength: MAX_LENGTH,
    hasOptionals: true,
    release: kubernetesVersion,
    isHomogeneous: true,
    isStrict: false,
    isDynamic: false,
  })
}

function libraries(meter: Meter, version: KubernetesVersion): readonly Library[] {
  const patterns = new Patterns(meter)
  return [
    ...languageLibraries(meter, patterns, version),
    optionals(meter),
    strings(meter, version),
    textFormat(meter, kubernetesStyle),
    listExtensions(meter, { isStrict: false }),
    sets(meter),
    ...kubernetesLibraries(meter, patterns, version),
    authorizer(),
  ]
}
