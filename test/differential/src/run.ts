import { parseArgs, type ParseArgsConfig } from 'node:util'
import { shown } from '@kube-authn-test/conformance/live/live-area'
import type { KubernetesVersion } from '@kube-authn/cel/kubernetes'
import type { Area, AreaReport } from './area.ts'
import { authentication } from './areas/authentication.ts'
import { authorization } from './areas/authorization.ts'
import { impersonation } from './areas/impersonation.ts'
import { requestInfo } from './areas/request-info.ts'
import { celArea, recordedAnswers } from './cel/cel.ts'
import { celOracle } from './cel/oracle.ts'
import { frontProxyOf } from './front-proxy.ts'
import { logOf, sharedSetup, startReference } from './reference.ts'
import { sidesOf } from './sides.ts'

/*
 * Asks a reference and kube-authn the same random questions, and compares the answers: `test/README.md`. Exits with 1 when a difference is in no row
 * of `docs/deviations.md`.
 */

const SERVED = ['authentication', 'authorization', 'impersonation', 'request-info'] as const
const AREAS = [...SERVED, 'cel']
const RELEASES: readonly KubernetesVersion[] = ['1.35', '1.36', '1.37']

interface Options {
  readonly seed: string
  readonly requests: number
  readonly areas: ReadonlySet<string>
  /** The only question. */
  readonly only: number | undefined
  /** A kube-apiserver, or `serve`. */
  readonly reference: string | undefined
  /** Of the expressions. */
  readonly releases: readonly KubernetesVersion[]
}

async function main(): Promise<void> {
  const options = parsedOptions()
  if (options === undefined) {
    console.error(
      `usage: npm run differential -- [--seed N] [--requests N] [--area ${AREAS.join('|')}]... [--only N] [--reference serve] [--release ${RELEASES.join('|')}]...`,
    )
    process.exitCode = 2
    return
  }
  const { areas, reference } = options
  const reports: AreaReport[] = []
  const served = SERVED.filter((name) => areas.has(name))
  if (served.length > 0) {
    if (reference === undefined)
      console.log(`KUBE_APISERVER is not set, so these are left out: ${served.join(', ')}`)
    else reports.push(...(await compareServed(reference, served, options)))
  }
  if (areas.has('cel'))
    for (const release of options.releases) reports.push(await compareCel(release, options))
  const asked = sum(reports, (report) => report.asked)
  const failed = sum(reports, (report) => report.failed)
  console.log(`${asked - failed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}

const FLAGS = {
  seed: { type: 'string', default: '1' },
  requests: { type: 'string', default: '6000' },
  area: { type: 'string', multiple: true, default: AREAS },
  only: { type: 'string' },
  reference: { type: 'string' },
  release: { type: 'string', multiple: true, default: [...RELEASES] },
} as const satisfies ParseArgsConfig['options']

/** `undefined` if they are not understood. */
function parsedOptions(): Options | undefined {
  const values = parsedFlags()
  if (values === undefined) return undefined
  const requests = Number(values.requests)
  const only = values.only === undefined ? undefined : Number(values.only)
  const isValid =
    values.area.every((name) => AREAS.includes(name)) &&
    [requests, only ?? 0].every((number) => Number.isSafeInteger(number) && number >= 0) &&
    (values.reference === undefined || values.reference === 'serve')
  const reference = values.reference ?? process.env['KUBE_APISERVER']
  const releases = RELEASES.filter((release) => values.release.includes(release))
  return isValid && releases.length > 0
    ? { seed: values.seed, requests, areas: new Set(values.area), only, reference, releases }
    : undefined
}

function parsedFlags(): ReturnType<typeof parseArgs<{ options: typeof FLAGS }>>['values'] | undefined {
  try {
    return parseArgs({ options: FLAGS }).values
  } catch {
    return undefined
  }
}

async function compareServed(
  server: string,
  names: readonly string[],
  options: Options,
): Promise<readonly AreaReport[]> {
  const shared = sharedSetup()
  const closing: (() => Promise<void> | void)[] = [() => shared.remove()]
  try {
    const reference = await startReference(server, shared)
    closing.push(() => reference.close())
    const sides = await sidesOf(reference, shared)
    closing.push(() => sides.authenticator.close())
    const proxy = frontProxyOf(sides)
    closing.push(() => proxy.close())
    const authenticated = await authentication(sides)
    closing.push(() => authenticated.close())
    const all = [authenticated, authorization(sides), impersonation(sides, proxy), requestInfo(sides, proxy)]
    const reports: AreaReport[] = []
    for (const area of all.filter(({ name }) => names.includes(name))) {
      reports.push(await compare(area, Math.ceil(options.requests / names.length), options))
    }
    return reports
  } catch (error) {
    console.error(logOf(shared).slice(-5000))
    throw error
  } finally {
    for (const close of closing.toReversed()) await close()
  }
}

/** `CEL_ORACLE` names the program of `cel/oracle`, made of the sources of this release, which answers new expressions. */
async function compareCel(release: KubernetesVersion, options: Options): Promise<AreaReport> {
  console.log(`expressions of ${release}`)
  const path = process.env['CEL_ORACLE']
  if (path === undefined) {
    const answers = recordedAnswers(release)
    return compare(await celArea(release, answers), answers.length, options)
  }
  const oracle = celOracle(path)
  try {
    return await compare(await celArea(release, [], oracle), options.requests, options)
  } finally {
    await oracle.close()
  }
}

async function compare(area: Area, count: number, { seed, only }: Options): Promise<AreaReport> {
  const start = performance.now()
  const report = await area.run(seed, only ?? 0, only === undefined ? count : only + 1)
  const { asked, failed, explained, classes } = report
  const rows = [...explained].map(([row, times]) => `${row} ${times}`).join(', ')
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(
    `${area.name}: ${asked} in ${seconds} s; explained: ${rows || 'none'}; not explained: ${failed}`,
  )
  for (const { name, index, count: times, question, differences } of classes) {
    console.log(`\nNEW (${times}) ${name}`)
    console.log(`  repeat: npm run differential -- --seed ${seed} --area ${area.name} --only ${index}`)
    console.log(`  asked: ${JSON.stringify(question)}`)
    for (const each of differences) console.log(`  ${shown(each)}`)
  }
  return report
}

function sum(reports: readonly AreaReport[], count: (report: AreaReport) => number): number {
  return reports.reduce((total, report) => total + count(report), 0)
}

await main()
