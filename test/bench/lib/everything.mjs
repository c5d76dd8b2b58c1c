// A chain with all options of createAuthenticator.
import { bootstrapSecrets, createBootstrapToken } from '@kube-authn/core/bootstrap-token'
import { serviceAccountObjects } from '@kube-authn/core/service-account'
import { createAuthenticator } from '@kube-authn/node'
import { createPki, fakeTokenReviewWebhook, fakeUser, knownTokens } from '@kube-authn/testing'
import { listen } from '@kube-authn/testing/node'
import {
  AUDIENCE,
  boundObjects,
  csvOf,
  fileOf,
  ISSUER,
  kubeconfigOf,
  PASSWORD,
  randomTokens,
  signedToken,
  USERNAME,
} from './material.mjs'
import { oidcTokens, serviceAccountKeys } from './subjects.mjs'

/** The complete chain, and a credential for each of its authenticators. */
export async function everything(more = {}) {
  const webhook = await listen(fakeTokenReviewWebhook(knownTokens({ 'webhook-token': fakeUser() })))
  const kubeconfig = fileOf(kubeconfigOf(webhook))
  const tokens = randomTokens(1000)
  const signed = signedToken('ES256')
  const bootstrap = createBootstrapToken({})
  const [users, proxies] = [await createPki(), await createPki()]
  const authenticator = createAuthenticator({
    tokenFile: fileOf(csvOf(tokens)),
    passwordFile: fileOf(`${PASSWORD},${USERNAME},1,"ops"\n`),
    clientCAFile: fileOf(users.caPem),
    requestHeader: {
      caFile: fileOf(proxies.caPem),
      allowedNames: ['proxy'],
      usernameHeaders: ['X-Remote-User'],
      groupHeaders: ['X-Remote-Group'],
      extraHeaderPrefixes: ['X-Remote-Extra-'],
    },
    serviceAccounts: {
      issuers: [ISSUER],
      keys: await serviceAccountKeys(signed),
      objects: { ...serviceAccountObjects(boundObjects), getSecret: () => undefined },
    },
    audiences: [AUDIENCE],
    bootstrapTokens: bootstrapSecrets([bootstrap.secret]),
    tokens: [oidcTokens(signed, 'https://other.example.com')],
    tokenReview: kubeconfig,
    ...more,
  })
  const [fileToken] = tokens.keys()
  return {
    authenticator,
    credentials: {
      'token file': fileToken,
      'service account': signed.token,
      'bootstrap token': bootstrap.token,
      webhook: 'webhook-token',
    },
  }
}
