import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { memberOf } from '@kube-authn/core/internal'
import type { Endpoint } from '@kube-authn/node'
import type { ExecPlugin } from '@kube-authn/node/internal'
import { Failure } from '../failure.ts'
import { codeOf } from '../terminal/new-file.ts'

const MAX_BYTES = 1_048_576

/**
 * Runs a credential plug-in, as kubectl does, and returns its token or client certificate.
 *
 * Source: client-go `plugin/pkg/client/auth/exec/exec.go`.
 *
 * @param folder the folder of the kubeconfig, which a command with a path is relative to.
 * @throws {Failure} if it fails, or prints something else.
 */
export async function credentialsOf(
  plugin: ExecPlugin,
  folder: string,
): Promise<Pick<Endpoint, 'credential' | 'cert' | 'key'>> {
  const printed = await run(plugin, folder)
  const answer = parsed(printed)
  if (memberOf(answer, 'kind') !== 'ExecCredential' || memberOf(answer, 'apiVersion') !== plugin.apiVersion) {
    throw new Failure(`the plug-in ${plugin.command} printed no ExecCredential of ${plugin.apiVersion}`)
  }
  const status = memberOf(answer, 'status')
  const [token, cert, key] = ['token', 'clientCertificateData', 'clientKeyData'].map((name) => {
    const value = memberOf(status, name)
    return typeof value === 'string' && value !== '' ? value : undefined
  })
  if (token === undefined && (cert === undefined || key === undefined)) {
    throw new Failure(
      `the plug-in ${plugin.command} printed neither a token nor a client certificate with its key`,
    )
  }
  return {
    ...(token !== undefined && { credential: { type: 'token', token } as const }),
    ...(cert !== undefined && key !== undefined && { cert, key }),
  }
}

function run(
  { apiVersion, command, args, env, installHint, interactiveMode }: ExecPlugin,
  folder: string,
): Promise<string> {
  const isInteractive = interactiveMode !== 'Never' && process.stdin.isTTY
  if (interactiveMode === 'Always' && !isInteractive) {
    throw new Failure(`the plug-in ${command} needs a terminal`)
  }
  const info = { kind: 'ExecCredential', apiVersion, spec: { interactive: isInteractive } }
  const path = /[/\\]/.test(command) ? resolve(folder, command) : command
  return new Promise((done, fail) => {
    const child = spawn(path, args, {
      env: {
        ...process.env,
        ...Object.fromEntries(env.map(({ name, value }) => [name, value])),
        KUBERNETES_EXEC_INFO: JSON.stringify(info),
      },
      stdio: [isInteractive ? 'inherit' : 'ignore', 'pipe', 'inherit'],
    })
    const chunks: Buffer[] = []
    let length = 0
    child.stdout?.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= MAX_BYTES) chunks.push(chunk)
      else child.kill()
    })
    child.on('error', (error) => {
      const hint = installHint === '' ? '' : `: ${installHint.trim()}`
      fail(
        new Failure(`the plug-in ${command} cannot be started (${codeOf(error)})${hint}`, { cause: error }),
      )
    })
    child.on('close', (code) => {
      if (length > MAX_BYTES) fail(new Failure(`the plug-in ${command} printed more than ${MAX_BYTES} bytes`))
      else if (code !== 0) fail(new Failure(`the plug-in ${command} failed (exit code ${code ?? 'none'})`))
      else done(Buffer.concat(chunks).toString('utf8'))
    })
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
