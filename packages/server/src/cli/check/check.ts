import { EXIT, Failure } from '../failure.ts'
import { STDIN } from '../terminal/input.ts'
import { styleFor } from '../terminal/style.ts'
import { write } from '../terminal/output.ts'
import type { CheckOptions } from './command.ts'
import { checkContent } from './checkers.ts'
import type { FileReport, Finding } from './finding.ts'
import { checkRbac } from './rbac.ts'
import { jsonReport, textReport } from './report.ts'
import { type Source, sourcesAt } from './sources.ts'

/**
 * Checks files, and prints what was found.
 *
 * @returns the exit code.
 */
export async function check(paths: readonly string[], options: CheckOptions): Promise<number> {
  if (paths.filter((each) => each === STDIN).length > 1)
    throw new Failure('standard input can be read only once')
  const sources: Source[] = []
  for (const path of paths) sources.push(...(await sourcesAt(path, options.kind)))
  const reports = reportsOn(sources, options)
  await write(options.output === 'json' ? jsonReport(reports) : textReport(reports, styleFor(process.stdout)))
  return exitCodeFor(reports, options.strict === true)
}

function reportsOn(sources: readonly Source[], { namespace }: CheckOptions): readonly FileReport[] {
  // Bindings of one file refer to roles of another.
  const manifests = sources.filter((each) => 'kind' in each && each.kind === 'rbac')
  const ofRbac = checkRbac(
    manifests.flatMap((each) => ('bytes' in each ? [each] : [])),
    namespace,
  )
  return sources.map((source) => {
    const { name: file } = source
    if ('problem' in source) {
      const findings: Finding[] = [{ severity: 'error', message: source.problem }]
      return { file, kind: null, findings, isUnchecked: true }
    }
    const findings = ofRbac.get(source) ?? checkContent(source)
    return { file, kind: source.kind, findings, isUnchecked: false }
  })
}

function exitCodeFor(reports: readonly FileReport[], isStrict: boolean): number {
  if (reports.some(({ isUnchecked }) => isUnchecked)) return EXIT.failed
  const isBad = ({ severity }: Finding): boolean => isStrict || severity === 'error'
  return reports.some(({ findings }) => findings.some(isBad)) ? EXIT.no : EXIT.ok
}
