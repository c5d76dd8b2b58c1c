import {
  ConfigurationError,
  type ConfigurationProblem,
  isConfigurationError,
} from '../../authenticator/errors.ts'
import { type Check, isPlainObject, problemOf, type RequiredCheck } from './check.ts'
import { nearestName } from './nearest-name.ts'

/** The name of every option, including those of only one member of a union. */
type NameOf<T> = T extends unknown ? keyof T : never

/**
 * The checks of all options of a type. TypeScript refuses a shape that lacks an option, or does not require one that the type requires.
 *
 * @example
 * const shape: OptionsShape<{ readonly url: string; readonly timeoutSeconds?: number }> = {
 *   url: required(aString),
 *   timeoutSeconds: above(0),
 * }
 */
export type OptionsShape<T> = {
  readonly [Name in NameOf<T>]-?: Name extends keyof T
    ? Pick<T, Name> extends Required<Pick<T, Name>>
      ? RequiredCheck
      : Check
    : Check
}

/** A shape of an unknown options type. */
export type AnyShape = Readonly<Record<string, Check>>

/**
 * The problems of options: they are not an object, have an unknown name, lack a required one, or have a value of the wrong type.
 * `undefined` counts as absent, also for the options as a whole if none is required, but not where absence is laxer (`neverUnset`).
 *
 * @param path the path of these options in those of the caller, as in `oidc`. Default: they are top-level.
 */
export function optionProblems(shape: AnyShape, given: unknown, path = ''): readonly ConfigurationProblem[] {
  if (given !== undefined && !isPlainObject(given)) {
    return problemOf(given, path === '' ? 'options' : path, 'must be an object of options')
  }
  const options = given ?? {}
  const names = Object.keys(shape)
  if (isForeign(options, names)) {
    return [{ path: path === '' ? 'options' : path, message: 'must be an object of options' }]
  }
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`)
  const problems: ConfigurationProblem[] = []
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(shape, name)) continue
    const nearest = nearestName(name, names)
    const all = names.length === 0 || names.length > 8 ? '' : `; known options: ${names.join(', ')}`
    const hint = nearest === undefined ? all : `, did you mean ${nearest}?`
    // A name that does not look like an option may be anything, such as a token, and is not repeated.
    const shown = /^(?=(?:\D*\d){0,3}\D*$)[\w$-]{1,40}$/.test(name) ? name : '?'
    problems.push({ path: at(shown), message: `unknown option${hint}` })
  }
  for (const [name, check] of Object.entries(shape)) {
    const value = options[name]
    const isUnset = check.refusesUnset === true && name in options
    if (value !== undefined || check.isRequired === true || isUnset) problems.push(...check(value, at(name)))
  }
  return problems
}

/**
 * Refuses options that do not match the shape of their type. Factories call this first.
 *
 * @throws {ConfigurationError} with every problem found.
 * @example
 * export function tokenFile(csv: string, options: TokenFileOptions = {}): TokenAuthenticator {
 *   checkOptions(shape, options)
 */
export function checkOptions(shape: AnyShape, given: unknown, path?: string): void {
  refuseProblems(optionProblems(shape, given, path))
}

/** Throws the problems, if there are any: for a factory with more than options to check. @throws {ConfigurationError} with every problem. */
export function refuseProblems(...found: readonly (readonly ConfigurationProblem[])[]): void {
  const problems = found.flat()
  if (problems.length > 0) throw new ConfigurationError(problems)
}

/**
 * Runs a step and replaces each problem of its `ConfigurationError`, for example by one with the flag of an option as its path.
 *
 * @throws {ConfigurationError} with the replaced problems; any other error as it is.
 */
export function replaceProblems<T>(
  replace: (problem: ConfigurationProblem) => ConfigurationProblem,
  step: () => T,
): T {
  try {
    return step()
  } catch (error) {
    if (!isConfigurationError(error)) throw error
    throw new ConfigurationError(error.problems.map(replace), { cause: error })
  }
}

/** Adds problems beyond types, found in the options without a problem so far, so that all problems are reported at once. */
export function withFurtherProblems<T extends object>(
  found: readonly ConfigurationProblem[],
  options: T | undefined,
  furtherProblems: (sound: Partial<T>) => readonly ConfigurationProblem[],
): readonly ConfigurationProblem[] {
  const broken = new Set(found.map(({ path }) => nameIn(path)))
  if (options === undefined || broken.has('options')) return found
  const sound: Partial<T> = { ...options }
  for (const name of broken) Reflect.deleteProperty(sound, name)
  return [...found, ...furtherProblems(sound).filter(({ path }) => !broken.has(nameIn(path)))]
}

/** The option that a path starts with. */
function nameIn(path: string): string {
  return /^[\w$-]*/.exec(path)?.[0] ?? ''
}

/** An option with nested options. */
/* @__NO_SIDE_EFFECTS__ */
export function nested(shape: AnyShape): Check {
  return (value, path) => optionProblems(shape, value, path)
}

/** Whether it is an instance of a class, such as a response, that has none of these options. */
function isForeign(given: object, names: readonly string[]): boolean {
  const prototype: unknown = Object.getPrototypeOf(given)
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
  return !isPlain && !names.some((name) => name in given)
}
