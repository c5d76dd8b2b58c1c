import type { Environment } from '@marcbachmann/cel-js'
import type { Budget } from '../budget.ts'
import { CelEvaluationError } from '../cel.ts'
import { registrar } from '../engine.ts'
import { Opaque } from '../values/opaque.ts'
import { compareVersions, normalizedVersion, readVersion, type SemanticVersion } from './semantic-version.ts'

const TYPE = 'kubernetes.Semver'

class Version extends Opaque {
  readonly identity: string
  readonly version: SemanticVersion

  constructor(version: SemanticVersion) {
    super()
    const { major, minor, patch, prerelease } = version
    this.identity = `${major}.${minor}.${patch}-${prerelease.join('.')}`
    this.version = version
  }
}

/**
 * Registers `semver`, `isSemver` and the methods of versions.
 *
 * Source: apiserver `pkg/cel/library/semverlib.go`.
 */
export function registerSemanticVersions(environment: Environment, budget: Budget): void {
  const register = registrar(environment)
  const order = (a: Version, b: Version): number => {
    budget.spend(a.version.prerelease.length / 2)
    return compareVersions(a.version, b.version)
  }
  environment.registerType(TYPE, Version)
  const required = (text: string, isLenient: boolean): Version => {
    budget.spend(text.length / 10)
    const version = read(text, isLenient)
    if (version === undefined) throw new CelEvaluationError('No Major.Minor.Patch elements found')
    return new Version(version)
  }
  register(`semver(string): ${TYPE}`, (text: string) => required(text, false))
  register(`semver(string, bool): ${TYPE}`, required)
  register('isSemver(string): bool', (text: string) => read(text, false) !== undefined)
  register(
    'isSemver(string, bool): bool',
    (text: string, isLenient: boolean) => read(text, isLenient) !== undefined,
  )
  for (const part of ['major', 'minor', 'patch'] as const) {
    register(`${TYPE}.${part}(): int`, ({ version }: Version) => BigInt.asIntN(64, version[part]))
  }
  register(`${TYPE}.isGreaterThan(${TYPE}): bool`, (a: Version, b: Version) => order(a, b) > 0)
  register(`${TYPE}.isLessThan(${TYPE}): bool`, (a: Version, b: Version) => order(a, b) < 0)
  register(`${TYPE}.compareTo(${TYPE}): int`, (a: Version, b: Version) => BigInt(order(a, b)))
}

function read(text: string, isLenient: boolean): SemanticVersion | undefined {
  const wanted = isLenient ? normalizedVersion(text) : text
  return wanted === undefined ? undefined : readVersion(wanted)
}
