// A chain with all options of createAuthenticator, and each path through it; certificates, proxies and impersonation.
import { X509Certificate } from 'node:crypto'
import { authenticatorChain } from '@kube-authn/core'
import { clientCertificate, requestHeader } from '@kube-authn/core/client-certificate'
import { parseRbac, rbac } from '@kube-authn/core/authorization'
import { tokenFile } from '@kube-authn/core/token-file'
import { impersonation } from '@kube-authn/express'
import { createPki } from '@kube-authn/testing'
import express from 'express'
import { noop } from '../lib/apps.mjs'
import { call, expressMiddleware } from '../lib/drivers.mjs'
import { everything } from '../lib/everything.mjs'
import { manyLeaves } from '../lib/leaves.mjs'
import { expressFloor, expressImpersonationFloor, hashedMap, keyedMap } from '../lib/floors.mjs'
import { basicHeader, randomTokens, rawHeaders, withAuthorization } from '../lib/material.mjs'
import { base, floor, operationRow, ours } from '../lib/row.mjs'
import { authentication } from '../lib/subjects.mjs'
import { manifests } from './rbac.mjs'

const alone = (middleware, headerSets, socketOf) =>
  expressMiddleware(express(), middleware, headerSets, socketOf)

const throughChain = (credential) => async () => {
  const { authenticator, credentials } = await everything()
  const value = credential === 'password' ? basicHeader : `Bearer ${credentials[credential]}`
  return alone(authentication.express(authenticator), [withAuthorization(value)])
}

const nothing = base(() => alone(noop.express, [rawHeaders()]))
const digest = floor(() => {
  const tokens = randomTokens(1000)
  const [token] = tokens.keys()
  return alone(expressFloor(hashedMap(tokens)), [withAuthorization(`Bearer ${token}`)])
})

/** A TLS connection of Node whose peer presented this certificate. */
function tlsSocket(raw) {
  return {
    encrypted: true,
    remoteAddress: '127.0.0.1',
    authorized: true,
    getPeerCertificate: () => ({ raw, fingerprint256: 'x' }),
    isSessionReused: () => false,
  }
}

async function certificates() {
  const pki = await createPki()
  const { certificateDer } = await pki.issueClient({ commonName: 'jane', organizations: ['dev', 'ops'] })
  return { ca: pki.caPem, leaf: Buffer.from(certificateDer) }
}

async function sameConnection() {
  const { ca, leaf } = await certificates()
  const socket = tlsSocket(leaf)
  const chain = authenticatorChain({ clientCertificate: clientCertificate({ ca }) })
  return alone(authentication.express(chain), [rawHeaders()], () => socket)
}

/** More certificates than the cache holds, so that each misses the cache. */
const MORE_THAN_REMEMBERED = 5000

const inTurn = (list) => {
  let turn = 0
  return () => list[turn++ % list.length]
}

async function firstSight() {
  const { ca, leaves } = await manyLeaves(MORE_THAN_REMEMBERED)
  const next = inTurn(leaves)
  const chain = authenticatorChain({ clientCertificate: clientCertificate({ ca }) })
  return alone(authentication.express(chain), [rawHeaders()], () => tlsSocket(next()))
}

async function parseAndVerify() {
  const { ca, leaves } = await manyLeaves(MORE_THAN_REMEMBERED)
  const next = inTurn(leaves)
  const key = new X509Certificate(ca).publicKey
  return call(
    () => new X509Certificate(next()).verify(key),
    (isValid) => (isValid ? 200 : 500),
  )
}

async function behindProxy() {
  const { ca, leaf } = await certificates()
  const socket = tlsSocket(leaf)
  const proxy = requestHeader({
    ca,
    allowedNames: ['jane'],
    usernameHeaders: ['X-Remote-User'],
    groupHeaders: ['X-Remote-Group'],
    extraHeaderPrefixes: ['X-Remote-Extra-'],
  })
  const sent = [
    'X-Remote-User',
    'joe',
    'X-Remote-Group',
    'a',
    'X-Remote-Group',
    'b',
    'X-Remote-Extra-Scopes',
    'x',
  ]
  return alone(
    authentication.express(authenticatorChain({ requestHeader: proxy })),
    [rawHeaders(...sent)],
    () => socket,
  )
}

const impersonationHeaders = (groups) => [
  ...withAuthorization('Bearer admin-token'),
  'Impersonate-User',
  'jane',
  ...Array.from({ length: groups }, (_, index) => ['Impersonate-Group', `team-${index}`]).flat(),
]

/** The rules of a user, found by name, as in `indexed by hand` of the rows of RBAC. */
const impersonatingByHand = (groups) => () => {
  const rules = [
    { verbs: ['impersonate'], apiGroups: [''], resources: ['users', 'groups', 'serviceaccounts'] },
  ]
  const byName = new Map([['admin', rules]])
  const isAllowed = ({ username, groups: own }, { resource }) =>
    [byName.get(username), ...own.map((group) => byName.get(group))].some((each) =>
      each?.some(
        (rule) =>
          rule.verbs.includes('impersonate') &&
          rule.apiGroups.includes('') &&
          rule.resources.includes(resource),
      ),
    )
  const users = keyedMap(
    new Map([['admin-token', { username: 'admin', groups: ['ops', 'system:authenticated'] }]]),
  )
  return alone(expressImpersonationFloor(users, isAllowed), [impersonationHeaders(groups)])
}

const impersonating = (groups) => () => {
  const chain = authenticatorChain({ tokens: [tokenFile('admin-token,admin,1,"ops"\n')] })
  const policy = rbac(
    parseRbac(
      manifests(1000)
        .map((each) => JSON.stringify(each))
        .join('\n---\n'),
    ),
  )
  // The two are called directly, so `impersonation` cannot be detected after `authentication`.
  const authenticate = authentication.express(chain, { impersonationHeaders: 'later' })
  const impersonate = impersonation(policy)
  const both = (req, res, next) =>
    authenticate(req, res, (error) => (error ? next(error) : impersonate(req, res, next)))
  return alone(both, [impersonationHeaders(groups)])
}

export const chainRows = [
  ...['token file', 'service account', 'bootstrap token', 'webhook', 'password'].map((credential) =>
    operationRow(
      `chain of 8, ${credential} seen before`,
      { target: credential === 'password' ? undefined : 4 },
      { 'no-op': nothing, 'kube-authn': ours(throughChain(credential)), 'digest and Map': digest },
    ),
  ),
  operationRow(
    'client certificate, same connection',
    { target: 0.6 },
    { 'no-op': nothing, 'kube-authn': ours(sameConnection) },
  ),
  operationRow(
    'client certificate, first sight',
    { target: 280 },
    { 'no-op': nothing, 'kube-authn': ours(firstSight), 'parse and verify': floor(parseAndVerify) },
  ),
  operationRow('request header', { target: 6 }, { 'no-op': nothing, 'kube-authn': ours(behindProxy) }),
  ...[
    { groups: 1, target: 6 },
    { groups: 20, target: 20 },
  ].map(({ groups, target }) =>
    operationRow(
      `impersonation, ${groups} ${groups === 1 ? 'group' : 'groups'}, RBAC`,
      { target },
      {
        'no-op': nothing,
        'kube-authn': ours(impersonating(groups)),
        'same duties': floor(impersonatingByHand(groups)),
      },
    ),
  ),
]
