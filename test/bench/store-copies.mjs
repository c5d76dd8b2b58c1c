// What the copies of a store cost that authenticators and RBAC read: memory, the first list, a look-up and a request, among few objects and many. One line of JSON for each
// case, in CPU time.
//
// usage: node --expose-gc store-copies.mjs [few many]
import { generateKeyPairSync } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { attributesOf } from '@kube-authn/core/authorization'
import { emptyContext, userInfo } from '@kube-authn/core'
import { cached } from '@kube-authn/core/remote'
import { serviceAccountToken } from '@kube-authn/core/service-account'
import { signingKeyFromPem, tokenIssuer } from '@kube-authn/issuer'
import { revocations, storedBootstrapTokens, storedRbac, storedServiceAccounts } from '@kube-authn/server'
import { memoryObjectStore } from '@kube-authn/store'
import { median } from './lib/measure.mjs'

const [, , few = 10, many = 100_000] = process.argv
const ROUNDS = 9
const CALLS = 100_000
const ISSUER = 'https://issuer.example.com'
const RBAC = 'rbac.authorization.k8s.io'

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const signingKey = await signingKeyFromPem(privateKey.export({ format: 'pem', type: 'pkcs8' }))

const sizes = []
for (const count of [Number(few), Number(many)]) sizes.push(await copied(count))
const nanoseconds = await inTurns(sizes)
for (const [index, { count, readyMs, bytes, changeMicroseconds }] of sizes.entries()) {
  const each = Object.entries(nanoseconds).map(([name, all]) => [name, all[index]])
  console.log(
    JSON.stringify({ count, readyMs, bytes, changeMicroseconds, nanoseconds: Object.fromEntries(each) }),
  )
}
process.exit(0)

/** A store with so many objects of each kind, its copies, and what they take. */
async function copied(count) {
  const store = memoryObjectStore()
  for (let index = 0; index < count; index++) {
    for (const [key, object] of objectsOf(index)) await store.create(key, JSON.stringify(object))
  }
  const readyMs = {}
  const bytes = {}
  const made = {}
  for (const [name, make] of Object.entries({
    serviceAccounts: storedServiceAccounts,
    bootstrapTokens: storedBootstrapTokens,
    rbac: storedRbac,
    revocations,
  })) {
    const before = memory()
    const begun = process.cpuUsage()
    made[name] = await make({ store })
    readyMs[name] = Math.round(cpuMicroseconds(begun) / 1000)
    bytes[name] = Math.round((memory() - before) / count)
  }
  const tokens = serviceAccountToken({
    issuers: [ISSUER],
    keys: [signingKey.verificationKey],
    objects: made.serviceAccounts,
  })
  const { issue } = tokenIssuer({ issuer: ISSUER, signingKey, objects: made.serviceAccounts })
  const { status } = await issue({ namespace: 'ns-0', name: 'sa-0' }, { spec: { audiences: [ISSUER] } })
  const unchecked = { ...made.serviceAccounts, watchObject: undefined }
  const withoutCheck = serviceAccountToken({
    issuers: [ISSUER],
    keys: [signingKey.verificationKey],
    objects: unchecked,
  })
  const changeMicroseconds = await changesOf(store, made.serviceAccounts, count)
  return {
    count,
    ...made,
    token: status.token,
    remembering: cached(tokens, { successTtlSeconds: 3600 }),
    rememberingOnly: cached(withoutCheck, { successTtlSeconds: 3600 }),
    readyMs,
    bytes,
    changeMicroseconds,
  }
}

/** How long the copies take for a change, with the store in memory. */
async function changesOf(store, { watchObject }, count) {
  const [key, object] = objectsOf(count)[0]
  let { revision } = await store.create(key, JSON.stringify(object))
  const { namespace, name } = object.metadata
  const begun = process.cpuUsage()
  const CHANGES = 2000
  for (let index = 0; index < CHANGES; index++) {
    const arrived = new Promise((resolve) => {
      const stop = watchObject({ kind: 'ServiceAccount', namespace, name }, () => resolve(stop()))
    })
    ;({ revision } = await store.update(key, JSON.stringify({ ...object, index }), revision))
    await arrived
  }
  return Math.round(cpuMicroseconds(begun) / CHANGES)
}

