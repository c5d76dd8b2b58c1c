import { incomingMessageRequest, StatusError } from '@kube-authn/core/adapter'
import { requestInfo } from '@kube-authn/core/authorization'
import { authentication, authorization } from '@kube-authn/express'
import { delegatedAuthentication, type DelegatedAuthenticationOptions } from '@kube-authn/node'
import express, { type Express, type RequestHandler } from 'express'
import { apiGroup, apiGroupList } from './discovery.ts'
import { getProduct, GROUP, listProducts, RESOURCES, VERSION } from './products.ts'
import { answerStatus, methodNotAllowed, nothingHere, notFound } from './status.ts'

/**
 * The extension API server. The cluster authenticates and authorizes the requests; this app has the resources, and answers as the
 * Kubernetes API does.
 *
 * @param options none in a pod; elsewhere a kubeconfig.
 * @throws {ConfigurationError} as a rejection, if the cluster cannot be reached.
 */
export async function createApp(options: DelegatedAuthenticationOptions = {}): Promise<Express> {
  const { authenticator, authorizer } = await delegatedAuthentication(options)
  const observed = options.observer === undefined ? {} : { observer: options.observer }

  const app = express()
  app.disable('x-powered-by')
  // The served resource must be the authorized one: to the authorizer, PRODUCTS is another resource than products.
  app.enable('case sensitive routing')

  // Probes have no credential.
  app.get(['/healthz', '/readyz', '/livez'], (_req, res) => {
    res.type('text/plain').send('ok')
  })

  // No impersonation middleware: the cluster impersonates, and the front proxy sends the resulting user.
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
 * Refuses everything except `get` and `list`, and selectors: a user may be allowed to list one name only, by a field selector, so a
 * server that ignores selectors would return all the others.
 */
const requireGetOrList: RequestHandler = (req, _res, next) => {
  // Parsed as the authorizer does.
  const { verb, fieldSelector, labelSelector } = requestInfo(incomingMessageRequest(req, req.originalUrl))
  if (!['get', 'list', 'head'].includes(verb)) throw methodNotAllowed()
  if (fieldSelector !== '' || labelSelector !== '') {
    throw new StatusError({ status: 400, reason: 'BadRequest', message: 'selectors are not supported' })
  }
  next()
}
