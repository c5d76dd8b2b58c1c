import { dirname, resolve } from 'node:path'
import { isObject, memberOf } from '@kube-authn/core/internal'
import { type Endpoint, endpointFetch } from '@kube-authn/node'
import { parseClientKubeconfig } from '@kube-authn/node/internal'
import { EXIT, Failure } from '../failure.ts'
import { kubeconfigPath } from '../kubeconfig/path.ts'
import { readText } from '../terminal/input.ts'
import { note, write } from '../terminal/output.ts'
import { userLines } from '../terminal/user-lines.ts'
import { reasonOf } from '../terminal/reason-of.ts'
import type { WhoamiOptions } from './command.ts'
import { credentialsOf } from './exec-plugin.ts'

const MAX_BYTES = 1_048_576
const PATH = '/apis/authentication.k8s.io/v1/selfsubjectreviews'

/**
 * Prints the user that a server takes the caller for.
 *
 * Source: KEP-3325.
 *
 * @returns the exit code.
 */
export async function whoami({ kubeconfig, context, output }: WhoamiOptions): Promise<number> {
  const path = kubeconfigPath(kubeconfig, process.env)
  const folder = dirname(resolve(path))
  const config = parseClientKubeconfig(await readText(path, MAX_BYTES), {
    folder,
    source: path,
    ...(context !== undefined && { context }),
  })
  const plugin = config.exec === undefined ? {} : await credentialsOf(config.exec, folder)
  const response = await ask({ ...config.endpoint, ...plugin })
  if (response.status === 401) {
    note('error: the server does not accept the credentials (401)')
    return EXIT.no
  }
  const user = memberOf(memberOf(await bodyOf(response), 'status'), 'userInfo')
  if (response.status !== 201 || !isObject(user)) throw new Failure(whyNot(response.status))
  await write(
    output === 'json' ? `${JSON.stringify(user, null, 2)}\n` : `${userLines(userOf(user)).join('\n')}\n`,
  )
  return EXIT.ok
}

async function ask(endpoint: Endpoint): Promise<Response> {
  const fetch = endpointFetch(endpoint)
  try {
    return await fetch(endpoint.server.replace(/\/+$/, '') + PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }),
    })
  } catch (error) {
    throw new Failure(`${new URL(endpoint.server).origin}: cannot be reached (${reasonOf(error)})`, {
      cause: error,
    })
  } finally {
    fetch.close()
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
