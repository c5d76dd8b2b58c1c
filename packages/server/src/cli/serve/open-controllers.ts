import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { messageOf } from '@kube-authn/core/internal'
import { runControllers } from '../../controllers/run-controllers.ts'
import type { ObjectStore } from '../../store/object-store.ts'
import type { Closers } from './closers.ts'
import { clusterSigner } from './cluster-signer.ts'
import type { OwnMaterial } from './material/own-material.ts'
import type { OpenApi } from './open-api.ts'
import { electionLine } from './election-line.ts'
import type { Log } from './server-log.ts'
import { rootCA } from './server-trust.ts'
import type { ServeSettings } from './settings.ts'

/** How clients reach the server. */
export interface ServerAddress {
  readonly server: string
  /** The CA of its certificate, in PEM. */
  readonly serverCA: string
}

/**
 * Runs the controllers of the flags.
 *
 * @throws {Failure} if a file cannot be used.
 */
export async function openControllers(
  settings: ServeSettings,
  store: ObjectStore,
  material: OwnMaterial,
  { keys, authorizer, observer: count }: OpenApi,
  address: ServerAddress,
  opened: Closers,
  log: Log,
): Promise<void> {
  const { controllers, createSecrets, signing, leaderElection } = settings
  const running = runControllers({
    store,
    controllers,
    ...(keys.secretsKey !== undefined && { signingKey: keys.secretsKey }),
    signingAuthority: await clusterSigner(signing, material.authority),
    signingDurationSeconds: Math.ceil(signing.durationSeconds),
    authorizer,
    rootCA: rootCA(settings, material),
    createSecrets: createSecrets && keys.secretsKey !== undefined,
    recordsTokenUse: true,
    clusterInfoKubeconfig: clusterInfo(address),
    ...(leaderElection !== undefined && {
      leaderElection: { ...leaderElection, identity: `${hostname()}_${randomUUID()}` },
    }),
    observer(event) {
      count(event)
      if (event.type === 'leaderElection') log(electionLine(event))
    },
    onError: (error, { controller = 'controllers', object = '' }) => {
      const name = object === '' ? controller : `${controller}: ${object}`
      log({ level: 'error', message: `${name}: ${messageOf(error, 'failed')}` })
    },
  })
  opened.add(() => running.close())
}

/** A kubeconfig without credentials, as `kubeadm join` reads it. Source: kubeadm `phases/bootstraptoken/clusterinfo`. */
function clusterInfo({ server, serverCA }: ServerAddress): string {
  const cluster = { server, 'certificate-authority-data': Buffer.from(serverCA).toString('base64') }
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: '', cluster }],
    contexts: [],
    users: [],
    'current-context': '',
  })
}
