import { setTimeout } from 'node:timers/promises'
import type { AuthenticationEvent } from '@kube-authn/core'
import { explain } from '@kube-authn/core/internal'
import { authenticatorFromFlags, type NodeAuthenticator } from '@kube-authn/node'
import { EXIT, Failure } from '../failure.ts'
import { note, write } from '../terminal/output.ts'
import { styleFor } from '../terminal/style.ts'
import { assumedObjects } from './assumed-objects.ts'
import { bootstrapSecretsIn } from './bootstrap-secrets.ts'
import type { ExplainOptions } from './command.ts'
import { flagsFor } from './flags-for.ts'
import { refuseUnknownFlags } from './refuse-unknown-flags.ts'
import { isStdinReadOnce, requestFor } from './request-for.ts'
import { explanationText } from './text.ts'

/**
 * Explains what a chain of authenticators thinks of a request.
 *
 * @param args files, and then flags of kube-apiserver.
 * @param names the names of the options of this command, without dashes.
 * @returns the exit code.
 */
export async function explainCredential(
  args: readonly string[],
  options: ExplainOptions,
  names: readonly string[],
): Promise<number> {
  const waitSeconds = secondsOf(options.wait)
  if (!isStdinReadOnce(options)) throw new Failure('only one option can read standard input')
  const flags = flagsFor(args)
  refuseUnknownFlags(flags, names)
  const { request, token } = await requestFor(options)
  const authenticator = await authenticatorFromFlags(flags, {
    bootstrapTokens: await bootstrapSecretsIn(options.secrets),
    serviceAccountObjects: assumedObjects(token),
    observer: tell,
    log: false,
  })
  try {
    await untilHealthy(authenticator, waitSeconds * 1000)
    const explanation = await explain(authenticator, request)
    await write(
      options.output === 'json'
        ? `${JSON.stringify(explanation, null, 2)}\n`
        : explanationText(explanation, styleFor(process.stdout)),
    )
    return explanation.status === undefined ? EXIT.ok : EXIT.no
  } finally {
    authenticator.close()
  }
}

/** Notices of files and flags. */
function tell(event: AuthenticationEvent): void {
  if (event.type !== 'fileNotice') return
  const { file, notice } = event
  note(`${file}: ${notice.severity}: ${notice.message}`)
}

function secondsOf(text: string): number {
  const seconds = Number(text)
  if (!/^\d+(?:\.\d+)?$/.test(text) || seconds > 3600) {
    throw new Failure('--wait: must be a number of seconds, at most 3600')
  }
  return seconds
}

/** Keys of issuers are fetched after the start. Without them the explanation says that they are missing. */
async function untilHealthy(authenticator: NodeAuthenticator, waitMs: number): Promise<void> {
  const deadline = performance.now() + waitMs
  let isTold = false
  while (authenticator.health().length > 0 && performance.now() < deadline) {
    if (!isTold && process.stderr.isTTY) note('waiting for the keys of issuers ...')
    isTold = true
    await setTimeout(50)
  }
}
