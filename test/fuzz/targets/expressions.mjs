// Random expressions over claims, of every kind. Each yields a value or one of two errors, within the time limit of a request.
import { CelCompileError, CelEvaluationError, celCompiler } from '@kube-authn/cel/kubernetes'
import { Finding } from '../lib/finding.mjs'
import { mutateText } from '../lib/mutate.mjs'

export const name = 'expressions'

const compiler = celCompiler()
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
]
const MACROS = ['map', 'filter', 'all', 'exists', 'exists_one', 'optMap', 'optFlatMap']

export function run(random) {
  const written = expression(random, 1 + random.below(5), [])
  const source = random.oneIn(6)
    ? mutateText(random, written, [...LEAVES, '(', ')', '?', '.', '//', '"', "'''", '\n'])
    : written
  try {
    compiler.compile('claims', source).evaluate(CLAIMS)
    return 'accepted'
  } catch (error) {
    if (error instanceof CelCompileError) return 'refused, does not compile'
    if (!(error instanceof CelEvaluationError)) throw new Finding(`an error: ${error?.stack}`, { source })
    return error.message.includes('cost limit') ? 'refused, too much' : 'refused, no value'
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
