import { bootstrapSecrets, createBootstrapToken } from '@kube-authn/core/bootstrap-token'
import { signingKeyFromPem, serviceAccountObjects, tokenIssuer } from '@kube-authn/core/service-account'
import type { Material } from '@kube-authn-example/material'
import { type CreateAuthenticatorOptions, verificationKeysAt } from '@kube-authn/node'

/** Tokens that this app issues itself, and the options that verify them. */
export interface IssuedTokens {
  readonly options: Required<Pick<CreateAuthenticatorOptions, 'serviceAccounts' | 'bootstrapTokens'>>
  /** Of the service account `cart` in the namespace `shop`, for an hour. */
  readonly serviceAccountToken: string
  /** Of a machine that joins a cluster, for ten minutes. */
  readonly bootstrapToken: string
}

/** The issuer of service account tokens, and their audience. */
const ISSUER = 'https://express-app.example.com'

/** Issues a token for a service account and one for a machine that joins. The objects are in memory; a real app stores them. */
export async function issueTokens(material: Material): Promise<IssuedTokens> {
  const objects = serviceAccountObjects({
    serviceAccounts: [{ namespace: 'shop', name: 'cart', uid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301' }],
  })
  const signingKey = await signingKeyFromPem(material.read('sa.key'))
  const issuer = tokenIssuer({ issuer: ISSUER, signingKey, objects })
  const { status } = await issuer.issue({ namespace: 'shop', name: 'cart' }, {})
  const { token, secret } = createBootstrapToken({
    expirationSeconds: 600,
    groups: ['system:bootstrappers:workers'],
  })
  const keys = await verificationKeysAt([material.path('sa.pub')])
  return {
    options: {
      serviceAccounts: { issuers: [ISSUER], keys: keys.current, objects },
      bootstrapTokens: bootstrapSecrets([secret]),
    },
    serviceAccountToken: status.token,
    bootstrapToken: token,
  }
}
