import { isBase64 } from '@kube-authn/internal/base64'
import {
  dns1035LabelProblems,
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  labelValueProblems,
  qualifiedNameProblems,
} from '@kube-authn/internal/kubernetes-names'
import type { KubernetesVersion } from '../kubernetes/cel.ts'
import { quoted } from '@kube-authn/internal/quote'
import { fn, type Library, method } from '../check/declarations.ts'
import { structType } from '../check/types.ts'
import type { Meter } from '../evaluate/evaluation.ts'
import { NONE, Opaque, Optional, type Value } from '../values/value.ts'
import { sizeOf } from './costs.ts'
import { requestUriProblem } from './urls.ts'

const TYPE = structType('kubernetes.NamedFormat')

/** Returns the problems of a string; empty if it is valid. */
type Validate = (text: string) => readonly string[]

class NamedFormat extends Opaque {
  readonly type = TYPE
  override readonly isHashable = false
  readonly identity: string
  readonly validate: Validate
  readonly patternSize: number

  constructor(name: string, [validate, patternSize]: readonly [Validate, number]) {
    super()
    this.identity = name
    this.validate = validate
    this.patternSize = patternSize
  }
}

/**
 * Named string formats, such as `format.dns1123Label()`.
 *
 * Source: apiserver `pkg/cel/library/format.go`; kube-openapi `pkg/validation/strfmt`.
 */
export function namedFormats(meter: Meter, version: KubernetesVersion): Library {
  const formats = new Map(
    Object.entries(formatsOf(version)).map(([name, format]) => [name, new NamedFormat(name, format)]),
  )
  const problemsOf = ({ validate }: NamedFormat, text: string): Optional => {
    meter.spend(text.length / 10)
    const problems = validate(text)
    return problems.length === 0 ? NONE : new Optional(problems)
  }
  return {
    types: [TYPE],
    functions: [
      ...Array.from(formats, ([name, format]) =>
        fn(`format.${name}(): kubernetes.NamedFormat`, () => format),
      ),
      fn('format.named(string): optional_type(kubernetes.NamedFormat)', (name: string) => {
        const format = formats.get(name)
        return format === undefined ? NONE : new Optional(format)
      }),
      method(
        'kubernetes.NamedFormat.validate(string): optional_type(list(string))',
        problemsOf,
        validateCost,
      ),
    ],
  }
}

function validateCost([format, text]: readonly Value[]): number {
  if (!(format instanceof NamedFormat)) return 1
  return Math.ceil((1 + sizeOf(text)) * 0.1) * Math.ceil(format.patternSize * 0.25)
}

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i
const TIME = /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(.\d+)?(z|[+-]\d\d:\d\d)$/

/** The formats. The size of a pattern is that in Kubernetes, or an estimate of Kubernetes if it has none. */
const formatsOf = (
  version: KubernetesVersion,
): Readonly<Record<string, readonly [validate: Validate, patternSize: number]>> => ({
  dns1123Label: [dns1123LabelProblems, 30],
  dns1123Subdomain: [dns1123SubdomainProblems, 60],
  dns1035Label: [dns1035LabelProblems, 30],
  qualifiedName: [qualifiedNameProblems, 60],
  dns1123LabelPrefix: [(text) => dns1123LabelProblems(continued(text)), 30],
  dns1123SubdomainPrefix: [(text) => dns1123SubdomainProblems(continued(text)), 60],
  dns1035LabelPrefix: [(text) => dns1035LabelProblems(continued(text)), 30],
  labelValue: [labelValueProblems, 40],
  uri: [(text) => uriProblems(text, version), 1103],
  uuid: [(text) => (UUID.test(text) ? [] : ['does not match the UUID format']), 70],
  byte: [(text) => (isBase64(text) ? [] : ['invalid base64']), 84],
  date: [(text) => (isDate(text) ? [] : ['invalid date']), 71],
  datetime: [(text) => (isDateTime(text) ? [] : ['invalid datetime']), 71],
})

function uriProblems(text: string, version: KubernetesVersion): readonly string[] {
  const problem = requestUriProblem(text, version)
  return problem === undefined ? [] : [`parse ${quoted(text)}: ${problem}`]
}

/** Replaces a trailing `-` of a prefix by a valid ending, because more may follow. */
function continued(text: string): string {
  return text.length > 1 && text.endsWith('-') ? `${text.slice(0, -2)}a` : text
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const time = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

/** As in Kubernetes: anything after a second `t` is ignored. */
function isDateTime(text: string): boolean {
  const [date = '', time = ''] = text.toLowerCase().split('t')
  return isDate(date) && TIME.test(time)
}
