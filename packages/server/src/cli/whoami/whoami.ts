import { isObject, memberOf } from '@kube-authn/core/internal'
import { type Command, Option } from 'commander'
import { type KubeconfigClient, kubeconfigClient } from '../client/kubeconfig-client.ts'
import { EXIT, Failure } from '../failure.ts'
import { kubeconfigPath } from '../kubeconfig/path.ts'
import { note, write } from '../terminal/terminal.ts'
import { reasonOf } from '../terminal/reason-of.ts'
import { userLines } from '../terminal/user-lines.ts'
import type { Terminal } from '../terminal/terminal.ts'

const AFTER = `
The server and the credentials are those of a kubeconfig, plug-ins (exec) and OpenID Connect (auth-provider) included. An ID
token that has expired is renewed, and written into the file. A plug-in may run for five minutes.

Examples:
  kube-authn whoami
  kube-authn whoami --kubeconfig staging.yaml --context admin --output json

Exit codes:
  0  the server knows who you are
  1  the server does not accept the credentials
  2  the kubeconfig or the server cannot be used`

/** Declares `kube-authn whoami`. */
export function declareWhoami(command: Command, terminal: Terminal): void {
  command
    .description('Asks the server of a kubeconfig who you are, by a SelfSubjectReview.')
    .option('--kubeconfig <file>', 'the file; $KUBECONFIG or ~/.kube/config if it is not named')
    .option('--context <name>', 'the context in it; the current one if it is not named')
    .addOption(
      new Option('-o, --output <format>', 'for people, or for programs')
        .choices(['text', 'json'])
        .default('text'),
    )
    .addHelpText('after', AFTER)
    .action(async (options: WhoamiOptions) => {
      terminal.exitCode = await whoami(options, terminal)
    })
}

/** The options of `kube-authn whoami`. */
interface WhoamiOptions {
  readonly kubeconfig?: string
  readonly context?: string
  readonly output: 'text' | 'json'
}

const PATH = '/apis/authentication.k8s.io/v1/selfsubjectreviews'

/**
 * Prints the user that a server takes the caller for.
 *
 * Source: KEP-3325.
 *
 * @returns the exit code.
 */
export async function whoami(
  { kubeconfig, context, output }: WhoamiOptions,
  terminal: Terminal,
): Promise<number> {
  const client = await kubeconfigClient(terminal, kubeconfigPath(kubeconfig, terminal.env), context)
  const response = await ask(client).finally(() => client.close())
  if (response.status === 401) {
    note(terminal, 'error: the server does not accept the credentials (401)')
    return EXIT.no
  }
  const user = memberOf(memberOf(await bodyOf(response), 'status'), 'userInfo')
  if (response.status !== 201 || !isObject(user)) throw new Failure(whyNot(response.status))
  await write(
    terminal,
    output === 'json' ? `${JSON.stringify(user, null, 2)}\n` : `${userLines(userOf(user)).join('\n')}\n`,
  )
  return EXIT.ok
}

async function ask({ server, fetch }: KubeconfigClient): Promise<Response> {
  try {
    return await fetch(server + PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }),
    })
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(`${new URL(server).origin}: cannot be reached (${reasonOf(error)})`, { cause: error })
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.json()
  } catch {
    return undefined
  }
}

function whyNot(status: number): string {
  if (status === 404)
    return 'the server has no SelfSubjectReview (404): it is older than Kubernetes 1.28, or no API server'
  return status === 201
    ? 'the answer of the server is not a SelfSubjectReview'
    : `the server answers with ${status}`
}

/** The parts of a `v1` UserInfo, of which each may be missing. */
function userOf(user: object): Parameters<typeof userLines>[0] {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  const strings = (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
  const extra = memberOf(user, 'extra')
  return {
    username: text(memberOf(user, 'username')),
    uid: text(memberOf(user, 'uid')),
    groups: strings(memberOf(user, 'groups')),
    extra: Object.fromEntries(
      Object.entries(isObject(extra) ? extra : {}).map(([key, values]) => [key, strings(values)]),
    ),
  }
}
