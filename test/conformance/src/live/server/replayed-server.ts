import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { metrics } from '@kube-authn/metrics'
import { verificationKeysFromPem } from '@kube-authn/core/service-account'
import { issuerDiscovery, signingKeyFromPem, tokenIssuer } from '@kube-authn/issuer'
import { authenticatorFromFlags, authorizerFromFlags } from '@kube-authn/node/flags'
import {
  credentialObjects,
  revocations,
  runControllers,
  storedBootstrapTokens,
  storedRbac,
  storedServiceAccounts,
  writeBootstrapPolicy,
} from '@kube-authn/server'
import { memoryObjectStore } from '@kube-authn/store'
import { apiServer } from '@kube-authn/server/node'

const ISSUER = 'https://kubernetes.default.svc.cluster.local'

/** A server as `kube-authn serve` starts one, in this process. */
export interface ReplayedServer {
  readonly port: number
  /** Settles when controllers and informers have nothing left to do. */
  quiet(): Promise<void>
  close(): Promise<void>
}

/**
 * Starts a server with the keys and users of a set-up, in memory, with plain HTTP.
 *
 * @param setup the folder with `tokens.csv`, `ca.crt`, `ca.key`, `sa.key` and `sa.pub`.
 */
export async function replayedServer(setup: string): Promise<ReplayedServer> {
  const file = (name: string): string => join(setup, name)
  const text = (name: string): string => readFileSync(file(name), 'utf8')
  const store = memoryObjectStore()
  await writeBootstrapPolicy({ store })
  const [rbac, revoked, serviceAccounts, bootstrapTokens] = await Promise.all([
    storedRbac({ store }),
    revocations({ store }),
    storedServiceAccounts({ store }),
    storedBootstrapTokens({ store }),
  ])
  const signingKey = await signingKeyFromPem(text('sa.key'))
  const keys = await verificationKeysFromPem(text('sa.pub'))
  const authenticator = await authenticatorFromFlags(
    [
      '--anonymous-auth=true',
      '--authorization-mode=RBAC',
      `--token-auth-file=${file('tokens.csv')}`,
      `--service-account-issuer=${ISSUER}`,
      `--service-account-key-file=${file('sa.pub')}`,
    ],
    { serviceAccountObjects: serviceAccounts, bootstrapTokens, revocations: revoked, log: false },
  )
  const authorizer = await authorizerFromFlags(['--authorization-mode=RBAC'], { rbac })
  const { audiences } = authenticator
  const server = createServer({ maxHeaderSize: 1024 * 1024 })
  server.maxHeadersCount = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const api = await apiServer({
    store,
    authenticator,
    authorizer,
    rbac,
    revocations: revoked,
    serviceAccounts,
    bootstrapTokens,
    tokens: authenticator.tokens,
    tokenIssuer: tokenIssuer({
      signingKey,
      issuer: ISSUER,
      objects: credentialObjects(store).serviceAccounts,
      ...(audiences !== undefined && { audiences }),
    }),
    issuerDiscovery: issuerDiscovery({ issuer: ISSUER, keys, externalAddress: `127.0.0.1:${port}` }),
    metrics: metrics(),
    log: false,
    maxRequestsInFlight: 0,
    maxMutatingRequestsInFlight: 0,
  })
  server.on('request', api.listener)
  const controllers = runControllers({
    store,
    controllers: ['*', '-root-ca-certificate-publisher-controller'],
    signingKey,
    signingAuthority: () => ({ certificate: text('ca.crt'), privateKey: text('ca.key') }),
    authorizer,
    rootCA: text('ca.crt'),
    recordsTokenUse: true,
  })
  const quiet = async (): Promise<void> => {
    for (let round = 0; round < ROUNDS; round++) {
      for (let turn = 0; turn < TURNS; turn++) await new Promise(setImmediate)
      await controllers.synced()
    }
  }
  await quiet()
  return {
    port,
    quiet,
    async close() {
      await api.close()
      await controllers.close()
      server.closeAllConnections()
      server.close()
      for (const each of [rbac, revoked, serviceAccounts, bootstrapTokens]) await each.close()
      authorizer.close()
      authenticator.close()
    },
  }
}

/** A change reaches its controllers after some turns of the event loop, and what they write is one more change. */
const TURNS = 20
const ROUNDS = 5
