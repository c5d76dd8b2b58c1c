import { withoutControls } from '@kube-authn/internal/printable'
import type { Style } from '../../terminal/style.ts'
import type { StoreFindings } from './findings.ts'

/** What is printed of a store. */
export interface StoreReport extends Partial<StoreFindings> {
  /** Where it is, without passwords. */
  readonly store: string
  readonly problems: readonly string[]
}

/** Whether nothing is wrong. */
export function isWhole({ problems, unreadable = 0 }: StoreReport): boolean {
  return problems.length === 0 && unreadable === 0
}

/** What was found, for people. */
export function textReport(report: StoreReport, style: Style): string {
  const { store, problems } = report
  const lines = [
    row('store', store),
    ...contentLines(report),
    ...problems.map((each) => row('problem', style('red', withoutControls(each)))),
    row('result', isWhole(report) ? style('green', 'whole') : style('red', 'damaged')),
  ]
  return `${lines.join('\n')}\n`
}

function contentLines({
  engine,
  schemaVersion,
  revision,
  compactedRevision = 0,
  objects = 0,
  resources = {},
  overdue = 0,
  unreadable = 0,
  unreadableObjects = [],
}: StoreReport): readonly string[] {
  if (engine === undefined) return []
  const version = schemaVersion === undefined ? '' : `, schema version ${schemaVersion}`
  return [
    row('engine', `${engine}${version}`),
    row('revision', `${revision}, with the changes after ${compactedRevision}`),
    row('objects', String(objects)),
    ...Object.entries(resources).map(([name, count]) => `  ${String(count).padStart(8)} ${name}`),
    row('overdue', `${overdue}${overdue === 0 ? '' : ' have expired; the next server deletes them'}`),
    row('unreadable', String(unreadable)),
    ...unreadableObjects.map(({ key, problem }) => `  ${withoutControls(key)}: ${problem}`),
    ...(unreadable > unreadableObjects.length ? ['  ...'] : []),
  ]
}

function row(name: string, value: string): string {
  return `${name.padEnd(10)} ${value}`
}

/** The same for programs. Members may be added. */
export function jsonReport(report: StoreReport): string {
  return `${JSON.stringify({ ...report, isWhole: isWhole(report) }, null, 2)}\n`
}
