import { bootstrapSecrets, createBootstrapToken } from '@kube-authn/core/bootstrap-token'
import { serviceAccountObjects } from '@kube-authn/core/service-account'
import { signingKeyFromPem, tokenIssuer } from '@kube-authn/issuer'
import type { Material } from '@kube-authn-example/material'
import { type CreateAuthenticatorOptions, verificationKeysAt } from '@kube-authn/node'

/** Tokens that this app issues itself, and the options that verify them. */
export interface IssuedTokens {
  readonly options: Required<Pick<CreateAuthenticatorOptions, 'serviceAccounts' | 'bootstrapTokens'>>
  /** Issues a token of the service account `cart` in the namespace `shop`, for an hour. */
  readonly serviceAccountToken: () => Promise<string>
  /** The same, issued two hours ago. */
  readonly expiredToken: string
  /** Of a machine that joins a cluster, for a day. */
  readonly bootstrapToken: string
}

/** The issuer of service account tokens, and their audience. */
const TWO_HOURS_MS = 2 * 60 * 60 * 1000
const ISSUER = 'https://express-app.example.com'

/** Issues a token for a service account and one for a machine that joins. The objects are in memory; a real app stores them. */
export async function issueTokens(material: Material): Promise<IssuedTokens> {
  const objects = serviceAccountObjects({
    serviceAccounts: [{ namespace: 'shop', name: 'cart', uid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301' }],
  })
  const signingKey = await signingKeyFromPem(material.read('sa.key'))
  const issue = async (now: () => number): Promise<string> => {
    const issuer = tokenIssuer({ issuer: ISSUER, signingKey, objects, clock: { now, after: () => () => {} } })
    const { status } = await issuer.issue({ namespace: 'shop', name: 'cart' }, {})
    return status.token
  }
  const { token, secret } = createBootstrapToken({
    expirationSeconds: 86_400,
    groups: ['system:bootstrappers:workers'],
  })
  const keys = await verificationKeysAt([material.path('sa.pub')])
  return {
    options: {
      serviceAccounts: { issuers: [ISSUER], keys: keys.current, objects },
      bootstrapTokens: bootstrapSecrets([secret]),
    },
    serviceAccountToken: () => issue(Date.now),
    expiredToken: await issue(() => Date.now() - TWO_HOURS_MS),
    bootstrapToken: token,
  }
}
