// kube-authn, configured as documented.
import { authenticatorChain } from '@kube-authn/core'
import { localKeySet, oidc } from '@kube-authn/core/oidc'
import { passwordFile } from '@kube-authn/core/password-file'
import { cached } from '@kube-authn/core/remote'
import { tokenFile } from '@kube-authn/core/token-file'
import { authentication as express } from '@kube-authn/express'
import { authentication as fastifyPlugin } from '@kube-authn/fastify'
import { authentication as hono } from '@kube-authn/hono'
import { authentication as koa } from '@kube-authn/koa'
import { AUDIENCE, csvOf, ISSUER, PASSWORD, USERNAME } from './material.mjs'

/** Registers the plugin. */
const fastify = (chain) => (app) => app.register(fastifyPlugin(chain))

export const authentication = { express, koa, hono, fastify }

export const tokenChain = (tokens) => authenticatorChain({ tokens: [tokenFile(csvOf(tokens))] })
export const passwordChain = () =>
  authenticatorChain({ passwords: [passwordFile(`${PASSWORD},${USERNAME},1,"ops"\n`)] })

export const oidcTokens = ({ jwk }) =>
  oidc({
    issuer: ISSUER,
    audience: AUDIENCE,
    usernamePrefix: '',
    keySet: localKeySet(JSON.stringify({ keys: [jwk] })),
  })
export const oidcChain = (signed) => authenticatorChain({ tokens: [oidcTokens(signed)] })
export const oidcCachedChain = (signed) => authenticatorChain({ tokens: [cached(oidcTokens(signed))] })
