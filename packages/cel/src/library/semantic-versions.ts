import { fn, type Library, method } from '../check/declarations.ts'
import { structType } from '../check/types.ts'
import { fail } from '../evaluate/failure.ts'
import type { Meter } from '../evaluate/evaluation.ts'
import { Opaque } from '../values/value.ts'
import { traversal } from './costs.ts'
import { orderMethods } from './ordered.ts'
import { compareVersions, normalizedVersion, readVersion, type SemanticVersion } from './semantic-version.ts'

const TYPE = structType('kubernetes.Semver')

class Version extends Opaque {
  readonly type = TYPE
  override readonly isHashable = false
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
 * `semver`, `isSemver` and the methods of versions.
 *
 * Source: apiserver `pkg/cel/library/semverlib.go`.
 */
export function semanticVersions(meter: Meter): Library {
  const order = (a: Version, b: Version): number => {
    meter.spend(1 + a.version.prerelease.length)
    return compareVersions(a.version, b.version)
  }
  const paidFor = (text: string): string => {
    meter.spend(Math.min(text.length, 256) * 1.5)
    return text
  }
  const required = (text: string, isLenient: boolean): Version => {
    const version = read(paidFor(text), isLenient)
    return version === undefined ? fail('No Major.Minor.Patch elements found') : new Version(version)
  }
  const part = (name: 'major' | 'minor' | 'patch') =>
    method(`kubernetes.Semver.${name}(): int`, ({ version }: Version) => BigInt.asIntN(64, version[name]))
  return {
    types: [TYPE],
    functions: [
      fn('semver(string): kubernetes.Semver', (text: string) => required(text, false), traversal),
      fn('semver(string, bool): kubernetes.Semver', required, traversal),
      fn('isSemver(string): bool', (text: string) => read(paidFor(text), false) !== undefined, traversal),
      fn(
        'isSemver(string, bool): bool',
        (text: string, isLenient: boolean) => read(paidFor(text), isLenient) !== undefined,
        traversal,
      ),
      part('major'),
      part('minor'),
      part('patch'),
      ...orderMethods(TYPE, order),
    ],
  }
}

function read(text: string, isLenient: boolean): SemanticVersion | undefined {
  const wanted = isLenient ? normalizedVersion(text) : text
  return wanted === undefined ? undefined : readVersion(wanted)
}
