import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Material } from '@kube-authn-example/material'
import type { Secret } from './material.ts'

/** An error with a message for the user of the example. */
export class KeystoneProblem extends Error {
  override readonly name = 'KeystoneProblem'
}

/**
 * Runs a Keystone with `keystone.sh`, until this process exits.
 *
 * @returns the child process, once it answers.
 * @throws {KeystoneProblem} if it is not installed, or does not start.
 */
export async function startKeystone(
  { path, secrets }: Material<Secret>,
  port: number,
): Promise<ChildProcess> {
  const script = fileURLToPath(new URL('../keystone.sh', import.meta.url))
  const child = spawn(
    'sh',
    [script, path('keystone'), String(port), path('server.crt'), path('server.key')],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, OS_BOOTSTRAP_PASSWORD: secrets.adminsPassword },
    },
  )
  process.once('exit', () => child.kill('SIGKILL'))
  await new Promise<void>((resolve, reject) => {
    let said = ''
    const listen = (data: unknown): void => {
      said += String(data)
      // An open port is not enough: it may belong to another program.
      if (said.includes('spawned uWSGI worker')) resolve()
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.once('error', (error) => reject(new KeystoneProblem(`Keystone does not start: ${error.message}`)))
    child.once('exit', () => reject(new KeystoneProblem(said.trim())))
  })
  return child
}
