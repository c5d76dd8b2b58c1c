import type { KubernetesVersion } from '@kube-authn/core'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { bootstrapAuth, bootstrapCleaner, bootstrapGroups, bootstrapSigner } from './areas/bootstrap-token.ts'
import { celEngine } from './areas/cel.ts'
import { chains } from './areas/chain.ts'
import { composition } from './areas/composition.ts'
import { execPlugins } from './areas/exec-plugin.ts'
import { extraction } from './areas/extraction.ts'
import { files } from './areas/files.ts'
import { flagRunners } from './areas/flags.ts'
import { handler } from './areas/handler.ts'
import { areas as impersonationAndRbac } from './areas/impersonation-rbac/index.ts'
import type { AreaRunner } from './areas/impersonation-rbac/vector.ts'
import { issuerDiscoveries } from './areas/issuer-discovery.ts'
import { keys } from './areas/keys.ts'
import { configurations } from './areas/configuration.ts'
import { keystone } from './areas/keystone.ts'
import { kubeconfigs, kubeconfigUsers } from './areas/kubeconfig.ts'
import { oidcClients } from './areas/oidc-client.ts'
import { oidcRunners } from './areas/oidc.ts'
import { requestHeaderConfig } from './areas/request-header-config.ts'
import { certificateRunners } from './areas/certificates.ts'
import { requestHeaderRunners } from './areas/request-header.ts'
import { type Certificates, withCredentialIds } from './certificates.ts'
import { claims, signedTokens, userInfos } from './areas/service-account.ts'
import { legacyCleaners, tokensControllers } from './areas/service-account-controllers.ts'
import {
  signingRequestStamps,
  signingRequestUpdates,
  signingRequestValidation,
} from './areas/signing-requests/api-requests.ts'
import { approvers, cleaners, signers } from './areas/signing-requests/controllers.ts'
import { tokenCache } from './areas/token-cache.ts'
import { tokenRequests } from './areas/token-request.ts'
import { tokenReviews } from './areas/token-review.ts'
import { tokenWebhook, webhook } from './areas/webhook.ts'
import { delegation } from './areas/delegation.ts'
import { differences } from './compare.ts'
import { AREAS_BY_RELEASE, type Replayed, replayLive } from './live/replay.ts'
import { NotApplicable, NotUnderstood, type UnitRunner, type Vector } from './vector.ts'

/*
 * usage: run.js [vectors | live], for one of both
 *
 * Runs every vector, prints a line for each area, then what the runner does not understand, and then what failed. Exits with 1 when a case fails.
 * `KUBE_AUTHN_VECTORS` names another folder with files of the same names, whose cases may have fields that are not understood.
 *
 * Then it replays the recorded requests of a real kube-apiserver and compares the responses: `KUBE_AUTHN_LIVE` names another folder with the layout
 * of `test/conformance/live`.
 */

const FILES = ['authenticators', 'tokens', 'cel', 'impersonation-rbac']
const [, , part] = process.argv
const isOurs = process.env['KUBE_AUTHN_VECTORS'] === undefined
const folder = process.env['KUBE_AUTHN_VECTORS'] ?? fileURLToPath(new URL('../vectors', import.meta.url))

const liveFolder = process.env['KUBE_AUTHN_LIVE']
const ownLiveFolder = fileURLToPath(new URL('../live', import.meta.url))

interface AreaResult {
  passed: number
  readonly failures: string[]
  /** Skipped cases, by reason. */
  readonly leftOut: Map<string, string[]>
  /** Cases that the runner cannot say, by field. */
  readonly notUnderstood: Map<string, string[]>
  /** The file of the cases. */
  readonly file?: string
  /** How many cases differ as described in `docs/deviations.md`. */
  readonly explained?: ReadonlyMap<string, number>
}

async function main(): Promise<void> {
  // Vectors and recordings are full of what our notices are about: files with mistakes, issuers that cannot be reached.
  process.removeAllListeners('warning')
  const areas = new Map<string, AreaResult>()
  for (const file of part === 'live' ? [] : FILES) {
    const path = join(folder, `${file}.json`)
    if (!existsSync(path)) {
      console.log(`${file}.json is not in ${folder}`)
      continue
    }
    const vectors = JSON.parse(readFileSync(path, 'utf8')) as readonly Vector[]
    const runnerFor = runners(vectors)
    for (const vector of vectors.filter(({ area }) => area !== 'fixtures')) {
      await run(vector, runnerFor(vector), areaOf(areas, vector.area, `${file}.json`))
    }
  }
  if (part !== 'vectors') await replayInto(areas)
  report(areas)
}

