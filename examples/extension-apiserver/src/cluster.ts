import { fileURLToPath } from 'node:url'
import type { TokenAuthenticator } from '@kube-authn/core'
import { mergeRequestHeaderConfig } from '@kube-authn/core/client-certificate'
import { authentication, authorization, getUser, impersonation } from '@kube-authn/express'
import { reviews } from '@kube-authn/express/reviews'
import { createAuthenticator, createAuthorizer } from '@kube-authn/node'
import type { Material } from '@kube-authn-example/material'
import express, { type Express } from 'express'
import { apiGroup, apiGroupList } from './discovery.ts'
import { type ApiService, forward, FRONT_PROXY } from './front-proxy.ts'
import { answerStatus, nothingHere } from './status.ts'

/** The parts of the cluster. */
export interface ClusterOptions {
  readonly material: Material
  /** Authenticates users and service accounts by their tokens. */
  readonly tokens: readonly TokenAuthenticator[]
  /** The APIs of other servers. More may be added at any time, as by `kubectl apply`. */
  readonly apiServices: readonly ApiService[]
}

/**
 * A stand-in for a cluster, with what an extension API server needs: a kube-apiserver that authenticates users, answers the reviews,
 * and publishes the settings of its front proxy (itself, as the kube-aggregator).
 */
export function createCluster({ material, tokens, apiServices }: ClusterOptions): Express {
  const policy = createAuthorizer({ rbac: fileURLToPath(new URL('../rbac', import.meta.url)) })

  const app = express()
  app.disable('x-powered-by')
  app.enable('case sensitive routing')
  app.use(authentication(createAuthenticator({ clientCAFile: material.path('ca.crt'), tokens })))
  app.use(impersonation(policy))
  app.use(reviews(policy, { tokens }))
  app.use(authorization(policy))

  const [name, namespace] = ['extension-apiserver-authentication', 'kube-system']
  const data = mergeRequestHeaderConfig(
    {},
    {
      ...FRONT_PROXY,
      requestHeaderClientCA: material.read('front-proxy-ca.crt'),
      clientCA: material.read('ca.crt'),
    },
  )
  app.get(`/api/v1/namespaces/${namespace}/configmaps/${name}`, (_req, res) =>
    res.json({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, namespace }, data }),
  )

  const credential = { cert: material.read('front-proxy.crt'), key: material.read('front-proxy.key') }
  // The kube-aggregator: discovery, and the proxy to other servers.
  app.get('/apis', (_req, res) => {
    res.json(apiGroupList(apiServices.map(({ group, version }) => apiGroup(group, version))))
  })
  app.use('/apis/:group/:version', (req, res, next) => {
    const { group, version } = req.params
    const service = apiServices.find((each) => each.group === group && each.version === version)
    if (service === undefined) next()
    else forward(service, credential, getUser(req), [req, res, next])
  })

  app.use(nothingHere)
  app.use(answerStatus)
  return app
}
