import { withoutControls } from '@kube-authn/internal/printable'
import { KUBERNETES_VERSIONS } from '@kube-authn/internal/kubernetes-version'
import type { KubernetesVersion } from '@kube-authn/core'
import { defined } from '@kube-authn/core/internal'
import { type Command, Option } from 'commander'
import { EXIT, Failure } from '../failure.ts'
import { STDIN } from '../terminal/input.ts'
import { outputOption } from '../terminal/options.ts'
import { type Style, type Terminal, writeResult } from '../terminal/terminal.ts'
import { checkContent, checkRbac } from './checkers.ts'
import type { FileReport, Finding } from './findings.ts'
import { KINDS } from './recognize.ts'
import { type Source, sourcesAt } from './sources.ts'

const EXAMPLES = `
Kinds of files:
  token-file           CSV: token,user,uid,"group1,group2"     (--token-auth-file)
  password-file        CSV: password,user,uid,"group1,group2"  (--basic-auth-file)
  authentication       AuthenticationConfiguration             (--authentication-config)
  authorization        AuthorizationConfiguration              (--authorization-config)
  rbac                 Roles and bindings; all of them are checked together
  kubeconfig           a kubeconfig of a client, such as kubectl
  webhook-kubeconfig   a kubeconfig of a server, which must not have plug-ins
  audit-policy         Policy of audit.k8s.io                  (--audit-policy-file)

The kind is recognized by the content. A CSV file is a password file if its name has "password", "passwd" or
"basic" in it, or if it has password hashes; otherwise it is a token file.

Examples:
  kube-authn check tokens.csv authentication.yaml rbac/
  kube-authn check --kind webhook-kubeconfig webhook.kubeconfig
  helm template . | kube-authn check --kind rbac -
  kube-authn check --output json rbac/ > report.json
  kube-authn check --as kube-apiserver authentication.yaml

Exit codes:
  0  no file has an error
  1  a file has an error or, with --strict, a warning or an advice
  2  a file cannot be read, or its kind cannot be recognized`

export function declareCommand(command: Command, terminal: Terminal): void {
  command
    .description(
      'Finds mistakes in files, with the code that reads them when a server starts. No secret of a file is printed.',
    )
    .argument('<file...>', 'files, folders of manifests, or - for standard input')
    .addOption(new Option('-k, --kind <kind>', 'the kind of all files').choices(KINDS))
    .addOption(outputOption())
    .option('-n, --namespace <name>', 'the namespace of roles and bindings without one, as of kubectl -n')
    .addOption(
      new Option(
        '--as <program>',
        'refuse expressions that this program refuses, and kube-authn does not',
      ).choices(['kube-apiserver']),
    )
    .addOption(
      new Option(
        '--emulated-version <release>',
        'the release of Kubernetes whose files are accepted',
      ).choices(KUBERNETES_VERSIONS),
    )
    .option('--strict', 'fail for warnings and advices too')
    .addHelpText('after', EXAMPLES)
    .action(async (files: readonly string[], options: CheckOptions) => {
      terminal.exitCode = await check(files, options, terminal)
    })
}

interface CheckOptions {
  readonly kind?: (typeof KINDS)[number]
  readonly output: 'text' | 'json'
  readonly namespace?: string
  readonly strict?: boolean
  readonly as?: 'kube-apiserver'
  readonly emulatedVersion?: KubernetesVersion
}

/** Checks files, and prints what was found. @returns the exit code. */
async function check(paths: readonly string[], options: CheckOptions, terminal: Terminal): Promise<number> {
  if (paths.filter((each) => each === STDIN).length > 1)
    throw new Failure('standard input can be read only once')
  const sources: Source[] = []
  for (const path of paths) sources.push(...(await sourcesAt(terminal, path, options.kind)))
  const reports = reportsOn(sources, options)
  await writeResult(terminal, options.output, reportOf(reports), (style) => reportLines(reports, style))
  return exitCodeFor(reports, options.strict === true)
}

function reportsOn(
  sources: readonly Source[],
  { namespace, as, emulatedVersion: kubernetesVersion }: CheckOptions,
): readonly FileReport[] {
  const accepted = { asKubeApiserver: as === 'kube-apiserver', ...defined({ kubernetesVersion }) }
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
    const findings = ofRbac.get(source) ?? checkContent(source, accepted)
    return { file, kind: source.kind, findings, isUnchecked: false }
  })
}

function exitCodeFor(reports: readonly FileReport[], isStrict: boolean): number {
  if (reports.some(({ isUnchecked }) => isUnchecked)) return EXIT.failed
  const isBad = ({ severity }: Finding): boolean => isStrict || severity === 'error'
  return reports.some(({ findings }) => findings.some(isBad)) ? EXIT.no : EXIT.ok
}

function reportLines(reports: readonly FileReport[], style: Style): readonly string[] {
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

function countsOf(reports: readonly FileReport[]): Record<'errors' | 'warnings' | 'advices', number> {
  const all = reports.flatMap(({ findings }) => findings)
  const count = (severity: Finding['severity']): number =>
    all.filter((each) => each.severity === severity).length
  return { errors: count('error'), warnings: count('warning'), advices: count('advice') }
}

/** The same for programs. Members may be added. */
function reportOf(reports: readonly FileReport[]): object {
  const files = reports.map(({ file, kind, findings }) => ({ file, kind, findings }))
  return { files, ...countsOf(reports) }
}