async function replayInto(areas: Map<string, AreaResult>): Promise<void> {
  const replayed: Replayed[] = []
  for await (const each of replayLive(liveFolder ?? ownLiveFolder, liveFolder === undefined)) {
    const { name, release, result } = each
    if (result === undefined)
      console.log(`the recordings of ${name} are not in ${liveFolder ?? ownLiveFolder}`)
    else {
      replayed.push(each)
      areas.set(AREAS_BY_RELEASE.has(name) ? `${name} of ${release}` : name, {
        ...result,
        failures: [...result.failures],
        leftOut: new Map(),
        notUnderstood: new Map(),
      })
    }
  }
  reportReleases(replayed)
}

/** Runs a case and returns the differences. */
type CaseRunner = (vector: Vector) => Promise<readonly string[]>

function runners(vectors: readonly Vector[]): (vector: Vector) => CaseRunner | undefined {
  const std = vectors.find(({ id }) => id === 'FIXTURE-chain-std')?.given['chain'] ?? {}
  const certificates = (vectors.find(({ id }) => id === 'FIXTURE-certs')?.given['certs'] ??
    {}) as Certificates
  const byUnit: Readonly<Record<string, Readonly<Record<string, UnitRunner>>>> = {
    A: { ...composition, ...chains(std, certificates), ...extraction },
    B: handler,
    C: extraction,
    D: files,
    E: certificateRunners(certificates),
    F: { ...requestHeaderConfig(certificates), ...requestHeaderRunners },
    G: tokenCache,
    H: { ...kubeconfigs, ...webhook, ...delegation, ...tokenReviews },
    I: keystone,
    J: flagRunners(certificates),
    'G-webhook': { '': tokenWebhook },
    'F-kubeconfig': { '': kubeconfigUsers },
    'F-exec': { '': execPlugins },
    'F-oidc-client': { '': oidcClients },
    'C-keys': { '': keys },
    'C-sa-legacy': { '': signedTokens },
    'C-sa-bound': { '': signedTokens },
    'C-sa-userinfo': { '': userInfos },
    'C-sa-claims': { '': claims },
    'C-oidc-endpoints': { '': issuerDiscoveries },
    'C-tokenrequest': { '': tokenRequests },
    'C-tokens-controller': { '': tokensControllers },
    'C-legacy-cleaner': { '': legacyCleaners },
    'D-bootstrap-auth': { '': bootstrapAuth },
    'D-bootstrap-groups': { '': bootstrapGroups },
    'D-bootstrap-cleaner': { '': bootstrapCleaner },
    'D-bootstrap-signer': { '': bootstrapSigner },
    'E-csr-validate': { '': signingRequestValidation },
    'E-csr-stamp': { '': signingRequestStamps },
    'E-csr-update': { '': signingRequestUpdates },
    'E-csr-signers': { '': signers },
    'E-csr-approver': { '': approvers },
    'E-csr-cleaner': { '': cleaners },
    ...Object.fromEntries(Object.entries(configurations).map(([area, runner]) => [area, { '': runner }])),
    ...Object.fromEntries(Object.entries(oidcRunners).map(([area, runner]) => [area, { '': runner }])),
    'cel-engine': { '': celEngine(vectors) },
  }
  return ({ area, given }) => {
    const ofArea = impersonationAndRbac.get(area)
    if (ofArea !== undefined) return judged(ofArea)
    const ofUnit = byUnit[area]?.[given.unit ?? '']
    if (ofUnit === undefined) return undefined
    const isReplaced = given.profile === 'v1.6' && !ONLY_IN_OLD_RELEASES.has(given.unit ?? '')
    return compared(isReplaced ? replacedSince16 : ofUnit, certificates)
  }
}

/** A runner that returns the outcome of a case. */
function compared(runner: UnitRunner, certificates: Certificates): CaseRunner {
  return async (vector) => {
    const actual = await runner(vector)
    return differences({ ...vector, expect: withCredentialIds(certificates, vector.expect) }, actual)
  }
}

