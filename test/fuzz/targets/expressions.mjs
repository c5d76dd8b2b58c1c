// Random expressions over claims, of every kind. Each yields a value or one of two errors, within the time limit of a request: as in Kubernetes, and with
// all libraries, where no type is checked.
import { environment } from '@kube-authn/cel'
import { CelCompileError, CelEvaluationError, celCompiler } from '@kube-authn/cel/kubernetes'
import { Finding } from '../lib/finding.mjs'
import { mutateText } from '../lib/mutate.mjs'

export const name = 'expressions'

const compiler = celCompiler()
const unchecked = environment({ variables: { claims: 'dyn' }, types: 'dynamic' })
const nested = (depth) =>
  depth === 0 ? 'leaf' : depth % 2 === 0 ? [nested(depth - 1)] : { a: nested(depth - 1) }
const list = (length, element) => Array.from({ length }, (_, index) => element(index))
const CLAIMS = {
  list: list(3000, String),
  lists: list(200, () => list(50, (index) => `y${index}`)),
  text: 'ab'.repeat(10_000),
  digits: '1'.repeat(20_000),
  number: 5,
  map: Object.fromEntries(list(500, (index) => [`k${index}`, { a: ['x'], b: index }])),
  nested: nested(40),
  nothing: null,
}
const LEAVES = [
  ...Object.keys(CLAIMS).map((claim) => `claims.${claim}`),
  'claims',
  '"a"',
  '1',
  '1.5',
  '2u',
  'true',
  'null',
  '[1, 2]',
  '{"a": 1}',
  '{}',
  '[]',
  'b"ab"',
  'timestamp(0)',
  'duration("1s")',
  'optional.none()',
  '"(a|b)*c{1,9}"',
  '"Europe/Paris"',
  '9223372036854775807',
  '"%s %d %e %x"',
  'ip("::1")',
  'quantity("1Gi")',
  'semver("1.2.3")',
  'url("https://a.example/b?c=d")',
]
const UNARY = [
  '-(X)',
  '!(X)',
  '(X).size()',
  'size(X)',
  'string(X)',
  'int(X)',
  'uint(X)',
  'double(X)',
  'bool(X)',
  'bytes(X)',
  'duration(X)',
  'timestamp(X)',
  'type(X)',
  'dyn(X)',
  '[X]',
  '[?X]',
  '(X).a',
  '(X).?a',
  'has((X).a)',
  '(X).lowerAscii()',
  '(X).trim()',
  '(X).getHours()',
  '(X).hasValue()',
  '(X).value()',
  '(X).join()',
  'optional.of(X)',
  'optional.ofNonZeroValue(X)',
  '(X).split("")',
  '(X).?a.?b[0]',
  '(X).reverse()',
  '(X).flatten()',
  '(X).distinct()',
  '(X).sort()',
  '(X).sum()',
  '(X).isSorted()',
  'lists.range(X)',
  'math.abs(X)',
  'math.greatest(X)',
  'base64.encode(X)',
  'strings.quote(X)',
  'quantity(X)',
  'cel.block([X, cel.index(0)], cel.index(1))',
]
const BINARY = [
  '(X) + (Y)',
  '(X) == (Y)',
  '(X) != (Y)',
  '(X) in (Y)',
  '(X) || (Y)',
  '(X) && (Y)',
  '(X) < (Y)',
  '(X) * (Y)',
  '(X) % (Y)',
  '[X, Y]',
  '{X: Y}',
  '{?X: Y}',
  '(X)[Y]',
  '(X)[?Y]',
  '(X).orValue(Y)',
  '(X).split(Y)',
  '(X).join(Y)',
  '(X).matches(Y)',
  '(X).contains(Y)',
  '(X).indexOf(Y)',
  '(X).lastIndexOf(Y)',
  '(X).startsWith(Y)',
  '(X).charAt(Y)',
  '(X).substring(Y)',
  '(X).getHours(Y)',
  '(X).replace(Y, X)',
  'sets.contains(X, Y)',
  'sets.intersects(X, Y)',
  'sets.equivalent(X, Y)',
  '(X) ? (Y) : (X)',
  'X == Y in X != Y',
  'X < Y <= X > Y >= X',
  'X + Y * X - Y / X',
  '(X).format([Y, X])',
  '(X).flatten(Y)',
  '(X).slice(Y, X)',
  'math.least(X, Y, [X])',
  'math.bitShiftLeft(X, Y)',
  '(X).compareTo(Y)',
  'cel.bind(b, X, [b, Y])',
  '(X).all(k, v, k == Y)',
  '(X).exists(k, v, v == Y)',
  '(X).transformList(k, v, [k, Y])',
  '(X).transformMap(k, v, Y)',
  '(X).transformMapEntry(k, v, {v: Y})',
]
const MACROS = ['map', 'filter', 'all', 'exists', 'exists_one', 'optMap', 'optFlatMap', 'existsOne', 'sortBy']

export function run(random) {
  const written = expression(random, 1 + random.below(5), [])
  const source = random.oneIn(6)
    ? mutateText(random, written, [...LEAVES, '(', ')', '?', '.', '//', '"', "'''", '\n'])
    : written
  const known = withoutTypes(source)
  try {
    compiler.compile('claims', source).evaluate(CLAIMS)
    return 'accepted'
  } catch (error) {
    if (error instanceof CelCompileError) return known
    if (!(error instanceof CelEvaluationError)) throw new Finding(`an error: ${error?.stack}`, { source })
    return error.message.includes('cost limit') ? 'refused, too much' : 'refused, no value'
  }
}

/** @throws {Finding} if there is another error than those of the language, or a place outside of the expression. */
function withoutTypes(source) {
  try {
    const { program, issues } = unchecked.compile(source)
    if (program === undefined) {
      const lines = source.split('\n').length
      if (issues.some(({ line, column }) => line > lines || column < 0)) throw new Error('no such place')
      return 'refused, does not compile'
    }
    const { error, cost } = program.evaluate({ claims: CLAIMS })
    if (!(cost >= 0)) throw new Error(`the cost is ${cost}`)
    return error === undefined ? 'accepted without types' : 'refused without types'
  } catch (error) {
    throw new Finding(`an error without types: ${error?.stack}`, { source })
  }
}

function expression(random, depth, names) {
  if (depth === 0) return random.pick([...LEAVES, ...names, ...names])
  const inner = (more = []) => expression(random, depth - 1, [...names, ...more])
  switch (random.below(3)) {
    case 0:
      return random.pick(UNARY).replaceAll('X', () => inner())
    case 1:
      return random.pick(BINARY).replaceAll(/[XY]/g, () => inner())
    default: {
      const variable = `v${names.length}`
      return `(${inner()}).${random.pick(MACROS)}(${variable}, ${inner([variable])})`
    }
  }
}
