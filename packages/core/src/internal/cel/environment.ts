import { Environment } from '@marcbachmann/cel-js'
import type { Budget } from './budget.ts'
import type { CelAccessRequest, CelInputs, CelUser, CelVariable } from './cel.ts'
import { seeTypesFlat } from './flat-types.ts'
import { registerAddressRanges } from './library/address-ranges.ts'
import { registerComparisons } from './library/comparisons.ts'
import { registerComprehensions } from './library/comprehensions.ts'
import { registerConversions } from './library/conversions.ts'
import { registerDurations } from './library/durations.ts'
import { registerIpAddresses } from './library/ip-addresses.ts'
import { registerListExtensions } from './library/list-extensions.ts'
import { registerLists } from './library/lists.ts'
import { registerNamedFormats } from './library/named-formats.ts'
import { registerOptionals } from './library/optionals.ts'
import { registerPresence } from './library/presence.ts'
import { registerQuantities } from './library/quantities.ts'
import { type Patterns, registerRegularExpressions } from './library/regular-expressions.ts'
import { registerSemanticVersions } from './library/semantic-versions.ts'
import { registerSets } from './library/sets.ts'
import { registerStrings } from './library/strings.ts'
import { registerTextFormat } from './library/text-format.ts'
import { registerTimestamps } from './library/timestamps.ts'
import { registerUrls } from './library/urls.ts'
import { claimsInput, type SizedValue } from './values/input.ts'
import { REQUEST_TYPE, REQUEST_TYPES, requestInput } from './values/request-value.ts'
import { CelUserValue } from './values/user-value.ts'

/** Limits of the nesting and size of an expression. */
const LIMITS = { maxAstNodes: 100_000, maxDepth: 100, maxListElements: 50_000, maxMapEntries: 50_000 }

/**
 * Creates the environment with all functions and the one variable.
 *
 * Source: apiserver `pkg/authentication/cel/compile.go`, `pkg/authorization/cel/compile.go`, `pkg/cel/environment/base.go`.
 */
export function environmentFor(variable: CelVariable, budget: Budget, patterns: Patterns): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: true,
    enableOptionalTypes: true,
    limits: LIMITS,
  })
  registerComprehensions(environment, budget)
  registerConversions(environment)
  registerDurations(environment)
  registerTimestamps(environment, budget)
  registerPresence(environment)
  registerOptionals(environment, budget)
  registerRegularExpressions(environment, patterns)
  registerSets(environment, budget)
  registerStrings(environment, budget)
  registerTextFormat(environment, budget)
  registerLists(environment, budget)
  registerListExtensions(environment, budget)
  registerUrls(environment, budget)
  registerIpAddresses(environment)
  registerAddressRanges(environment)
  registerQuantities(environment, budget)
  registerSemanticVersions(environment, budget)
  registerNamedFormats(environment)
  environment.registerType('CelUser', {
    ctor: CelUserValue,
    fields: { username: 'string', uid: 'string', groups: 'list<string>', extra: 'map<string, list<string>>' },
  })
  const types = variable === 'request' ? REQUEST_TYPES : []
  for (const { name, ctor, fields } of types) environment.registerType(name, { ctor, fields })
  registerComparisons(
    environment,
    types.map(({ name }) => name),
  )
  seeTypesFlat(environment)
  return environment.registerVariable(variable, TYPES[variable])
}

const TYPES: Readonly<Record<CelVariable, string>> = {
  claims: 'map<string, dyn>',
  request: REQUEST_TYPE,
  user: 'CelUser',
}

/** Converts an input to the value of the variable. */
export function inputOf(variable: CelVariable, input: CelInputs[CelVariable]): SizedValue {
  if (isRequest(variable, input)) return requestInput(input)
  if (isUser(variable, input)) {
    return { value: new CelUserValue(input), size: claimsInput({ ...input }).size }
  }
  return claimsInput(input)
}

function isRequest(variable: CelVariable, _input: CelInputs[CelVariable]): _input is CelAccessRequest {
  return variable === 'request'
}

function isUser(variable: CelVariable, _input: CelInputs[CelVariable]): _input is CelUser {
  return variable === 'user'
}
