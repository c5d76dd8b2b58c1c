// kube-authn, configured as documented.
import { authenticatorChain } from '@kube-authn/core'
import { localKeySet, oidc } from '@kube-authn/core/oidc'
import {
  verificationKeysFromPem,
  serviceAccountObjects,
  serviceAccountToken,
} from '@kube-authn/core/service-account'
import { passwordFile } from '@kube-authn/core/password-file'
import { cached } from '@kube-authn/core/remote'
import { tokenFile } from '@kube-authn/core/token-file'
import { authentication as express } from '@kube-authn/express'
import { authentication as hono } from '@kube-authn/hono'
import { authentication as koa } from '@kube-authn/koa'
import { AUDIENCE, boundObjects, csvOf, ISSUER, PASSWORD, USERNAME } from './material.mjs'

export const authentication = { express, koa, hono }

export const tokenChain = (tokens) => authenticatorChain({ tokens: [tokenFile(csvOf(tokens))] })
export const passwordChain = () =>
  authenticatorChain({ passwords: [passwordFile(`${PASSWORD},${USERNAME},1,"ops"\n`)] })

const oidcTokens = ({ jwk }, url = ISSUER) =>
  oidc({
    issuer: url,
    audience: AUDIENCE,
    usernamePrefix: '',
    keySet: localKeySet(JSON.stringify({ keys: [jwk] })),
  })
export const oidcChain = (signed) => authenticatorChain({ tokens: [oidcTokens(signed)] })
export const oidcCachedChain = (signed) => authenticatorChain({ tokens: [cached(oidcTokens(signed))] })

export async function serviceAccountKeys({ pem, kid }) {
  const keys = await verificationKeysFromPem(pem)
  return keys.map((key) => ({ ...key, kid }))
}

async function serviceAccountTokens(signed) {
  return serviceAccountToken({
    issuers: [ISSUER],
    keys: await serviceAccountKeys(signed),
    audiences: [AUDIENCE],
    objects: serviceAccountObjects(boundObjects),
  })
}
export const serviceAccountChain = async (signed) =>
  authenticatorChain({ tokens: [await serviceAccountTokens(signed)], audiences: [AUDIENCE] })
export const serviceAccountCachedChain = async (signed) =>
  authenticatorChain({ tokens: [cached(await serviceAccountTokens(signed))], audiences: [AUDIENCE] })
export { oidcTokens }
