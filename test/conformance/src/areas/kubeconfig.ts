import { join } from 'node:path'
import { ConfigurationError } from '@kube-authn/core'
import { type Endpoint, parseKubeconfig, readKubeconfig, type ReadKubeconfigOptions } from '@kube-authn/node'
import { parseClientKubeconfig } from '@kube-authn/node/internal'
import { createPki } from '@kube-authn/testing'
import { DEVIATES_AS_DOCUMENTED, type Given, NotUnderstood, type UnitRunner } from '../vector.ts'
import { authorizationSent, inFolder, rateLimit, timeoutSeconds, writeFiles } from './kubeconfig-client.ts'
import { reading } from '../reading.ts'

type Fields = Readonly<Record<string, unknown>>

/** Unit `webhook.kubeconfig` of area H: the endpoint of a kubeconfig. */
export const kubeconfigs: Readonly<Record<string, UnitRunner>> = {
  'webhook.kubeconfig': reading(
    {
      given: 'kubeconfig path',
      expect: 'outcome text_contains client_credentials server http_timeout_s rate_limit',
    },
    async ({ given, expect }) => {
      const { path } = given
      const text = JSON.stringify(await withData((given['kubeconfig'] ?? {}) as Fields))
      const load = (options: ReadKubeconfigOptions): Loaded =>
        inFolder((folder) => {
          const [written] = writeFiles(folder, { '/kubeconfig': text })
          return attempt(() => readKubeconfig(typeof path === 'string' ? path : (written ?? ''), options))
        })
      // Here a context with a missing user must be allowed explicitly.
      if (namesMissingUser(given) && !('refused' in load({}))) throw new Error('a missing user was taken')
      const loaded = load({ allowMissingUser: true })
      if ('refused' in loaded) {
        const isStricter = given.deviation !== undefined && expect.outcome === 'loaded'
        return isStricter ? DEVIATES_AS_DOCUMENTED : { outcome: 'load-error', text_contains: loaded.refused }
      }
      const { server, credential, cert, certFile } = loaded.endpoint
      return {
        outcome: 'loaded',
        server,
        client_credentials: credential ?? cert ?? certFile ?? null,
        ...('http_timeout_s' in expect && { http_timeout_s: await timeoutSeconds(loaded.endpoint) }),
        ...('rate_limit' in expect && { rate_limit: await rateLimit(loaded.endpoint) }),
      }
    },
  ),
}

/** Area F-kubeconfig: the kubeconfig of a client, and the credentials that it sends. */
export const kubeconfigUsers: UnitRunner = reading(
  { given: 'user files afterSeconds', expect: 'outcome messageContains authorization' },
  async ({ given, expect }) => {
    const user = namesOfFile((given['user'] ?? {}) as Fields)
    const { files = {}, afterSeconds = 0 } = given as {
      files?: Readonly<Record<string, string>>
      afterSeconds?: number
    }
    return inFolder(async (folder) => {
      // Files that appear later do not exist at first.
      const earlier = Object.keys(files).map((path) => [path, afterSeconds > 0 ? 'earlier' : files[path]])
      writeFiles(folder, Object.fromEntries(earlier) as Readonly<Record<string, string>>)
      const text = kubeconfigOf(below(folder, user))
      const hasPlugin = 'exec' in user || 'auth-provider' in user
      if (hasPlugin && !('refused' in attempt(() => parseKubeconfig(text, { folder })))) {
        throw new Error('a plug-in was taken for a server')
      }
      const loaded = attempt(() => clientEndpoint(text, folder))
      if ('refused' in loaded) {
        // Vectors call an unusable client invalid or an error; here all problems are found at once.
        return { outcome: expect.outcome === 'error' ? 'error' : 'invalid', messageContains: loaded.refused }
      }
      // What a plug-in or a provider sends is the subject of other areas.
      if (hasPlugin && 'authorization' in expect) throw new NotUnderstood('expect.authorization of a plug-in')
      if (hasPlugin) return { outcome: 'valid' }
      const change = { seconds: afterSeconds, make: () => void writeFiles(folder, files) }
      return { outcome: 'valid', authorization: await authorizationSent(loaded.endpoint, change) }
    })
  },
)

function clientEndpoint(text: string, folder: string): Endpoint {
  return parseClientKubeconfig(text, { folder }).endpoint
}

type Loaded = { readonly endpoint: Endpoint } | { readonly refused: string }

function attempt(load: () => Endpoint): Loaded {
  try {
    return { endpoint: load() }
  } catch (error) {
    if (error instanceof ConfigurationError) return { refused: error.message }
    throw error
  }
}

/** Vectors have the content of data fields; files have it in base64. */
async function withData(kubeconfig: Fields): Promise<unknown> {
  const { privateKeyPem } = await (await createPki()).issueClient({})
  const text = JSON.stringify(kubeconfig, (key, value: unknown) =>
    key.endsWith('-data') && typeof value === 'string'
      ? Buffer.from(value === '$PEM_PRIVATE_KEY' ? privateKeyPem : value, 'utf8').toString('base64')
      : value,
  )
  return JSON.parse(text)
}

/** What client-go calls `act-as` in memory is `as` in a file. */
function namesOfFile(user: Fields): Fields {
  return Object.fromEntries(
    Object.entries(user).map(([name, value]) => [name.replace(/^act-as/, 'as'), value]),
  )
}

/** Absolute paths of a vector are mapped to files in the folder, if these exist. */
function below(folder: string, user: Fields): Fields {
  const { tokenFile } = user
  return typeof tokenFile === 'string' ? { ...user, tokenFile: join(folder, tokenFile) } : user
}

function kubeconfigOf(user: Fields): string {
  return JSON.stringify({
    clusters: [{ name: 'c', cluster: { server: 'https://w' } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })
}

function namesMissingUser(given: Given): boolean {
  const { users, contexts } = (given['kubeconfig'] ?? {}) as {
    users?: readonly { readonly name: string }[] | null
    contexts?: readonly { readonly context: { readonly user?: string } }[] | null
  }
  return (contexts ?? []).some(
    ({ context }) => context.user !== undefined && !users?.some(({ name }) => name === context.user),
  )
}
