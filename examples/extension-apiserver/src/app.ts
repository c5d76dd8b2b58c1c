import { StatusError } from '@kube-authn/core'
import { requestInfo } from '@kube-authn/core/authorization'
import { incomingMessageRequest } from '@kube-authn/core/incoming-message'
import { authentication, authorization } from '@kube-authn/express'
import { delegatedAuthentication, type DelegatedAuthenticationOptions } from '@kube-authn/node'
import express, { type Express, type RequestHandler } from 'express'
import { apiGroup, apiGroupList } from './discovery.ts'
import { getProduct, GROUP, listProducts, RESOURCES, VERSION } from './products.ts'
import { answerStatus, methodNotAllowed, nothingHere, notFound } from './status.ts'

/**
 * The extension API server. Who somebody is and what they may do is the cluster's to say; what there is to get, and how the Kubernetes
 * API answers, is here.
 *
 * @param options none in a pod; elsewhere a kubeconfig.
 * @throws {ConfigurationError} as a rejection: when the cluster cannot be asked.
 */
export async function createApp(options: DelegatedAuthenticationOptions = {}): Promise<Express> {
  const { authenticator, authorizer } = await delegatedAuthentication(options)
  const observed = options.observer === undefined ? {} : { observer: options.observer }

  const app = express()
  app.disable('x-powered-by')
  // What is authorized must be what is served: to the authorizer, PRODUCTS is another resource than products.
  app.enable('case sensitive routing')

  // Probes come without a credential.
  app.get(['/healthz', '/readyz', '/livez'], (_req, res) => {
    res.type('text/plain').send('ok')
  })

  // No impersonation: the cluster sees to it, and the front proxy says who the user is then.
  app.use(authentication(authenticator, observed), authorization(authorizer, observed), requireGetOrList)

  app.get('/apis', (_req, res) => res.json(apiGroupList([apiGroup(GROUP, VERSION)])))
  app.get(`/apis/${GROUP}`, (_req, res) => res.json(apiGroup(GROUP, VERSION)))
  app.get(`/apis/${GROUP}/${VERSION}`, (_req, res) => res.json(RESOURCES))
  app.get(`/apis/${GROUP}/${VERSION}/products`, (_req, res) => res.json(listProducts()))
  app.get(`/apis/${GROUP}/${VERSION}/products/:name`, (req, res) => {
    const { name } = req.params
    const product = getProduct(name)
    if (product === undefined) throw notFound(GROUP, 'products', name)
    res.json(product)
  })

  app.use(nothingHere)
  app.use(answerStatus)
  return app
}

/**
 * Refuses whatever is no `get` and no `list`, and selectors: a user may be allowed to list one name only, by a field selector, so a
 * server that does not know selectors would give away all the others.
 */
const requireGetOrList: RequestHandler = (req, _res, next) => {
  // The same reading as the authorizer's.
  const { verb, fieldSelector, labelSelector } = requestInfo(incomingMessageRequest(req, req.originalUrl))
  if (!['get', 'list', 'head'].includes(verb)) throw methodNotAllowed()
  if (fieldSelector !== '' || labelSelector !== '') {
    throw new StatusError({ status: 400, reason: 'BadRequest', message: 'selectors are not supported' })
  }
  next()
}
