import { withoutControls } from '@kube-authn/internal/printable'
import type { Style } from '../terminal/terminal.ts'
import type { FileReport, Finding } from './findings-of.ts'

/** What was found, a line for each. */
export function reportLines(reports: readonly FileReport[], style: Style): readonly string[] {
  const lines = reports.flatMap(({ file, kind, findings }) =>
    findings.length === 0
      ? [`${withoutControls(file)}: ${style('green', 'ok')} ${style('dim', `(${kind})`)}`]
      : findings.map((finding) => lineOf(file, finding, style)),
  )
  return [...lines, summary(reports)]
}

const COLOURS = { error: 'red', warning: 'yellow', advice: 'yellow' } as const

/** In the form that compilers use, which editors and CI systems find. */
function lineOf(file: string, { severity, line, column, path, message }: Finding, style: Style): string {
  const place = [file, line, column].filter((each) => each !== undefined).join(':')
  const where = path === undefined ? '' : `${path}: `
  // An error of reading a file begins with its path. One of an expression has further lines, which show the place in it.
  const what = message.startsWith(`${file}: `) ? message.slice(file.length + 2) : message
  const [first = '', ...more] = `${where}${what}`.split('\n')
  return [
    `${withoutControls(place)}: ${style(COLOURS[severity], severity)}: ${withoutControls(first)}`,
    ...more.map((each) => `    ${withoutControls(each)}`),
  ].join('\n')
}

function summary(reports: readonly FileReport[]): string {
  const { errors, warnings, advices } = countsOf(reports)
  const counts = [counted(errors, 'error'), counted(warnings, 'warning'), counted(advices, 'advice')]
  return `${counted(reports.length, 'file')}: ${counts.join(', ')}`
}

function counted(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`
}

function countsOf(reports: readonly FileReport[]): {
  readonly errors: number
  readonly warnings: number
  readonly advices: number
} {
  const all = reports.flatMap(({ findings }) => findings)
  const count = (severity: Finding['severity']): number =>
    all.filter((each) => each.severity === severity).length
  return { errors: count('error'), warnings: count('warning'), advices: count('advice') }
}

/** The same for programs. Members may be added. */
export function reportOf(reports: readonly FileReport[]): object {
  const files = reports.map(({ file, kind, findings }) => ({ file, kind, findings }))
  return { files, ...countsOf(reports) }
}