/** Of this process, so that others of the machine do not count. */
function cpuMicroseconds(begun) {
  const { user, system } = process.cpuUsage(begun)
  return user + system
}

async function inTurns(all) {
  const user = userInfo({ username: 'system:serviceaccount:ns-0:sa-0' })
  const asked = attributesOf(user, { verb: 'get', resource: 'pods', namespace: 'ns-0' })
  const credential = { user, issuedAtMs: undefined, expiresAtMs: undefined, tokenSha256: undefined }
  const work = {
    getServiceAccount: ({ serviceAccounts }, { namespace, account }) =>
      serviceAccounts.getServiceAccount(namespace, account),
    getSecret: ({ bootstrapTokens }, { secret }) => bootstrapTokens.getSecret(secret),
    authorize: ({ rbac }) => rbac.authorize(asked, emptyContext),
    isRevoked: ({ revocations: list }) => list.isRevoked(credential),
    rememberedToken: ({ remembering, token }) => remembering.authenticateToken(token, emptyContext),
    rememberedTokenUnchecked: ({ rememberingOnly, token }) =>
      rememberingOnly.authenticateToken(token, emptyContext),
  }
  const found = {}
  for (const [name, call] of Object.entries(work)) {
    await pause(50)
    for (const each of all) await call(each, namesOf(0))
    const times = all.map(() => [])
    for (let round = 0; round < ROUNDS; round++) {
      // The copies are compared with the store meanwhile, without which they would be unavailable.
      await pause(50)
      for (const [index, each] of all.entries()) {
        const names = Array.from({ length: 1000 }, (_, turn) => namesOf((turn * 7919) % each.count))
        const begun = process.cpuUsage()
        for (let turn = 0; turn < CALLS; turn++) call(each, names[turn % 1000])
        times[index].push((cpuMicroseconds(begun) * 1000) / CALLS)
      }
    }
    found[name] = times.map((each) => Math.round(median(each)))
  }
  return found
}

function namesOf(index) {
  return { namespace: `ns-${index % 1000}`, account: `sa-${index}`, secret: `bootstrap-token-${index}` }
}

/** One of each kind, as they are in a store. */
function objectsOf(index) {
  const { namespace, account, secret } = namesOf(index)
  const metadata = (name, within) => ({
    name,
    ...(within !== undefined && { namespace: within }),
    uid: crypto.randomUUID(),
    creationTimestamp: '2026-11-26T12:00:00Z',
  })
  return [
    [
      `/registry/serviceaccounts/${namespace}/${account}`,
      { kind: 'ServiceAccount', apiVersion: 'v1', metadata: metadata(account, namespace) },
    ],
    [
      `/registry/secrets/kube-system/${secret}`,
      {
        kind: 'Secret',
        apiVersion: 'v1',
        metadata: metadata(secret, 'kube-system'),
        type: 'bootstrap.kubernetes.io/token',
        data: { 'token-id': btoa(`${index}`), 'token-secret': btoa('0123456789abcdef') },
      },
    ],
    [
      `/registry/${RBAC}/rolebindings/${namespace}/${account}`,
      {
        kind: 'RoleBinding',
        apiVersion: `${RBAC}/v1`,
        metadata: metadata(account, namespace),
        roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'view' },
        subjects: [{ kind: 'ServiceAccount', namespace, name: account }],
      },
    ],
    [
      `/registry/authentication.kube-authn.dev/credentialrevocations/r-${index}`,
      {
        kind: 'CredentialRevocation',
        apiVersion: 'authentication.kube-authn.dev/v1',
        metadata: metadata(`r-${index}`),
        spec: { user: `user-${index}` },
      },
    ],
  ]
}

function memory() {
  globalThis.gc()
  return process.memoryUsage().heapUsed
}
