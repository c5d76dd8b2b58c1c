// What a list of 100,000 revocations adds to a request, over the same chain without it.
import { createHash } from 'node:crypto'
import { authenticatorChain } from '@kube-authn/core'
import { clientCertificate } from '@kube-authn/core/client-certificate'
import { revocationList, unlessRevoked } from '@kube-authn/core/revocation'
import { createPki } from '@kube-authn/testing'
import express from 'express'
import { expressMiddleware } from '../lib/drivers.mjs'
import { randomTokens, rawHeaders, signedToken, withAuthorization } from '../lib/material.mjs'
import { base, floor, operationRow, ours } from '../lib/row.mjs'
import { authentication, oidcCachedChain, tokenChain } from '../lib/subjects.mjs'

const ENTRIES = 100_000
const DAY_MS = 86_400_000

/** What a revocation names, for each number. */
const NAMED = {
  users: (index) => ({ user: `revoked-${index}` }),
  ids: (index) => ({ credentialId: `JTI=revoked-${index}` }),
  digests: (index) => ({ tokenSha256: digestOf(`revoked-${index}`) }),
}

function digestOf(text) {
  return createHash('sha256').update(text).digest('hex')
}

/** A list with as many of each kind. */
function listOf(kinds) {
  const list = revocationList()
  const expiresAtMs = Date.now() + DAY_MS
  for (let index = 0; index < ENTRIES; index++) {
    const kind = kinds[index % kinds.length]
    list.set(`${index}`, { ...NAMED[kind](index), expiresAtMs })
  }
  return list
}

/** The least that can be done: a Map for each kind, and the digest of the token if there are digests. */
function bareLookups(kinds) {
  const maps = kinds.map(
    (kind) =>
      new Map(Array.from({ length: ENTRIES / kinds.length }, (_, index) => [valueOf(kind, index), index])),
  )
  const hasDigests = kinds.includes('digests')
  return (user, authorization = '') => {
    const [id = ''] = user.extra['authentication.kubernetes.io/credential-id'] ?? []
    const names = hasDigests ? [user.username, id, digestOf(authorization.slice(7))] : [user.username, id]
    return maps.some((map, index) => map.has(names[index]))
  }
}

function valueOf(kind, index) {
  return Object.values(NAMED[kind](index))[0]
}

/** @param make the chain, the headers of its requests, and the connection. */
function subjects(kinds, make) {
  const operation = (wrap) => async () => {
    const { chain, headers, socket } = await make()
    const middleware = authentication.express(wrap(chain))
    return expressMiddleware(express(), middleware, [headers], socket)
  }
  return {
    'without it': base(operation((chain) => chain)),
    'kube-authn': ours(operation((chain) => unlessRevoked(listOf(kinds), chain))),
    'bare Maps': floor(async () => {
      const { chain, headers, socket } = await make()
      const isRevoked = bareLookups(kinds)
      const authenticate = authentication.express(chain)
      const middleware = (req, res, next) => {
        const { authorization } = req.headers
        authenticate(req, res, (error) =>
          next(error ?? (isRevoked(req.user, authorization) ? new Error('revoked') : undefined)),
        )
      }
      return expressMiddleware(express(), middleware, [headers], socket)
    }),
  }
}

function fileToken() {
  const tokens = randomTokens(1000)
  const [token] = tokens.keys()
  return { chain: tokenChain(tokens), headers: withAuthorization(`Bearer ${token}`) }
}

function seenJwt() {
  const signed = signedToken('ES256')
  return { chain: oidcCachedChain(signed), headers: withAuthorization(`Bearer ${signed.token}`) }
}

async function certificate() {
  const pki = await createPki()
  const { certificateDer } = await pki.issueClient({ commonName: 'jane' })
  const raw = Buffer.from(certificateDer)
  const socket = {
    encrypted: true,
    remoteAddress: '127.0.0.1',
    authorized: true,
    getPeerCertificate: () => ({ raw, fingerprint256: 'x' }),
    isSessionReused: () => false,
  }
  const chain = authenticatorChain({ clientCertificate: clientCertificate({ ca: pki.caPem }) })
  return { chain, headers: rawHeaders(), socket: () => socket }
}

const CREDENTIALS = {
  'token of a file': fileToken,
  'JWT seen before': seenJwt,
  'client certificate': certificate,
}

export const revocationRows = Object.entries(CREDENTIALS).flatMap(([name, make]) => [
  operationRow(`revocation, 100,000 entries, ${name}`, { target: 0.3 }, subjects(['users', 'ids'], make)),
  ...(name === 'client certificate'
    ? []
    : [
        operationRow(
          `revocation, 100,000 entries with digests, ${name}`,
          { target: 0.3 },
          subjects(['users', 'ids', 'digests'], make),
        ),
      ]),
])
