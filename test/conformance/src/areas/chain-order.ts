import { type ExplainedStep, explain } from '@kube-authn/core'
import { bootstrapSecrets } from '@kube-authn/core/bootstrap-token'
import { createAuthenticator } from '@kube-authn/node'
import { createPki, createServiceAccounts, fakeRequest } from '@kube-authn/testing'
import { inFolder, writeFiles } from './kubeconfig-client.ts'

/** The order in which a chain with all authenticators calls them. */
export async function wholeChain(): Promise<Readonly<Record<string, unknown>>> {
  const users = await createPki()
  const proxies = await createPki()
  const { issuers, keys, objects } = await createServiceAccounts()
  return inFolder(async (folder) => {
    const kubeconfig = { clusters: [{ name: '', cluster: { server: 'https://127.0.0.1:2' } }] }
    const [clientCAFile = '', proxyCA = '', tokenFile = '', tokenReview = ''] = writeFiles(folder, {
      'clients.crt': users.caPem,
      'proxies.crt': proxies.caPem,
      'tokens.csv': 'token,user,uid\n',
      'webhook.kubeconfig': JSON.stringify(kubeconfig),
    })
    const authenticator = createAuthenticator({
      clientCAFile,
      requestHeader: { caFile: proxyCA, allowedNames: ['proxy'], usernameHeaders: ['X-Remote-User'] },
      tokenFile,
      serviceAccounts: { issuers, keys, objects },
      bootstrapTokens: bootstrapSecrets([]),
      oidc: { issuer: 'https://127.0.0.1:2', audience: 'client' },
      tokenReview: { path: tokenReview, maxAttempts: 1 },
      tokenCache: false,
      anonymous: true,
    })
    const request = fakeRequest({ headers: [['Authorization', 'Bearer nobodys']] })
    const { steps } = await explain(authenticator, request)
    const nobody = await explain(authenticator, fakeRequest())
    authenticator.close()
    const [adder] = steps
    // A bad token ends the chain before the anonymous authenticator.
    const failsFast = [steps, nobody.steps].map((each) => each.map((step) => step.authenticator).at(-1))
    const [plain] = adder?.steps ?? []
    const bearer = plain?.steps.find((step) => step.authenticator === 'bearerToken')
    return {
      order: namesOf(plain),
      token_order: namesOf(bearer?.steps[0]),
      wrap: [
        nameOf(plain?.authenticator ?? ''),
        nameOf(adder?.authenticator ?? ''),
        failsFast.join() === 'authenticatedGroup,anonymous'
          ? 'fail-on-error union with anonymous'
          : failsFast,
      ],
    }
  })
}

function namesOf(step: ExplainedStep | undefined): readonly string[] {
  return (step?.steps ?? []).map(({ authenticator }) => nameOf(authenticator))
}

/** Ours are those of vectors, in another spelling. */
function nameOf(authenticator: string): string {
  const name = authenticator.replace(/^cached\((.*)\)$/, '$1')
  return NAMES.get(name) ?? name
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ['requestHeader', 'request_header'],
  ['clientCertificate', 'x509'],
  ['bearerToken', 'bearer'],
  ['webSocketProtocol', 'websocket'],
  ['tokenFile', 'token_file'],
  ['legacyServiceAccountToken', 'legacy_service_account'],
  ['serviceAccountToken', 'service_account'],
  ['bootstrapToken', 'bootstrap_token'],
  ['oidc', 'jwt'],
  ['union', 'plain union'],
  ['authenticatedGroup', 'authenticated-group adder'],
])
