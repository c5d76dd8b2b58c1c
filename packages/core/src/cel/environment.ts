import { Environment } from '@marcbachmann/cel-js'
import type { Budget } from './budget.ts'
import type { CelInputs, CelUser, CelVariable } from './cel.ts'
import { registerComprehensions } from './library/comprehensions.ts'
import { registerConversions } from './library/conversions.ts'
import { registerDurations } from './library/durations.ts'
import { seeTypesFlat } from './flat-types.ts'
import { claimsInput, escapedMap, type SizedValue } from './values/input.ts'
import { registerPresence } from './library/presence.ts'
import { type Patterns, registerRegularExpressions } from './library/regular-expressions.ts'
import { registerSets } from './library/sets.ts'
import { registerStrings } from './library/strings.ts'
import { registerTimestamps } from './library/timestamps.ts'

/** How deep an expression may be nested, and how many nodes it may have. */
const LIMITS = { maxAstNodes: 10_000, maxDepth: 100 }

class User {
  readonly username: string
  readonly uid: string
  readonly groups: readonly string[]
  readonly extra: ReadonlyMap<string, readonly string[]>

  constructor({ username, uid, groups, extra }: CelUser) {
    this.username = username
    this.uid = uid
    this.groups = groups
    this.extra = escapedMap(new Map(Object.entries(extra)))
  }
}

/**
 * The functions that there are, and the one variable.
 *
 * Source: apiserver `pkg/authentication/cel/compile.go`, `pkg/cel/environment/base.go`.
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
  registerPresence(environment, budget)
  registerRegularExpressions(environment, patterns)
  registerSets(environment, budget)
  registerStrings(environment, budget)
  seeTypesFlat(environment)
  if (variable === 'claims') return environment.registerVariable('claims', 'map<string, dyn>')
  environment.registerType('CelUser', {
    ctor: User,
    fields: { username: 'string', uid: 'string', groups: 'list<string>', extra: 'map<string, list<string>>' },
  })
  return environment.registerVariable('user', 'CelUser')
}

/** The value of the variable. */
export function inputOf<V extends CelVariable>(variable: V, input: CelInputs[V]): SizedValue {
  if (isUser(variable, input)) {
    return { value: new User(input), size: claimsInput({ ...input }).size }
  }
  return claimsInput(input)
}

function isUser(variable: CelVariable, _input: CelInputs[CelVariable]): _input is CelUser {
  return variable === 'user'
}
