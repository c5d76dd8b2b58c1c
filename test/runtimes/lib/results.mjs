import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { binaryOf } from '../binaries.mjs'
import { PATIENCE_MS } from './patience.mjs'
import { wireChecks } from './wire-checks.mjs'

/** Runs the suite on a runtime: the result of each check, `{ name, error? }`. */
export async function suiteResults(runtime, { scratch, credentials }) {
  const served = await runtime.start(scratch, { ...runtime.facts, credentials })
  try {
    const turn = async (name) => {
      const url = `http://127.0.0.1:${served.port}/checks/${name}`
      const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) })
      if (!response.ok) throw new Error(`HTTP status ${response.status}: ${await response.text()}`)
      return response.json()
    }
    const first = await turn('first')
    const wire = await wireChecks({ ...runtime, port: served.port })
    // Again until the time of the caches is over; what has not begun cannot pass.
    const failed = new Set(first.filter(({ error }) => error !== undefined).map(({ name }) => name))
    const isOver = AbortSignal.timeout(PATIENCE_MS / 2)
    let results
    do results = await turn('later')
    while (!isOver.aborted && results.some(({ name, error }) => error !== undefined && !failed.has(name)))
    const later = new Map(results.map(({ name, error }) => [name, error]))
    return [...first.map(({ name, error = later.get(name) }) => ({ name, error })), ...wire]
  } catch (error) {
    throw new Error(`${error.message}\n${served.said()}`, { cause: error })
  } finally {
    await served.stop()
  }
}

/**
 * Runs a script of this folder that starts runtimes itself.
 *
 * @param needs the runtimes to install before.
 * @returns its output, and the number of passed and failed checks.
 */
export async function countsOf({ file, needs }) {
  for (const name of needs) await binaryOf(name)
  const script = fileURLToPath(new URL(`../${file}`, import.meta.url))
  const { status, output } = await outputOf(process.execPath, [script])
  const [, passed = '0', failed = '0'] = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? []
  // It failed without a failed check, for example because it cannot start.
  const isBroken = status !== 0 && failed === '0'
  return { passed: Number(passed), failed: isBroken ? 1 : Number(failed), output }
}

/** Scripts for runtimes with Node's modules: they print a line for each check, and the number of passed ones. */
const SCRIPTS = {
  'TLS peers': 'tls-peer-chain.mjs',
  '@kube-authn/node': 'node-package.mjs',
  'node:http': 'node-adapters.mjs',
  'missing headers': 'missing-headers.mjs',
}

/** The command, which `serve.mjs` starts. */
const CLI = fileURLToPath(new URL('../../../packages/server/dist/cli/main.js', import.meta.url))

/** Runs those scripts: the result of each check. */
export async function scriptResults({ script, facts }) {
  if (script === undefined) return []
  const results = []
  for (const [name, file] of Object.entries(SCRIPTS)) {
    const [command, args] = await script(pathOf(file))
    results.push(...resultsIn(name, await outputOf(command, args)))
  }
  // `admin.conf` has a client certificate.
  if (facts.peerCertificates) {
    const [command, args] = await script(CLI)
    const output = await outputOf(process.execPath, [pathOf('serve.mjs'), command, ...args])
    results.push(...resultsIn('kube-authn serve', output))
  }
  return results
}

const pathOf = (file) => fileURLToPath(new URL(`../${file}`, import.meta.url))

function resultsIn(name, { status, output }) {
  const lines = [...output.matchAll(/^(ok|FAILED) +(.+)(?:\n {7}(.+))?/gm)]
  const isWhole = new RegExp(`^${lines.length} passed, 0 failed$`, 'm').test(output) && status === 0
  const results = lines.map(([, verdict, check, why = 'it failed']) => ({
    name: `${name}: ${check}`,
    error: verdict === 'ok' ? undefined : why,
  }))
  if (!isWhole && lines.every(([, verdict]) => verdict === 'ok')) {
    results.push({ name: `${name}: comes to its end`, error: output })
  }
  return results
}

function outputOf(command, args) {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: PATIENCE_MS, encoding: 'utf8' }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : (error.code ?? 1), output: `${stdout}${stderr}` })
    })
  })
}
