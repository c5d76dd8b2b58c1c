/*
 * What an expression may call. Everything else that the library knows, as `cel.bind` or `hex`, is unknown here, as it is to
 * Kubernetes.
 */

/** Functions, as in `size(x)`. */
export const FUNCTIONS: ReadonlySet<string> = new Set(
  'bool bytes double duration dyn has int matches size string timestamp type uint'.split(' '),
)

/** Functions of a value, as in `x.size()`. */
export const METHODS: ReadonlySet<string> = new Set(
  [
    'all exists exists_one existsOne filter map',
    'charAt contains endsWith indexOf join lastIndexOf lowerAscii matches replace size split startsWith',
    'substring trim upperAscii',
    'hasValue value or orValue optMap optFlatMap',
    'getDate getDayOfMonth getDayOfWeek getDayOfYear getFullYear getHours getMilliseconds getMinutes getMonth',
    'getSeconds',
  ]
    .join(' ')
    .split(' '),
)

/** Functions that belong to a name, as in `sets.contains(a, b)`. */
export const NAMESPACES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['optional', new Set(['none', 'of', 'ofNonZeroValue'])],
  ['sets', new Set(['contains', 'equivalent', 'intersects'])],
])

/** Names that are no variables here, whatever the library makes of them. */
export const HIDDEN_NAMES: ReadonlySet<string> = new Set(['cel', 'Sets', 'CelUser'])

/** Those of {@link FUNCTIONS} that are ours, under the same name with a capital. */
export const OWN_FUNCTIONS: ReadonlySet<string> = new Set(
  'double duration has int matches string timestamp uint'.split(' '),
)

/** Those of {@link METHODS} that are ours, under the same name with a capital. */
export const OWN_METHODS: ReadonlySet<string> = new Set(
  [
    'all exists exists_one existsOne filter map',
    'contains indexOf join lastIndexOf lowerAscii matches optFlatMap optMap split substring trim upperAscii',
    'getDate getDayOfMonth getDayOfWeek getDayOfYear getFullYear getHours getMilliseconds getMinutes getMonth',
    'getSeconds',
  ]
    .join(' ')
    .split(' '),
)

/** The name under which one of ours is registered. It is as long as the other, so that positions in an expression stay. */
export function ownName(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}
