import { fn, type Library, method } from '../check/declarations.ts'
import { structType } from '../check/types.ts'
import { fail, type Meter } from '../evaluate/evaluation.ts'
import { MAX_UINT, Opaque } from '../values/value.ts'
import { traversal } from './costs.ts'
import { orderMethods } from './sorting.ts'

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
  // An argument that some overloads do not have is a rest parameter.
  const required = (text: string, ...[isLenient = false]: readonly boolean[]): Version =>
    new Version(read(paidFor(text), isLenient) ?? fail('No Major.Minor.Patch elements found'))
  const isVersion = (text: string, ...[isLenient = false]: readonly boolean[]): boolean =>
    read(paidFor(text), isLenient) !== undefined
  const part = (name: 'major' | 'minor' | 'patch') =>
    method(`kubernetes.Semver.${name}(): int`, ({ version }: Version) => BigInt.asIntN(64, version[name]))
  return {
    types: [TYPE],
    functions: [
      fn('semver(string): kubernetes.Semver', required, traversal),
      fn('semver(string, bool): kubernetes.Semver', required, traversal),
      fn('isSemver(string): bool', isVersion, traversal),
      fn('isSemver(string, bool): bool', isVersion, traversal),
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

/** A version (semver.org). Build metadata does not affect the order and is dropped. */
export interface SemanticVersion {
  readonly major: bigint
  readonly minor: bigint
  readonly patch: bigint
  readonly prerelease: readonly (bigint | string)[]
}

/** Longer than any real version. */
const MAX_LENGTH = 256

const NUMBER = '(0|[1-9]\\d*)'
const VERSION = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-([^+]*))?(?:\\+(.*))?$`, 's')

/**
 * Parses a version.
 *
 * Source: blang/semver v4 (`Parse`).
 */
function readVersion(text: string): SemanticVersion | undefined {
  const [, ...parts] = (text.length > MAX_LENGTH ? null : VERSION.exec(text)) ?? []
  const [major, minor, patch] = parts.slice(0, 3).map((part) => numeric(part ?? ''))
  if (major === undefined || minor === undefined || patch === undefined) return undefined
  const [prerelease, build] = [parts[3], parts[4]].map((each) => each?.split('.') ?? [])
  if (!build?.every((each) => IDENTIFIER.test(each))) return undefined
  const identifiers = (prerelease ?? []).map((each) => (/^\d+$/.test(each) ? numeric(each) : word(each)))
  return identifiers.every((each) => each !== undefined)
    ? { major, minor, patch, prerelease: identifiers }
    : undefined
}

/**
 * Normalises a version for {@link readVersion}: drops a leading `v` and leading zeros, and adds missing numbers.
 *
 * Source: apiserver `pkg/cel/library/semverlib.go` (`normalizeAndParse`).
 */
function normalizedVersion(text: string): string | undefined {
  const [, major = '', minor, patch] = /^v?([^.]*)(?:\.([^.]*)(?:\.(.*))?)?$/s.exec(text) ?? []
  const parts = [major, minor, patch].filter((part) => part !== undefined).map(withoutZeros)
  if (parts.length < 3 && /[+-]/.test(parts.at(-1) ?? '')) return undefined
  return [...parts, '0', '0'].slice(0, 3).join('.')
}

function withoutZeros(part: string): string {
  if (part.length < 2) return part
  const rest = part.replace(/^0*/, '')
  return /^\d/.test(rest) ? rest : `0${rest}`
}

/** Compares two versions: negative, 0 or positive. A pre-release precedes its release. */
function compareVersions(a: SemanticVersion, b: SemanticVersion): number {
  for (const part of ['major', 'minor', 'patch'] as const) {
    if (a[part] !== b[part]) return a[part] < b[part] ? -1 : 1
  }
  const [one, other] = [a.prerelease, b.prerelease]
  if (one.length === 0 || other.length === 0) return Math.sign(other.length - one.length)
  for (const [index, identifier] of one.entries()) {
    const order = compareIdentifiers(identifier, other[index])
    if (order !== 0) return order
  }
  return one.length < other.length ? -1 : 0
}

const IDENTIFIER = /^[0-9A-Za-z-]+$/

function numeric(text: string): bigint | undefined {
  if (!/^(0|[1-9]\d*)$/.test(text)) return undefined
  const value = BigInt(text)
  return value > MAX_UINT ? undefined : value
}

function word(text: string): string | undefined {
  return IDENTIFIER.test(text) ? text : undefined
}

/** Compares identifiers: numbers before words, a shorter list before a longer one. */
function compareIdentifiers(a: bigint | string, b: bigint | string | undefined): number {
  if (b === undefined) return 1
  if (typeof a !== typeof b) return typeof a === 'bigint' ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}
