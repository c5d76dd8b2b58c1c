// A server of Node over TLS with what a kube-apiserver does for `GET /version`: it authenticates by a chain of everything, and decides by RBAC.
import { authorization } from '@kube-authn/express'
import { parseRbac, rbac } from '@kube-authn/core/authorization'
import { createPki } from '@kube-authn/testing'
import { everything } from '../lib/everything.mjs'
import { authentication } from '../lib/subjects.mjs'
import { servedByCommand, servedByKubeApiserver, withKubeApiserver } from '../lib/api-servers.mjs'
import { base, httpRow, ours, peer } from '../lib/row.mjs'

const VERSION = JSON.stringify({ major: '1', minor: '36', gitVersion: 'v1.36.2' }, null, 2)
const POLICY = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: 'system:public-info-viewer' }
rules:
  - { nonResourceURLs: [/healthz, /livez, /readyz, /version, /version/], verbs: [get] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: 'system:public-info-viewer' }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: 'system:public-info-viewer' }
subjects:
  - { apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:authenticated' }
`

/** Calls middlewares one after the other, as a framework does. */
function listenerOf(middlewares) {
  const answer = (req, res) => {
    res.statusCode = req.url === '/version' ? 200 : 404
    res.setHeader('Content-Type', 'application/json')
    res.end(VERSION)
  }
  return (req, res) => {
    let index = 0
    const next = (error) => {
      const middleware = middlewares[index++]
      if (error !== undefined) res.writeHead(500).end()
      else if (middleware === undefined) answer(req, res)
      else middleware(req, res, next)
    }
    next()
  }
}

async function overTls(middlewares, authorizationHeader) {
  const pki = await createPki()
  const { chainPem: cert, privateKeyPem: key } = await pki.issueServer({ hosts: ['127.0.0.1'] })
  return {
    listener: listenerOf(middlewares),
    authorization: authorizationHeader,
    path: '/version',
    // As kube-apiserver, which asks every client for a certificate.
    tls: { cert, key, requestCert: true, rejectUnauthorized: false },
  }
}

const withCredential = (credential) => async () => {
  const { authenticator, credentials } = await everything()
  const policy = rbac(parseRbac(POLICY))
  return overTls(
    [authentication.express(authenticator), authorization(policy)],
    `Bearer ${credentials[credential]}`,
  )
}

const bare = base(() => overTls([], 'Bearer none'))

const tlsRow = (title, credential) =>
  httpRow(
    `HTTPS, GET /version, ${title}`,
    // To be ahead of it.
    withKubeApiserver({ target: 'kube-apiserver' }),
    {
      bare,
      'kube-authn, app': ours(withCredential(credential)),
      'kube-authn, serve': ours(() => servedByCommand(credential)),
      ...withKubeApiserver({ 'kube-apiserver': peer(() => servedByKubeApiserver(credential)) }),
    },
  )

export const tlsRows = [tlsRow('service account JWT', 'service account'), tlsRow('token file', 'token file')]
