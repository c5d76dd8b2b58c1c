import { type ExecPlugin, parseClientKubeconfig } from '@kube-authn/node/internal'
import {
  authenticatedFetch,
  type CredentialSource,
  type ExecCluster,
  pluginSource,
  type Program,
  type ProgramEnd,
} from '@kube-authn/server/internal'
import { createPki, fixedClock } from '@kube-authn/testing'
import type { Given, UnitRunner } from '../vector.ts'
import { clientServer, failureOf } from './client-server.ts'
import { reading } from '../reading.ts'

type Fields = Readonly<Record<string, unknown>>

/** A request of a client, and what is answered. */
interface ClientRequest {
  /** Seconds since the first one. */
  readonly at?: number
  readonly status?: number
}

const SERVER = 'https://server.example.com'
const ENVIRONMENT = { PATH: '/bin', KUBERNETES_EXEC_INFO: 'inherited' }

/** Area F-exec: a plug-in of a kubeconfig, without a process. */
export const execPlugins: UnitRunner = reading(
  {
    given: [
      'output outputs exitCode notFound user now requestHeader stdinIsTerminal stdinUnavailable stdinUnavailableMessage',
      {
        exec: 'command apiVersion args env interactiveMode provideClusterInfo installHint',
        cluster:
          'server tls-server-name insecure-skip-tls-verify certificate-authority-data proxy-url disable-compression extensions',
        requests: 'at status',
      },
    ],
    expect:
      'error errorContains env envContains inheritsProcessEnv interactive pluginRuns headerLeftAlone token tokens statuses clientCertificates connectionsClosed',
  },
  async ({ given }) => {
    const runs: Program[] = []
    const clock = fixedClock(Number(given['now'] ?? 1_257_894_000) * 1000)
    const outcome: Record<string, unknown> = {}
    const requests = requestsOf(given)
    const server = clientServer(requests.map(({ status = 200 }) => status))
    const header = given['requestHeader']
    const statuses: number[] = []
    try {
      const outputs = await outputsOf(given)
      const source = isUnused(given)
        ? undefined
        : sourceOf(given, clock, (program) => {
            runs.push(program)
            return Promise.resolve(endOf(given, outputs[runs.length - 1] ?? outputs.at(-1)))
          })
      const fetch = authenticatedFetch({ server: SERVER }, source, server.connect)
      for (const [position, { at = 0 }] of requests.entries()) {
        clock.advance((at - (requests[position - 1]?.at ?? 0)) * 1000)
        const headers = typeof header === 'string' ? { authorization: header } : {}
        statuses.push((await fetch(SERVER, { headers })).status)
      }
    } catch (error) {
      Object.assign(outcome, failureOf(error))
    }
    const env = runs[0]?.env ?? {}
    const info = JSON.parse(env['KUBERNETES_EXEC_INFO'] ?? '{}') as {
      readonly spec?: { readonly interactive?: boolean }
    }
    const tokens = server.seen.map((each) => each?.replace('Bearer ', ''))
    const isConsistent = runs.every(({ hasInput }) => hasInput === info.spec?.interactive)
    return {
      ...outcome,
      env: { KUBERNETES_EXEC_INFO: info },
      envContains: Object.entries(env)
        .map(([name, value]) => `${name}=${value ?? ''}`)
        .filter((each) => !each.startsWith('PATH=') && !each.startsWith('KUBERNETES_EXEC_INFO=')),
      inheritsProcessEnv: env['PATH'] === ENVIRONMENT.PATH,
      interactive: isConsistent ? info.spec?.interactive : 'the input differs from what the plug-in is told',
      pluginRuns: runs.length,
      headerLeftAlone: server.seen[0],
      token: tokens[0],
      tokens,
      statuses,
      clientCertificates: server.certificates.length,
      connectionsClosed: server.closed() > 0,
    }
  },
)

/** One request, so many, or those that are listed. */
function requestsOf(given: Given): readonly ClientRequest[] {
  const { requests = 1 } = given as { readonly requests?: number | readonly ClientRequest[] }
  return typeof requests === 'number' ? Array.from({ length: requests }, () => ({})) : requests
}

function sourceOf(
  given: Given,
  clock: ReturnType<typeof fixedClock>,
  run: (program: Program) => Promise<ProgramEnd>,
): CredentialSource {
  const exec = given['exec'] as Partial<ExecPlugin>
  const cluster = (given['cluster'] ?? { server: SERVER }) as Fields
  const { stdinUnavailableMessage: why = '' } = given as { readonly stdinUnavailableMessage?: string }
  return pluginSource({
    plugin: {
      apiVersion: '',
      command: '',
      args: [],
      env: [],
      installHint: '',
      interactiveMode: '',
      provideClusterInfo: false,
      disableCompression: cluster['disable-compression'] === true,
      config: (cluster['extensions'] as Fields | undefined)?.['client.authentication.k8s.io/exec'],
      ...exec,
    },
    cluster: clusterOf(cluster),
    run,
    env: ENVIRONMENT,
    stdin: {
      isTerminal: given['stdinIsTerminal'] === true,
      ...(given['stdinUnavailable'] === true && { usedFor: why }),
    },
    clock,
    onError: () => undefined,
  })
}

function clusterOf(cluster: Fields): ExecCluster {
  const text = (name: string): string | undefined => cluster[name] as string | undefined
  const data = text('certificate-authority-data')
  return Object.fromEntries(
    Object.entries({
      server: text('server'),
      tlsServerName: text('tls-server-name'),
      insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'],
      certificateAuthority: data === undefined ? undefined : Buffer.from(data, 'base64').toString(),
      proxyUrl: text('proxy-url'),
    }).filter(([, value]) => value !== undefined),
  ) as unknown as ExecCluster
}

/** Whether the user of the case has other credentials, so that its plug-in is not used. */
function isUnused(given: Given): boolean {
  const { user } = given as { readonly user?: Fields }
  if (user === undefined) return false
  const text = JSON.stringify({
    clusters: [{ name: '', cluster: { server: SERVER } }],
    users: [{ name: '', user: { ...user, exec: given['exec'] } }],
  })
  return parseClientKubeconfig(text, { folder: '/' }).exec === undefined
}

/** What the plug-in prints, run after run. */
async function outputsOf(given: Given): Promise<readonly string[]> {
  const defaults = {
    apiVersion: (given['exec'] as Partial<ExecPlugin>).apiVersion,
    kind: 'ExecCredential',
    status: { token: 'token' },
  }
  const { outputs = [given['output'] ?? defaults] } = given as { readonly outputs?: readonly unknown[] }
  const { chainPem, privateKeyPem } = await (await createPki()).issueClient({})
  return outputs.map((output) =>
    typeof output === 'string'
      ? output
      : JSON.stringify(output, (_, value: unknown) =>
          value === '@cert' ? chainPem : value === '@key' ? privateKeyPem : value,
        ),
  )
}

function endOf(given: Given, stdout = ''): ProgramEnd {
  if (given['notFound'] === true) return { type: 'missing', code: 'ENOENT' }
  return { type: 'exited', code: Number(given['exitCode'] ?? 0), stdout }
}
