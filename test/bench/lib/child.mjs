// Measuring processes: pinned to one core if the system has `taskset`, since WebCrypto's threads would otherwise hide their cost.
import { spawn, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['-c', '0', 'true']).status === 0

/** A command that runs on this core. */
export function pinned(core, command, ...rest) {
  return canPin ? ['taskset', ['-c', String(core), command, ...rest]] : [command, rest]
}

const pathOf = (script) => fileURLToPath(new URL(`../${script}`, import.meta.url))
const env = { ...process.env, NODE_ENV: 'production' }

/** The flags and the environment of a process that measures the packages of another checkout, if there is one. */
function measuring(checkout) {
  if (checkout === undefined) return { flags: [], env }
  const hooks = new URL('beside.mjs', import.meta.url).href
  return { flags: ['--import', hooks], env: { ...env, KUBE_AUTHN_BESIDE: checkout } }
}

/** The last line of JSON that a script of this folder prints. */
export function runScript(script, args, flags = [], checkout, timeoutMs = 300_000) {
  const measured = measuring(checkout)
  const all = ['--no-deprecation', ...flags, ...measured.flags]
  const [command, rest] = pinned(0, process.execPath, ...all, pathOf(script), ...args)
  const { stdout, stderr, status } = spawnSync(command, rest, {
    encoding: 'utf8',
    env: measured.env,
    timeout: timeoutMs,
  })
  const line = stdout.trim().split('\n').at(-1)
  if (status !== 0 || line === undefined || line === '')
    throw new Error(`${args.join(' / ')}: ${stderr.slice(0, 2000)}`)
  return JSON.parse(line)
}

/** A script of this folder that serves until it is stopped; its first line is JSON. */
export async function startScript(script, args, checkout) {
  const measured = measuring(checkout)
  const all = ['--no-deprecation', ...measured.flags]
  const [command, rest] = pinned(0, process.execPath, ...all, pathOf(script), ...args)
  const child = spawn(command, rest, { env: measured.env, stdio: ['ignore', 'pipe', 'inherit'] })
  const told = await new Promise((resolve, reject) => {
    child.stdout.once('data', (data) => resolve(JSON.parse(String(data))))
    child.once('exit', (code) => reject(new Error(`${args.join(' / ')} ended with ${code}`)))
  })
  const end = () =>
    new Promise((resolve) => {
      child.once('exit', resolve)
      child.kill('SIGTERM')
    })
  return { told, end }
}
