import type { Explanation } from '../live-area.ts'
import type { RecordedExpression } from './cel.ts'

/** The kind of difference: whether it compiles, the static type, or the value, each with the message or value of both sides. */
interface CelClass {
  readonly row: string
  readonly at: 'compiles' | 'static type' | 'value'
  /** Matches the JSON of kube-apiserver's result; `undefined` for an expression that compiles. */
  readonly there: RegExp
  readonly here: RegExp
  readonly expression: RegExp
}

const COMPILES = /^undefined$/
const ERROR = /^\{"error":/
const VALUE = /^\{"value":/
const NO_OVERLOAD = /: found no matching overload/
/** `claims` as a whole, and not one of them. */
const CLAIMS = String.raw`(?<![.\w"])claims(?![.\w[])`
/** Optionals: the checker there knows their type. */
const OPTIONAL =
  /\.(?:orValue|or|unwrapOpt|value|first|last|optMap|optFlatMap|validate)\(|optional\.|\[\?|\.\?/
/** Lists and maps: the checker there knows their element types. */
const COLLECTION =
  /\.(?:transform\w+|sortBy|sort|slice|distinct|flatten|split|findAll|getQuery|reverse|map|filter|deep|list|roles)\b|\? |lists\.range|[[{]/
/** Relations, which have one precedence there. */
const RELATIONS = /(?:[=!]=|[<>]=?).*(?: in |[<>]|[=!]=)| in .*(?:[=!]=|[<>])/

const classes: readonly CelClass[] = [
  {
    row: 'CEL ranges',
    at: 'compiles',
    there: /cannot be range of a comprehension/,
    here: COMPILES,
    expression: /\.(?:all|exists|exists_one|existsOne|map|filter|transform\w+|sortBy|optMap)\(/,
  },
  {
    row: 'CEL ranges',
    at: 'value',
    there: /^\{"error":|^\{"value":\[/,
    here: VALUE,
    expression:
      /(?<![.\w"])claims\.(?:all|exists\w*|existsOne|map|filter|size|transform\w+)\(| in +claims(?![.\w[])/,
  },
  {
    row: 'CEL syntax',
    at: 'compiles',
    there: COMPILES,
    here: /Syntax error: Unexpected token: DOT/,
    expression: /(?:^|[({[,!:]) *\.\w/,
  },
  // Compiles only here: the checker there knows more types, and other forms of some functions.
  ...[
    { there: NO_OVERLOAD, expression: OPTIONAL },
    { there: NO_OVERLOAD, expression: COLLECTION },
    { there: NO_OVERLOAD, expression: RELATIONS },
    { there: /no matching overload for 'sign'/, expression: /\.sign\(\)/ },
    { there: /applied to '[^']*\btype\((?:duration|timestamp)\)/, expression: /google\.protobuf\.\w+/ },
    { there: /undeclared reference to 'existsOne'/, expression: /\.existsOne\(/ },
    { there: /undeclared reference to '(?:net|google)\b/, expression: /\bnet\.|google\.protobuf/ },
    {
      there: /expected type '\w+' but found '|does not support field selection/,
      expression: new RegExp(String.raw`${OPTIONAL.source}|${COLLECTION.source}|google\.protobuf`),
    },
    { there: /^program instantiation failed: invalid qualifier type: /, expression: /\[/ },
    {
      there: /^program instantiation failed: (?:type conversion error|no such overload: \w+\()/,
      expression: /\b(?:double|int|uint|bool|string|bytes|duration|timestamp)\((?:dyn|string)\(/,
    },
    { there: /Syntax error: mismatched input '[)\]}]'/, expression: /,\s*[)\]}]/ },
  ].map((each) => ({ ...each, row: 'CEL expressions', at: 'compiles', here: COMPILES }) as const),
  // Compiles only there: null, optionals and untyped lists are more general there.
  ...[
    { here: /applied to '(?:null\.|\(?[^']*\bnull\b)/, expression: /\bnull\b/ },
    { here: /applied to '[^']*\boptional(?:_type\(|\.)/, expression: OPTIONAL },
    {
      here: /overload for '(?:unwrapOpt|flatten|isSorted|min|max|sum|sort)' applied to 'list\.\(\)/,
      expression: /\[(?:null)?\]/,
    },
    { here: /overload for 'optional\.unwrap' applied to/, expression: /optional\.unwrap\(/ },
    { here: /no matching overload\\?\n/, expression: /\.(?:optMap|optFlatMap|or|orValue)\(/ },
    { here: /undeclared reference to 'optional_type'/, expression: /\boptional_type\b/ },
    {
      here: /overload for '(?:_[<>=!]+_|@in|_\?_:_|_-_)' applied to/,
      expression: new RegExp(String.raw`${RELATIONS.source}|\? .*transformMap\(|- timestamp\(`),
    },
    {
      here: /applied to '\(\w+, undefined\)|expected type '\w+' but found '(?:undefined|optional_type)/,
      expression: /\{\}\[|\[\?|\.value\(|\.hasValue\(/,
    },
    { here: /applied to '\(list\(dyn\)\)|cannot be range of a comprehension/, expression: /\.sortBy\(|\?/ },
  ].map((each) => ({ ...each, row: 'CEL expressions', at: 'compiles', there: COMPILES }) as const),
  // The element type of an untyped optional or list.
  {
    row: 'CEL expressions',
    at: 'static type',
    there: /^bool$/,
    here: /^dyn$/,
    expression: /\.(?:orValue|min|max|unwrapOpt)\(/,
  },
  {
    row: 'CEL expressions',
    at: 'static type',
    there: /^google\.protobuf\.Any$/,
    here: /^bool$/,
    expression: /^!!\(/,
  },
  // An error there, and false or a list here.
  ...[
    {
      there: /no such overload"\}$/,
      expression: new RegExp(
        String.raw`(?:(?:quantity|ip|cidr|url|semver)\(.*\)|format\.\w+\(\)|${CLAIMS}) == `,
      ),
    },
    {
      there: /^\{"error":"(?:no such overload|invalid qualifier type: [\w.*]+)"\}$/,
      expression: /\[\?|\[(?:claims|user|ip|cidr|quantity|semver|url|\{|\[)/,
    },
    {
      there: /no such overload: (?:min|max|sum|isSorted|distinct|sort|size)/,
      expression: /\.(?:sortBy|distinct|size)\(/,
    },
  ].map((each) => ({ ...each, row: 'CEL expressions', at: 'value', here: VALUE }) as const),
  // A value there, and an error here.
  ...[
    /\.(?:lastIndexOf|indexOf|optFlatMap)\(/,
    /lists\.range\(-/,
    /transformMapEntry\(\w, \w, \{(?:claims|user|optional)\b/,
    / in \[\]/,
    /quantity\(string\(/,
  ].map(
    (expression) => ({ row: 'CEL expressions', at: 'value', there: VALUE, here: ERROR, expression }) as const,
  ),
  // Two values.
  ...[
    { there: /"err":"no such overload"/, expression: new RegExp(CLAIMS) },
    { there: /must not contain dots/, expression: /format\.\w+Prefix\(\)\.validate\(/ },
    {
      there: /./,
      expression: /string\(timestamp\("[^"]*\+05:30"\)|\.format\(|\.asApproximateFloat\(\)/,
    },
    { there: /./, expression: /transformMapEntry\(\w, \w, \{claims\.\?/ },
    { there: /./, expression: RELATIONS },
    { there: /^\{"value":(?:true|false)\}$/, expression: /\[quantity\(|type\(claims\)/ },
    { there: /^\{"value":\[/, expression: /user\.extra\.map\(|\}\.transformList\(/ },
  ].map((each) => ({ ...each, row: 'CEL expressions', at: 'value', here: VALUE }) as const),
]

/** Why expressions differ in value or type, or compile on one side only. */
export const explainedCel: readonly Explanation<RecordedExpression>[] = classes.map(
  ({ row, at, there, here, expression }) => ({
    row,
    about: `${at}: ${String(there)} there, ${String(here)} here, of ${String(expression)}`,
    explains: (difference, { expr }) =>
      difference.at === at &&
      there.test(text(difference.there)) &&
      here.test(text(difference.here)) &&
      expression.test(expr),
  }),
)

function text(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')
}
