/*
 * The functions that an expression may call. Other functions of cel-js, such as `cel.bind` or `hex`, are unknown here, as in Kubernetes.
 */

const TIME_PARTS = [
  'getDate getDayOfMonth getDayOfWeek getDayOfYear getFullYear getHours getMilliseconds getMinutes getMonth',
  'getSeconds',
]

/** Functions, such as `size(x)`. */
export const FUNCTIONS: ReadonlySet<string> = words([
  'bool bytes double duration dyn has int matches size string timestamp type uint',
  'cidr ip isCIDR isIP isQuantity isSemver isURL quantity semver sign url',
])

/** Methods, such as `x.size()`. */
export const METHODS: ReadonlySet<string> = words([
  'all exists exists_one existsOne filter map transformList transformMap transformMapEntry',
  'charAt contains endsWith find findAll format indexOf join lastIndexOf lowerAscii matches replace size split',
  'startsWith substring trim upperAscii',
  'distinct flatten isSorted max min reverse slice sort sortBy sum',
  'first hasValue last optFlatMap optMap or orValue unwrapOpt value',
  'add asApproximateFloat asInteger compareTo isGreaterThan isInteger isLessThan sign sub',
  'containsCIDR containsIP family ip isGlobalUnicast isLinkLocalMulticast isLinkLocalUnicast isLoopback',
  'isUnspecified masked prefixLength',
  'getEscapedPath getHost getHostname getPort getQuery getScheme',
  'major minor patch validate',
  ...TIME_PARTS,
])

/** Namespaced functions, such as `sets.contains(a, b)`. */
export const NAMESPACES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    'format',
    words([
      'byte date datetime dns1035Label dns1035LabelPrefix dns1123Label dns1123LabelPrefix dns1123Subdomain',
      'dns1123SubdomainPrefix labelValue named qualifiedName uri uuid',
    ]),
  ],
  ['ip', words(['isCanonical'])],
  ['lists', words(['range'])],
  ['optional', words(['none of ofNonZeroValue unwrap'])],
  ['sets', words(['contains equivalent intersects'])],
  ['strings', words(['quote'])],
])

/** Names that are not variables here, although cel-js knows them. */
export const HIDDEN_NAMES: ReadonlySet<string> = new Set([
  'cel',
  'optional',
  ...Array.from(NAMESPACES.keys(), ownName),
])

/** The {@link FUNCTIONS} that we replace, registered under capitalised names. */
export const OWN_FUNCTIONS: ReadonlySet<string> = words([
  'bool double duration has int matches string timestamp uint',
])

/** The {@link METHODS} that we replace, registered under capitalised names. */
export const OWN_METHODS: ReadonlySet<string> = words([
  'all exists exists_one existsOne filter map',
  'contains indexOf join lastIndexOf lowerAscii matches or orValue optFlatMap optMap split substring trim upperAscii',
  ...TIME_PARTS,
])

/** The name under which a replacement is registered. It has the same length, so that positions in an expression do not change. */
export function ownName(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}

function words(lines: readonly string[]): ReadonlySet<string> {
  return new Set(lines.join(' ').split(' '))
}
