/*
 * The rules for names in Kubernetes. Each function returns the problems of a name; none if it is valid.
 *
 * Source: apimachinery `pkg/util/validation/validation.go`, `pkg/api/validation/path/name.go`.
 */

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'

/** A pattern, and what its messages say about it. */
interface Rule {
  readonly pattern: string
  readonly problem: string
  readonly examples: readonly string[]
  readonly matches: (text: string) => boolean
}

const label = rule(
  LABEL,
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  ['my-name', '123-abc'],
)
const oldLabel = rule(
  '[a-z]([-a-z0-9]*[a-z0-9])?',
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  ['my-name', 'abc-123'],
)
const subdomain = rule(
  `${LABEL}(\\.${LABEL})*`,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  ['example.com'],
)
const labelKey = rule(
  QUALIFIED,
  "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ['MyName', 'my.name', '123-abc'],
)
const namePart = rule(
  QUALIFIED,
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ['MyName', 'my.name', '123-abc'],
)
const labelValue = rule(
  `(${QUALIFIED})?`,
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ['MyValue', 'my_value', '12345'],
)
const httpPath = rule("[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+", 'Invalid path', [])

/** The name of a namespace: an RFC 1123 label of at most 63 characters. */
export function dns1123LabelProblems(name: string): readonly string[] {
  const areLabels = name.split('.').every(label.matches)
  return [
    ...tooLong(name, 63, 'characters'),
    ...(label.matches(name) || !areLabels ? [] : ['must not contain dots']),
    ...(areLabels ? [] : [described(label)]),
  ]
}

/** The name of a service: an RFC 1035 label, like {@link dns1123LabelProblems} but beginning with a letter. */
export function dns1035LabelProblems(name: string): readonly string[] {
  return [...tooLong(name, 63, 'characters'), ...broken(oldLabel, name)]
}

/** The name of most objects: labels joined by dots, at most 253 characters. */
export function dns1123SubdomainProblems(name: string): readonly string[] {
  return subdomainProblems(name, 'characters')
}

function subdomainProblems(name: string, unit: Unit): readonly string[] {
  return [
    ...tooLong(name, 253, unit),
    ...(name.split('.').every(label.matches) ? [] : [described(subdomain)]),
  ]
}

/** A segment of a path: the names of roles and bindings. */
export function pathSegmentProblems(name: string): readonly string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`]
  return ['/', '%']
    .filter((character) => name.includes(character))
    .map((character) => `may not contain '${character}'`)
}

/** The key of a label, as in `example.com/team`. */
export function qualifiedNameProblems(name: string): readonly string[] {
  const parts = name.split('/')
  const local = parts.at(-1) ?? ''
  const prefix = parts.length === 2 ? parts[0] : undefined
  if (parts.length > 2) {
    return [
      `${described(labelKey)} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ]
  }
  const prefixProblems =
    prefix === undefined ? [] : prefix === '' ? ['must be non-empty'] : subdomainProblems(prefix, 'bytes')
  return [
    ...prefixProblems.map((problem) => `prefix part ${problem}`),
    ...(local === ''
      ? ['name part must be non-empty']
      : tooLong(local, 63, 'bytes').map((each) => `name part ${each}`)),
    ...broken(namePart, local),
  ]
}

/** The value of a label; it may be empty. */
export function labelValueProblems(value: string): readonly string[] {
  return [...tooLong(value, 63, 'bytes'), ...broken(labelValue, value)]
}

/** An invalid part found by {@link domainPrefixedPathProblems}: the whole value, the host or the path. */
export interface PartProblem {
  readonly value: string
  readonly problem: string
}

/** A path under a domain, as in `acme.io/foo`: the key of an extra field. */
export function domainPrefixedPathProblems(value: string): readonly PartProblem[] {
  const slash = value.indexOf('/')
  if (slash <= 0 || slash === value.length - 1) {
    return [{ value, problem: 'must be a domain-prefixed path (such as "acme.io/foo")' }]
  }
  const host = value.slice(0, slash)
  const path = value.slice(slash + 1)
  return [
    ...dns1123SubdomainProblems(host).map((problem) => ({ value: host, problem })),
    ...broken(httpPath, path).map((problem) => ({ value: path, problem })),
  ]
}

function rule(pattern: string, problem: string, examples: readonly string[]): Rule {
  const expression = new RegExp(`^(?:${pattern})$`)
  // Longer than any valid name; limits the input of the patterns.
  const matches = (text: string): boolean => text.length <= 16_384 && expression.test(text)
  return { pattern, problem, examples, matches }
}

/** How a message counts. Kubernetes always counts bytes, but its messages about names of objects call them characters. */
type Unit = 'bytes' | 'characters'

const utf8 = new TextEncoder()

function tooLong(text: string, max: number, unit: Unit): readonly string[] {
  // A UTF-16 unit is at most three bytes.
  const isLong = text.length > max || (text.length * 3 > max && utf8.encode(text).length > max)
  return isLong ? [`must be no more than ${max} ${unit}`] : []
}

function broken(tested: Rule, text: string): readonly string[] {
  return tested.matches(text) ? [] : [described(tested)]
}

function described({ problem, pattern, examples }: Rule): string {
  const shown = examples.map((example) => `'${example}'`).join(',  or ')
  return `${problem} (${shown === '' ? '' : `e.g. ${shown}, `}regex used for validation is '${pattern}')`
}
