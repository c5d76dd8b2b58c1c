import './guard.mjs'
import './at-load.mjs'
import './chain.mjs'
import './files.mjs'
import './service-accounts.mjs'
import './bootstrap-tokens.mjs'
import './oidc.mjs'
import './bound-tokens.mjs'
import './configuration.mjs'
import './webhooks.mjs'
import './keystone.mjs'
import './request-header.mjs'
import './authorization.mjs'
import './reviews.mjs'
import './kubernetes-api.mjs'
import './observers.mjs'
import './test-kit.mjs'
import './caches.mjs'
import './connections.mjs'
import { checkPeerCertificates, useCredentials } from './certificates.mjs'
import { runChecks } from './check.mjs'
import { checkEnvironment, checkNothingWasTried } from './environment.mjs'
import './fetch.mjs'
import './login.mjs'
import { checkHonoOnThis } from './hono.mjs'

/**
 * The whole suite, for a runtime with these expected facts.
 *
 * @param facts `node`: whether it has Node's modules; `peerCertificates`: whether its HTTP servers provide the certificates of peers; `cloudflare`:
 *   whether Cloudflare's certificate data `counts`, is `possible` or `refused`; `credentials`: those of `makeCredentials`.
 */
export function makeSuite(facts) {
  useCredentials(facts.credentials)
  checkEnvironment(facts)
  checkPeerCertificates(facts)
  checkHonoOnThis(facts)
  checkNothingWasTried()
  return runChecks
}
