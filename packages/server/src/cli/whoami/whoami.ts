import { isObject, memberOf, stringMemberOf } from '@kube-authn/core/internal'
import type { Command } from 'commander'
import { addClientOptions, type ClientOptions, kubeconfigClient } from '../client/kubeconfig-client.ts'
import { EXIT, Failure } from '../failure.ts'
import { outputOption } from '../terminal/options.ts'
import { note, type Terminal, userLines, writeResult } from '../terminal/terminal.ts'

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

export function declareCommand(command: Command, terminal: Terminal): void {
  addClientOptions(command)
    .description('Asks the server of a kubeconfig who you are, by a SelfSubjectReview.')
    .addOption(outputOption())
    .addHelpText('after', AFTER)
    .action(async (options: WhoamiOptions) => {
      terminal.exitCode = await whoami(options, terminal)
    })
}

interface WhoamiOptions extends ClientOptions {
  readonly output: 'text' | 'json'
}

const PATH = '/apis/authentication.k8s.io/v1/selfsubjectreviews'

/** Prints the user that a server takes the caller for. Source: KEP-3325. @returns the exit code. */
async function whoami(options: WhoamiOptions, terminal: Terminal): Promise<number> {
  const client = await kubeconfigClient(terminal, options)
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
  const { status, body } = await client.create(PATH, review).finally(() => client.close())
  if (status === 401) {
    note(terminal, 'error: the server does not accept the credentials (401)')
    return EXIT.no
  }
  const user = memberOf(memberOf(body, 'status'), 'userInfo')
  if (status !== 201 || !isObject(user)) throw new Failure(whyNot(status))
  await writeResult(terminal, options.output, user, () => userLines(userOf(user)))
  return EXIT.ok
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
  const strings = (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
  const extra = memberOf(user, 'extra')
  return {
    username: stringMemberOf(user, 'username'),
    uid: stringMemberOf(user, 'uid'),
    groups: strings(memberOf(user, 'groups')),
    extra: Object.fromEntries(
      Object.entries(isObject(extra) ? extra : {}).map(([key, values]) => [key, strings(values)]),
    ),
  }
}