/** A runner that checks the case itself. */
function judged(runner: AreaRunner): CaseRunner {
  return async (vector) => {
    const verdict = await runner(vector)
    return verdict.pass ? [] : [verdict.detail ?? 'it differs']
  }
}

/** Features that later releases removed: their reference is 1.6. */
const ONLY_IN_OLD_RELEASES = new Set(['basic', 'password-file'])

const replacedSince16: UnitRunner = () =>
  Promise.reject(new NotApplicable('behaviour of Kubernetes 1.6 that later releases replaced'))

function areaOf(areas: Map<string, AreaResult>, name: string, file: string): AreaResult {
  const area = areas.get(name) ?? {
    passed: 0,
    failures: [],
    leftOut: new Map(),
    notUnderstood: new Map(),
    file,
  }
  areas.set(name, area)
  return area
}

async function run(vector: Vector, runner: CaseRunner | undefined, area: AreaResult): Promise<void> {
  const add = (cases: Map<string, string[]>, why: string): void => {
    cases.set(why, [...(cases.get(why) ?? []), vector.id])
  }
  try {
    if (runner === undefined) throw new NotUnderstood(unitOf(vector))
    const differing = await runner(vector)
    if (differing.length === 0) area.passed++
    else area.failures.push(`${vector.id}: ${differing.join('; ')}`)
  } catch (error) {
    if (error instanceof NotUnderstood && isOurs) {
      area.failures.push(`${vector.id}: not understood: ${error.message}`)
    } else if (error instanceof NotUnderstood) add(area.notUnderstood, error.message)
    else if (error instanceof NotApplicable) add(area.leftOut, `not applicable: ${error.message}`)
    else
      area.failures.push(
        `${vector.id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      )
  }
}

/** Of a case that no reader knows. */
function unitOf({ area, given: { unit } }: Vector): string {
  return unit === undefined ? `area ${area}` : `given.unit ${unit}`
}

/** How many recorded answers are those of each release here; `=` where nothing that is compared depends on the release. */
function reportReleases(replayed: readonly Replayed[]): void {
  const names = [...new Set(replayed.map(({ name }) => name))]
  const width = Math.max(0, ...names.map((name) => name.length))
  const line = (name: string, cells: readonly string[]): void =>
    console.log([name.padEnd(width), ...cells.map((cell) => cell.padStart(8))].join(''))
  line('', RELEASES)
  for (const name of names) {
    const cells = RELEASES.map((release) => {
      const result = replayed.find((each) => each.name === name && each.release === release)?.result
      return result === undefined ? (AREAS_BY_RELEASE.has(name) ? '-' : '=') : String(result.passed)
    })
    line(name, cells)
  }
}

const RELEASES: readonly KubernetesVersion[] = ['1.35', '1.36', '1.37']

function report(areas: ReadonlyMap<string, AreaResult>): void {
  let passed = 0
  let failed = 0
  for (const [name, { passed: inArea, failures, leftOut }] of areas) {
    const total = inArea + failures.length
    const [reason = 'not understood'] = leftOut.keys()
    console.log(total === 0 ? `${name} ${reason}` : `${name} ${inArea}/${total}`)
    passed += inArea
    failed += failures.length
  }
  for (const [name, { leftOut }] of areas) {
    for (const [reason, ids] of leftOut) {
      const isWholeArea = areas.get(name)?.passed === 0 && areas.get(name)?.failures.length === 0
      if (!isWholeArea) console.log(`${name}: ${reason}: ${ids.join(', ')}`)
    }
  }
  for (const [name, { explained = new Map<string, number>() }] of areas) {
    const rows = [...explained].map(([row, count]) => `${row} (${count})`)
    if (rows.length > 0) console.log(`${name}: differs as docs/deviations.md says: ${rows.join(', ')}`)
  }
  let missed = 0
  for (const [name, { notUnderstood, file }] of areas) {
    for (const [field, ids] of notUnderstood) {
      missed += ids.length
      console.log(`${name} (${file}): not understood: ${field}: ${ids.join(', ')}`)
    }
  }
  for (const { failures } of areas.values()) for (const failure of failures) console.log(`FAILED ${failure}`)
  if (missed > 0) console.log(`${missed} not understood`)
  console.log(`${passed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}

await main()
